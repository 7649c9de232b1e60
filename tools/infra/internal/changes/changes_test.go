package changes

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// change is one entry of a plan as Terraform writes it.
func change(address string, actions []string, before, after map[string]any, more ...any) map[string]any {
	kind := address[strings.LastIndex(address[:strings.LastIndex(address, ".")], ".")+1 : strings.LastIndex(address, ".")]
	inner := map[string]any{"actions": actions, "before": before, "after": after, "after_unknown": map[string]any{}}
	for i := 0; i < len(more); i += 2 {
		inner[more[i].(string)] = more[i+1]
	}
	return map[string]any{"address": address, "mode": "managed", "type": kind, "name": "this", "change": inner}
}

func read(t *testing.T, all ...map[string]any) *Changes {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"format_version":   "1.2",
		"variables":        map[string]any{"admin_role_arn": map[string]any{"value": "arn:aws:iam::1:role/admin"}},
		"resource_changes": all,
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func text(c *Changes) string {
	var text strings.Builder
	c.Print(&text, "dev")
	return text.String()
}

var (
	creates  = []string{"create"}
	deletes  = []string{"delete"}
	updates  = []string{"update"}
	replaces = []string{"delete", "create"}
)

func TestThePlanIsToldTheWorstFirst(t *testing.T) {
	said := text(read(t,
		change("module.vpc.aws_subnet.a", creates, nil, map[string]any{}),
		change("module.vpc.aws_subnet.b", creates, nil, map[string]any{}),
		change("module.vpc.aws_vpc.this", []string{"no-op"}, nil, nil),
		change("module.alb.aws_lb.this", updates, map[string]any{"idle_timeout": 60, "name": "x"},
			map[string]any{"idle_timeout": 30, "name": "x"}, "after_unknown", map[string]any{"dns_name": true}),
		change("module.rds.aws_db_instance.this", replaces, map[string]any{}, map[string]any{},
			"replace_paths", [][]any{{"storage_encrypted"}, {"block", 0, "size"}}),
		change("module.old.aws_sqs_queue.this", deletes, map[string]any{}, nil),
	))
	wanted := []string{
		"dev: 1 to destroy, 1 to replace, 1 to change, 2 to create\n",
		"WHAT NO CODE MAKES AGAIN:\n  module.rds.aws_db_instance.this (replace): lost is the database\n",
		"destroy:\n  module.old.aws_sqs_queue.this\n",
		"replace:\n  module.rds.aws_db_instance.this, because of storage_encrypted, block.0.size\n",
		"change:\n  module.alb.aws_lb.this: dns_name, idle_timeout\n",
		"create:\n    2 aws_subnet\n",
	}
	rest := said
	for _, each := range wanted {
		_, after, found := strings.Cut(rest, each)
		if !found {
			t.Fatalf("no %q in this place of:\n%s", each, said)
		}
		rest = after
	}
}

func TestNoValueIsShown(t *testing.T) {
	said := text(read(t, change("module.x.aws_secretsmanager_secret_version.this", updates,
		map[string]any{"secret_string": "old-secret"}, map[string]any{"secret_string": "new-secret"})))
	if strings.Contains(said, "old-secret") || strings.Contains(said, "new-secret") || !strings.Contains(said, "secret_string") {
		t.Errorf("want the attribute and not its value:\n%s", said)
	}
}

func TestEveryTypeThatHoldsDataIsCalledOut(t *testing.T) {
	for _, kind := range []string{"aws_db_instance", "aws_s3_bucket", "aws_kms_key", "aws_secretsmanager_secret"} {
		for _, actions := range [][]string{deletes, replaces, {"create", "delete"}} {
			if lost := read(t, change("module.m."+kind+".this", actions, nil, nil)).Losses(); len(lost) != 1 {
				t.Errorf("%s, %v: lost is %q", kind, actions, lost)
			}
		}
		for _, actions := range [][]string{creates, updates, {"no-op"}} {
			if lost := read(t, change("module.m."+kind+".this", actions, nil, nil)).Losses(); len(lost) != 0 {
				t.Errorf("%s, %v: lost is %q", kind, actions, lost)
			}
		}
	}
}

func TestProtectionsAreThoseOfTheState(t *testing.T) {
	plan := read(t,
		change("module.rds.aws_db_instance.this", deletes, map[string]any{"deletion_protection": true}, nil),
		change("module.alb.aws_lb.this", deletes, map[string]any{"enable_deletion_protection": true}, nil),
		change("module.dev.aws_lb.this", deletes, map[string]any{"enable_deletion_protection": false}, nil),
		change(`module.s3.aws_s3_bucket.a`, deletes, map[string]any{"force_destroy": false, "bucket": "data"}, nil),
		change(`module.s3.aws_s3_bucket.b`, deletes, map[string]any{"force_destroy": true, "bucket": "feat"}, nil),
		// Not destroyed, so not in the way.
		change("module.keep.aws_db_instance.this", updates, map[string]any{"deletion_protection": true}, nil),
	)
	if got := fmt.Sprint(plan.Guards()); got != "[{module.rds.aws_db_instance.this deletion_protection = true} "+
		"{module.alb.aws_lb.this enable_deletion_protection = true}]" {
		t.Errorf("guards: %s", got)
	}
	if got := fmt.Sprint(plan.GuardedBuckets()); got != "[{module.s3.aws_s3_bucket.a data}]" {
		t.Errorf("buckets: %s", got)
	}
	if plan.Destroys() != 5 {
		t.Errorf("%d are destroyed", plan.Destroys())
	}
	if plan.Variable("admin_role_arn") != "arn:aws:iam::1:role/admin" || plan.Variable("none") != "" {
		t.Error("the variables of the plan are not read")
	}
}

func TestWhatIsNoPlanIsRefused(t *testing.T) {
	for _, data := range []string{"", "{}", "no plan"} {
		if _, err := Read([]byte(data)); err == nil {
			t.Errorf("%q is read", data)
		}
	}
}
