package iam

import (
	"slices"
	"strings"
)

const (
	managedPrefix = "arn:aws:iam::aws:policy/"
	administrator = managedPrefix + "AdministratorAccess"
	readOnly      = managedPrefix + "ReadOnlyAccess"
)

// mutating are verbs that no action of ReadOnlyAccess begins with.
var mutating = []string{
	"Abort", "Add", "Assume", "Attach", "Authorize", "Create", "Decrypt", "Delete", "Deregister", "Detach", "Disable",
	"Enable", "Encrypt", "GenerateDataKey", "Modify", "Pass", "Publish", "Put", "Reboot", "Register", "Remove", "Revoke",
	"Run", "Send", "Set", "Tag", "Terminate", "Untag", "Update", "Upload",
}

// managed adds what AWS managed policies say, as far as that is known.
func (a *Account) managed(v *verdict, role *Role, r Request) error {
	for _, arn := range role.Managed {
		document, given := a.Managed[arn]
		_, name, _ := strings.Cut(r.Action, ":")
		switch {
		case given:
			if err := a.judge(v, document, arn, "", r); err != nil {
				return err
			}
		case arn == administrator:
			v.allowed = arn
		case arn == readOnly && v.allowed != "":
		case arn == readOnly && slices.ContainsFunc(mutating, func(verb string) bool { return hasVerb(name, verb) }):
		default:
			return unsupported("%s by %s: what the managed policy %s says is not known", r.Action, role.Name, arn)
		}
	}
	return nil
}

// hasVerb says whether an action begins with a verb: Set is the verb of SetAlarmState, not of Settle.
func hasVerb(action, verb string) bool {
	rest, found := strings.CutPrefix(action, verb)
	return found && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z')
}
