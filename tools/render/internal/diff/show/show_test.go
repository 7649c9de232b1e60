package show

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
)

// random makes a report of any size.
func random(rng *rand.Rand) *diff.Report {
	r := &diff.Report{Base: diff.Revision{Name: "main", Commit: strings.Repeat("a", 40)}}
	for i := range 1 + rng.IntN(4) {
		c := &diff.Cluster{Name: fmt.Sprint("cluster", i), File: "root.yaml"}
		for j := range rng.IntN(1 << rng.IntN(7)) {
			a := &diff.App{Name: fmt.Sprint("app", j), Start: "by itself"}
			for k := range rng.IntN(1 << rng.IntN(7)) {
				o := &diff.Object{Change: diff.Added, Kind: "ConfigMap", APIVersion: "v1", Name: fmt.Sprint("object-", k)}
				text := strings.Repeat("é```<b>\n", rng.IntN(1<<rng.IntN(10)))
				o.Fields = []diff.Field{{Change: fields.Change{Path: "data.a", Op: fields.Added, To: text}}}
				a.Objects = append(a.Objects, o)
			}
			c.Apps = append(c.Apps, a)
		}
		r.Clusters = append(r.Clusters, c)
	}
	return r
}

// TestACommentNeverExceedsItsLimit and always closes what it opens.
func TestACommentNeverExceedsItsLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := random(rand.New(rand.NewPCG(seed, 0)))
		var b bytes.Buffer
		if err := (markdown{limit: commentLimit}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if b.Len() > commentLimit {
			t.Fatalf("seed %d: %d bytes", seed, b.Len())
		}
		if strings.Count(text, "<details>") != strings.Count(text, "</details>") || !strings.HasPrefix(text, Mark+"\n") {
			t.Fatalf("seed %d: not well formed", seed)
		}
		apps, objects := 0, 0
		for _, c := range r.Clusters {
			apps += len(c.Apps)
			for _, a := range c.Apps {
				objects += len(a.Objects)
			}
		}
		shown := strings.Count(text, "<details>")
		if complete := shown == apps && strings.Count(text, "@@ + v1 ConfigMap") == objects; complete == strings.Contains(text, "_Left out") {
			t.Fatalf("seed %d: complete %v, and left out %v", seed, complete, !complete)
		}
	}
}

func TestValuesAreShownAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"text": "text", `"true"`: "true", "true": true, `"1"`: "1", "1": int64(1), `""`: "", `"null"`: "null",
		fields.HiddenText: fields.Hidden{Nr: 1},
	} {
		if got := block('+', v); len(got) != 1 || got[0].text != want {
			t.Errorf("%#v is shown as %v, want %s", v, got, want)
		}
	}
}

func TestWhatSteersATerminalIsTakenOut(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := &diff.Report{Clusters: []*diff.Cluster{{Name: "c", Apps: []*diff.App{{Name: "a\x1b[2J", Objects: []*diff.Object{{
		Change: diff.Changed, Kind: "ConfigMap", APIVersion: "v1", Name: "n\u202e",
		Fields: []diff.Field{{Change: fields.Change{Path: "data[\x1b]", Op: fields.Changed, From: "a\x1b[31m", To: "b\r"}}},
		Notes:  []string{"\x1b]0;title\a"},
	}}}}, Problems: []diff.Problem{{Side: "tree", Message: "\x1b[2J"}}}}}
	for _, format := range []string{"text", "markdown"} {
		b.Reset()
		if err := New(format, false).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexAny(b.String(), "\x1b\a\r\u202e"); i >= 0 {
			t.Errorf("%s: %q", format, b.String()[i:])
		}
	}
}

func TestLongTextsAreCutAndSaySo(t *testing.T) {
	t.Parallel()
	got := block('+', strings.Repeat("x", 400))
	if diff := cmp.Diff(strings.Repeat("x", 300)+"… (400 characters)", got[0].text); diff != "" {
		t.Error(diff)
	}
	many := textLines("", strings.Repeat("x\n", 100))
	if last := many[len(many)-1].text; last != "… and 40 more lines" {
		t.Errorf("%q", last)
	}
}
