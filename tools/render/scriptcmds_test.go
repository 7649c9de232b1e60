package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

// jsonValue wants a file to be one JSON value, and the value at a dotted path to
// be written so: json stdout clusters.0.findings.0.rule schema-invalid. A path
// that ends in length is that of a list.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: json FILE [PATH VALUE]")
	}
	v := decodeJSON(ts, args[0])
	if len(args) == 1 {
		return
	}
	for _, step := range strings.Split(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			if step == "length" {
				v = len(at)
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				ts.Fatalf("%s: no item %s in a list of %d", args[1], step, len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%s: nothing at %s", args[1], step)
		}
	}
	if got := fmt.Sprint(v); got != args[2] {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}

func decodeJSON(ts *testscript.TestScript, file string) any {
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	dec.UseNumber()
	var v any
	ts.Check(dec.Decode(&v))
	if _, err := dec.Token(); err != io.EOF {
		ts.Fatalf("%s holds more than one JSON value", file)
	}
	return v
}

// jsonFields prints every field of a JSON file with its type, sorted.
func jsonFields(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: jsonfields FILE")
	}
	fields := map[string]bool{}
	var visit func(string, any)
	visit = func(p string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, c := range v {
				visit(p+"."+k, c)
			}
		case []any:
			for _, c := range v {
				visit(p+"[]", c)
			}
		default:
			fields[fmt.Sprintf("%s %s", strings.TrimPrefix(p, "."), jsonType(v))] = true
		}
	}
	visit("", decodeJSON(ts, args[0]))
	fmt.Fprint(ts.Stdout(), lines(fields))
}

func jsonType(v any) string {
	switch v.(type) {
	case json.Number:
		return "number"
	case string:
		return "string"
	}
	return fmt.Sprintf("%T", v)
}

func lines(set map[string]bool) string {
	var out []string
	for l := range set {
		out = append(out, l+"\n")
	}
	sort.Strings(out)
	return strings.Join(out, "")
}

// snapshot prints the files below a folder with a hash of each, so that two
// folders, or one folder at two times, can be compared.
func snapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot FOLDER")
	}
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		fmt.Fprintf(ts.Stdout(), "%x  %s\n", sha256.Sum256(data), filepath.ToSlash(rel))
		return err
	}))
}

// fill writes a file of one unit repeated, between two texts. The texts are
// written as in Go: fill big.yaml 'a: ' x 10000000 '\n'.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: fill FILE BEFORE UNIT COUNT AFTER")
	}
	text := func(s string) string {
		t, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
		ts.Check(err)
		return t
	}
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	write(ts, args[0], []byte(text(args[1])+strings.Repeat(text(args[2]), n)+text(args[4])))
}

// shorter wants a file of fewer characters: shorter stdout 65536.
func shorter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorter FILE CHARACTERS")
	}
	limit, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n := utf8.RuneCountInString(ts.ReadFile(args[0])); n >= limit {
		ts.Fatalf("%s has %d characters, want fewer than %d", args[0], n, limit)
	}
}

// replaceText changes a text that a file has exactly once: replace FILE OLD NEW. The
// texts are written as in Go.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := func(s string) string {
		t, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
		ts.Check(err)
		return t
	}
	data := ts.ReadFile(args[0])
	if n := strings.Count(data, text(args[1])); n != 1 {
		ts.Fatalf("%s has %q %d times, want once", args[0], args[1], n)
	}
	write(ts, args[0], []byte(strings.Replace(data, text(args[1]), text(args[2]), 1)))
}

func write(ts *testscript.TestScript, name string, data []byte) {
	p := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(p), 0o755))
	ts.Check(os.WriteFile(p, data, 0o600))
}

// utf16Text rewrites a file in UTF-16 with a byte order mark, as Windows does.
func utf16Text(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: utf16 FILE")
	}
	var b bytes.Buffer
	ts.Check(binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune("\ufeff"+ts.ReadFile(args[0])))))
	write(ts, args[0], b.Bytes())
}

// goModule moves a folder into the module cache and adds its hash to go.sum:
// gomodule FOLDER PATH@VERSION.
func goModule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gomodule FOLDER PATH@VERSION")
	}
	name, version, ok := strings.Cut(args[1], "@")
	if !ok {
		ts.Fatalf("%s: want PATH@VERSION", args[1])
	}
	escaped, err := module.EscapePath(name)
	ts.Check(err)
	dir := filepath.Join(ts.Getenv("GOMODCACHE"), filepath.FromSlash(escaped)+"@"+version)
	ts.Check(os.MkdirAll(filepath.Dir(dir), 0o755))
	ts.Check(os.Rename(ts.MkAbs(args[0]), dir))
	sum, err := dirhash.HashDir(dir, args[1], dirhash.Hash1)
	ts.Check(err)
	line := fmt.Sprintf("%s %s %s\n", name, version, sum)
	if old, err := os.ReadFile(ts.MkAbs("go.sum")); err == nil {
		line = string(old) + line
	}
	write(ts, "go.sum", []byte(line))
}

type visits struct{ count atomic.Int64 }

var listeners sync.Map // address -> *visits

// listen opens a port that counts who connects, and writes its address where
// the files say HOST:PORT.
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: listen FILE…")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	v := &visits{}
	ts.Setenv("LISTENER", l.Addr().String())
	listeners.Store(l.Addr().String(), v)
	for _, f := range args {
		write(ts, f, []byte(strings.ReplaceAll(ts.ReadFile(f), "HOST:PORT", l.Addr().String())))
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			v.count.Add(1)
			c.Close()
		}
	}()
}

// unvisited wants that nobody connected to the port of listen.
func unvisited(ts *testscript.TestScript, neg bool, _ []string) {
	v, ok := listeners.Load(ts.Getenv("LISTENER"))
	if neg || !ok {
		ts.Fatalf("usage: listen, then unvisited")
	}
	if n := v.(*visits).count.Load(); n > 0 {
		ts.Fatalf("%d connections were opened", n)
	}
}
