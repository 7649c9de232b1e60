package changes

import "fmt"

// Guard is a protection that would stop a destroy half-way.
type Guard struct {
	// Address is the resource, Setting the line of code that protects it.
	Address, Setting string
}

// Bucket is a bucket that a destroy deletes, and that is deleted only when it is empty.
type Bucket struct{ Address, Name string }

// Guards lists the protections of what a plan destroys, as they are in the state, not in the code: code that lifts one
// counts once it is applied.
func (c *Changes) Guards() []Guard {
	var guards []Guard
	for _, each := range c.byKind[destroyed] {
		before, _ := each.Change.Before.(map[string]any)
		setting := map[string]string{
			"aws_db_instance": "deletion_protection",
			"aws_lb":          "enable_deletion_protection",
		}[each.Type]
		if on, _ := before[setting].(bool); setting != "" && on {
			guards = append(guards, Guard{each.Address, fmt.Sprintf("%s = true", setting)})
		}
	}
	return guards
}

// GuardedBuckets lists the buckets of a destroy that are not emptied by Terraform.
func (c *Changes) GuardedBuckets() []Bucket {
	var buckets []Bucket
	for _, each := range c.byKind[destroyed] {
		before, _ := each.Change.Before.(map[string]any)
		if emptied, _ := before["force_destroy"].(bool); each.Type == "aws_s3_bucket" && !emptied {
			buckets = append(buckets, Bucket{each.Address, fmt.Sprint(before["bucket"])})
		}
	}
	return buckets
}
