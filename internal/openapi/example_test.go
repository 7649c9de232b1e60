package openapi

import (
	"strings"
	"testing"
)

func TestTheExampleIsTheOneOfThePath(t *testing.T) {
	body, err := Example([]byte(`{"paths": {"/invocations": {"post": {"requestBody": {"content":
		{"application/json": {"example": {"inputs": [[1]]}}}}}}}}`), "/invocations")
	if err != nil || string(body) != `{"inputs": [[1]]}` {
		t.Errorf("Example = %s, %v", body, err)
	}
}

func TestADocumentWithoutAnExampleSaysForWhichPath(t *testing.T) {
	for _, document := range []string{`{"paths": {}}`, `{"paths": {"/other": {"post": {}}}}`} {
		if _, err := Example([]byte(document), "/invocations"); err == nil || !strings.Contains(err.Error(), "/invocations") {
			t.Errorf("%s: %v; want an error with the path", document, err)
		}
	}
	if _, err := Example([]byte(`not ready`), "/invocations"); err == nil {
		t.Error("what is no document is taken for one")
	}
}
