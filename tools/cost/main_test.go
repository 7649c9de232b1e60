package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommandPricesAPlanFromStdin(t *testing.T) {
	plan, err := os.ReadFile("estimate/testdata/dev.json")
	if err != nil {
		t.Fatal(err)
	}
	assumptions := filepath.Join("..", "..", "terraform", "envs", "dev", "cost.yaml")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-assumptions", assumptions, "dev"}, bytes.NewReader(plan), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if !strings.Contains(stdout.String(), "\ndev: ") {
		t.Errorf("no sum:\n%s", &stdout)
	}
}

func TestExitCodes(t *testing.T) {
	assumptions := filepath.Join("..", "..", "terraform", "envs", "dev", "cost.yaml")
	for _, test := range []struct {
		args  []string
		stdin string
		code  int
		says  string
	}{
		{[]string{}, "", 2, "usage"},
		{[]string{"dev", "prod"}, "", 2, "usage"},
		{[]string{"-nonsense", "dev"}, "", 2, "nonsense"},
		{[]string{"-help"}, "", 0, "usage"},
		{[]string{"-assumptions", "nowhere.yaml", "dev"}, "", 1, "no assumptions for dev"},
		{[]string{"-assumptions", assumptions, "dev"}, "no plan", 1, "terraform show -json"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(test.args, strings.NewReader(test.stdin), &stdout, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%q: exit code %d, stderr %q; want %d and %q", test.args, code, &stderr, test.code, test.says)
		}
		if stdout.Len() > 0 {
			t.Errorf("%q: writes to stdout: %s", test.args, &stdout)
		}
	}
}
