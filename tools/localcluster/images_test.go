package main

import (
	"bytes"
	"context"
	"os"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/image"
)

// loadsOnce loads the image of hello again, and then another one of the same name.
func (c *cluster) loadsOnce() {
	c.Helper()
	first := c.helloArchive()
	file, err := os.Open(first)
	if err != nil {
		c.Fatal(err)
	}
	defer file.Close()
	images, err := image.In(file)
	if err != nil || len(images) != 1 {
		c.Fatal(images, err)
	}
	id := images[0].ID
	if got, want := c.print("load", first), "present\t"+id+"\tlocalhost/hello:test\n"; got != want {
		c.Errorf("load says %q, not %q", got, want)
	}
	if list := c.print("images"); !strings.Contains(list, "localhost/hello:test\t"+id+"\t") {
		c.Errorf("images says %q", list)
	}

	program := c.TempDir() + "/hello"
	if err := os.WriteFile(program, []byte("another"), 0o755); err != nil {
		c.Fatal(err)
	}
	var archive bytes.Buffer
	if err := image.FromBinary(&archive, "localhost/hello:test", program); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(program+".tar", archive.Bytes(), 0o600); err != nil {
		c.Fatal(err)
	}
	if got := c.print("load", program+".tar", first); strings.Count(got, "loaded\t") != 2 {
		c.Errorf("load of another image of that name, and of the first again, says %q", got)
	}
	if list := c.print("images"); !strings.Contains(list, "localhost/hello:test\t"+id+"\t") {
		c.Errorf("images says %q", list)
	}
}

// print runs localcluster and returns what it says to programs.
func (c *cluster) print(args ...string) string {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	out, err := c.command(ctx, args...).Output()
	if err != nil {
		c.Fatalf("localcluster %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
