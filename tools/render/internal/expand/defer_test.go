package expand

import "testing"

// TestOnlyWhatCannotMakeAnApplicationIsLeftOut is about files of Applications that
// are the same on both sides: one that may make an Application has to be rendered,
// for that one's own files may differ.
func TestOnlyWhatCannotMakeAnApplicationIsLeftOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"kind: Deployment\nmetadata: {name: Application}\n":                                    false,
		"kind: CustomResourceDefinition\nspec:\n  names:\n    kind: Application\n":             false,
		"kind: ConfigMap\ndata:\n  health.argoproj.io_Application: |\n    kind: Application\n": false,
		"# an Application\nresources: []\n":                                                    false,
		"kind: Application\n":                                                                  true,
		"kind: \"Application\" # x\n":                                                          true,
		"kind: ApplicationSet\r\n":                                                             true,
		"kind: ConfigMap\n---\nmetadata: {}\nkind: Application\n":                              true,
		"kind: List\nitems:\n- kind: Application\n":                                            true,
		"{\"kind\": \"Application\"}\n":                                                        true,
		"kind : Application\n":                                                                 true,
		"- op: replace\n  path: /kind\n  value: Application\n":                                 true,
		"kind: Deployment\nkind: Application\n":                                                true,
		"kind: Deployment\n--- # next\nkind: Application\n":                                    true,
	} {
		if got := mayMake([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
