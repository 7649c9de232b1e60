package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind says where a policy is attached, which decides the elements that it must and must not have
// (User Guide, "Policies and permissions in AWS Identity and Access Management").
type Kind int

const (
	// IdentityBased policies belong to a role: they name resources and no principal.
	IdentityBased Kind = iota
	// ResourceBased policies belong to a bucket, a key, a queue or the like: they name principals and resources.
	ResourceBased
	// Trust policies are the resource-based policies of roles: the resource is the role itself.
	Trust
)

// Document is a policy that was understood whole. What this package does not know is refused by Parse.
type Document struct {
	// Version is 2012-10-17, with policy variables, or 2008-10-17, without.
	Version    string
	Statements []Statement
}

// Statement is one statement of a policy.
type Statement struct {
	Sid  string
	Deny bool
	// Actions are those of Action, or of NotAction if AllActionsBut.
	Actions       []string
	AllActionsBut bool
	// Resources are those of Resource, or of NotResource if AllResourcesBut. A trust policy has none.
	Resources       []string
	AllResourcesBut bool
	// Principals by their type: AWS, Service or Federated. "*" alone is written as AWS: ["*"].
	Principals map[string][]string
	// Conditions must all hold.
	Conditions []Condition
}

const (
	current = "2012-10-17"
	earlier = "2008-10-17"
)

// Parse reads a policy. It reports everything that it does not know or that AWS would refuse, all of it together, each
// with a JSON pointer.
func Parse(kind Kind, text string) (Document, error) {
	p := parser{kind: kind}
	document := p.document(text)
	return document, errors.Join(p.faults...)
}

type parser struct {
	kind   Kind
	faults []error
}

func (p *parser) fault(at, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (p *parser) document(text string) Document {
	if err := unique(text); err != nil {
		p.fault("/", "%v", err)
		return Document{}
	}
	elements := p.object("/", json.RawMessage(text), "Version", "Id", "Statement")
	document := Document{Version: earlier}
	if raw, ok := elements["Version"]; ok {
		document.Version = p.text("/Version", raw)
	}
	if document.Version != current && document.Version != earlier {
		p.fault("/Version", "want %s or %s, got %q", current, earlier, document.Version)
	}
	statements := p.list("/Statement", elements["Statement"])
	for i, raw := range statements {
		document.Statements = append(document.Statements, p.statement(fmt.Sprintf("/Statement/%d", i), raw))
	}
	return document
}

func (p *parser) statement(at string, raw json.RawMessage) Statement {
	elements := p.object(at, raw,
		"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	var s Statement
	if raw, ok := elements["Sid"]; ok {
		s.Sid = p.text(at+"/Sid", raw)
	}
	switch effect := p.text(at+"/Effect", elements["Effect"]); effect {
	case "Allow":
	case "Deny":
		s.Deny = true
	default:
		p.fault(at+"/Effect", "want Allow or Deny, got %q", effect)
	}

	s.Actions, s.AllActionsBut = p.oneOf(at, elements, "Action", "NotAction")
	for _, action := range s.Actions {
		service, name, found := strings.Cut(action, ":")
		if action != "*" && (!found || name == "" || service == "" || strings.ContainsAny(service, "*?$")) {
			p.fault(at+"/Action", "want SERVICE:ACTION or *, got %q", action)
		}
		if strings.Contains(action, "$") {
			p.fault(at+"/Action", "policy variables stand in resources and conditions only: %q", action)
		}
	}

	_, some := elements["Resource"]
	_, but := elements["NotResource"]
	if p.kind == Trust && (some || but) {
		p.fault(at+"/Resource", "the resource of a trust policy is its role")
	} else if p.kind != Trust {
		s.Resources, s.AllResourcesBut = p.oneOf(at, elements, "Resource", "NotResource")
	}

	principal, named := elements["Principal"]
	switch {
	case p.kind == IdentityBased && named:
		p.fault(at+"/Principal", "the principal of an identity-based policy is its role")
	case p.kind != IdentityBased && !named:
		p.fault(at+"/Principal", "is missing")
	case named:
		s.Principals = p.principals(at+"/Principal", principal)
	}
	if raw, ok := elements["Condition"]; ok {
		s.Conditions = p.conditions(at+"/Condition", raw)
	}
	return s
}

// oneOf reads an element or its negated form, of which a statement has exactly one.
func (p *parser) oneOf(at string, elements map[string]json.RawMessage, name, negated string) ([]string, bool) {
	raw, ok := elements[name]
	other, but := elements[negated]
	switch {
	case ok == but:
		p.fault(at, "want exactly one of %s and %s", name, negated)
		return nil, false
	case but:
		return p.texts(at+"/"+negated, other), true
	default:
		return p.texts(at+"/"+name, raw), false
	}
}

func (p *parser) principals(at string, raw json.RawMessage) map[string][]string {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) {
		if text := p.text(at, raw); text != "*" {
			p.fault(at, "want \"*\" or an object, got %q", text)
		}
		return map[string][]string{"AWS": {"*"}}
	}
	principals := map[string][]string{}
	for kind, raw := range p.object(at, raw, "AWS", "Service", "Federated") {
		principals[kind] = p.texts(at+"/"+kind, raw)
		for _, id := range principals[kind] {
			// "You cannot use a wildcard to match part of a principal name or ARN" (Principal).
			if strings.ContainsAny(id, "*?$") && (id != "*" || kind != "AWS") {
				p.fault(at+"/"+kind, "a principal is written out, or * for AWS: %q", id)
			}
		}
	}
	if len(principals) == 0 {
		p.fault(at, "names nobody")
	}
	return principals
}

func (p *parser) conditions(at string, raw json.RawMessage) []Condition {
	var conditions []Condition
	for name, raw := range p.object(at, raw) {
		operator, err := parseOperator(name)
		if err != nil {
			p.fault(at, "%v", err)
			continue
		}
		for key, raw := range p.object(at+"/"+name, raw) {
			condition := Condition{Operator: operator, Key: strings.ToLower(key)}
			for _, raw := range p.list(at+"/"+name+"/"+key, raw) {
				condition.Values = append(condition.Values, p.scalar(at+"/"+name+"/"+key, raw))
			}
			conditions = append(conditions, condition)
		}
	}
	// JSON objects have no order; messages should.
	slices.SortFunc(conditions, func(a, b Condition) int {
		return strings.Compare(a.Operator.Name+"\x00"+a.Key, b.Operator.Name+"\x00"+b.Key)
	})
	return conditions
}

// object reads a JSON object and, if names are given, refuses all others. The names are case sensitive here; AWS
// writes them so.
func (p *parser) object(at string, raw json.RawMessage, names ...string) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		p.fault(at, "want an object")
		return nil
	}
	for name := range object {
		if len(names) > 0 && !slices.Contains(names, name) {
			p.fault(at, "%q is not understood", name)
		}
	}
	return object
}

// list reads an array of one value or more, or the value alone that IAM takes in its place.
func (p *parser) list(at string, raw json.RawMessage) []json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		p.fault(at, "is missing")
		return nil
	}
	if raw[0] != '[' {
		return []json.RawMessage{raw}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		p.fault(at, "want one value or more")
	}
	return list
}

func (p *parser) texts(at string, raw json.RawMessage) []string {
	var texts []string
	for _, raw := range p.list(at, raw) {
		texts = append(texts, p.text(at, raw))
	}
	return texts
}

func (p *parser) text(at string, raw json.RawMessage) string {
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil || *text == "" {
		p.fault(at, "want a string that is not empty")
		return ""
	}
	return *text
}

// scalar reads a value of a condition: a string, or a number or boolean as it would be written in one.
func (p *parser) scalar(at string, raw json.RawMessage) string {
	var text *string
	if err := json.Unmarshal(raw, &text); err == nil && text != nil {
		return *text
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || bytes.ContainsAny(raw[:1], "[{n") {
		p.fault(at, "want a string, a number or a boolean")
	}
	return string(raw)
}

// unique refuses what is not one JSON value, and an object with a name twice: which of the two counts is not said.
func unique(text string) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := uniqueValue(decoder); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the policy")
	}
	return nil
}

func uniqueValue(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	delimiter, composed := token.(json.Delim)
	if !composed {
		return nil
	}
	seen := map[string]bool{}
	for decoder.More() {
		if delimiter == '{' {
			name, err := decoder.Token()
			if err != nil {
				return fmt.Errorf("not JSON: %w", err)
			}
			text, _ := name.(string)
			if seen[text] {
				return fmt.Errorf("%q is there twice", text)
			}
			seen[text] = true
		}
		if err := uniqueValue(decoder); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}
