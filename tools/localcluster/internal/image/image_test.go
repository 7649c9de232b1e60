package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestTheSameProgramGivesTheSameBytesAndTag(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	var archives [2]bytes.Buffer
	var tags [2]string
	for n := range archives {
		if err := os.WriteFile(file, []byte("content"), 0o755); err != nil { // a new time of change
			t.Fatal(err)
		}
		if err := FromBinary(&archives[n], "localhost/program:1", file); err != nil {
			t.Fatal(err)
		}
		var err error
		if tags[n], err = Tag(file); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0].Bytes(), archives[1].Bytes()) || tags[0] != tags[1] {
		t.Error("they differ")
	}
	if err := os.WriteFile(file, []byte("other content"), 0o755); err != nil {
		t.Fatal(err)
	}
	if other, err := Tag(file); err != nil || other == tags[0] {
		t.Errorf("another program has the tag %q (%v)", other, err)
	}
}
