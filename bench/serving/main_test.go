package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAWrongWordOnTheCommandLineIsNamedWithWhatThereIs(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		want      []string
	}{
		{[]string{"-only", "S1,S99"}, []string{`no such scenario: "S99"`, "S1 ", "S10"}},
		{[]string{"-contenders", "flask"}, []string{`no such contender: "flask"`, "inference-api", "mlflow"}},
		{[]string{"quick"}, []string{`what is "quick"?`}},
		{[]string{"-fast"}, []string{"-fast"}},
	} {
		_, err := parse(test.arguments, io.Discard)
		if !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", test.arguments, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v does not say %q", test.arguments, err, want)
			}
		}
	}
}

func TestScenariosAndContendersCanBePicked(t *testing.T) {
	got, err := parse([]string{"-quick", "-only", "S1,S5", "-contenders", "floor"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !got.quick || len(got.only) != 2 || got.only[1] != "S5" || len(got.contenders) != 1 {
		t.Errorf("%+v", got)
	}
}
