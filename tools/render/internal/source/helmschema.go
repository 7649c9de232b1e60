package source

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// schemaURL is the name that helm gives a chart's schema.
const schemaURL = "file:///values.schema.json"

// checkSchemas checks the values of a chart and its subcharts against their
// values.schema.json.
func (rel *release) checkSchemas(c *chart.Chart, values map[string]any) error {
	if c.Schema != nil {
		file := rel.places.file(path.Join(c.ChartFullPath(), "values.schema.json"))
		schema, err := compileSchema(c.Schema)
		if err != nil {
			var missing *NotRendered
			if errors.As(err, &missing) {
				return fmt.Errorf("%s: %w", file, err)
			}
			return fault(file, 0, "%s", oneLine(err.Error()))
		}
		if err := schema.Validate(values); err != nil {
			msg := strings.TrimPrefix(err.Error(), "jsonschema validation failed with '"+schemaURL+"#'\n")
			return fault(file, 0, "the values of chart %s do not fit: %s", c.Name(), strings.TrimPrefix(oneLine(msg), "- "))
		}
	}
	for _, d := range c.Dependencies() {
		var below map[string]any
		switch v := values[d.Name()].(type) {
		case map[string]any:
			below = v
		case chartutil.Values:
			below = v
		default:
			return fmt.Errorf("%s: values of subchart %s are no mapping", rel.dir, d.Name())
		}
		if err := rel.checkSchemas(d, below); err != nil {
			return err
		}
	}
	return nil
}

type compiled struct {
	once   sync.Once
	schema *jsonschema.Schema
	err    error
}

// schemas holds every schema compiled so far: a chart is often rendered for
// many applications.
var schemas sync.Map // [sha256.Size]byte -> *compiled

func compileSchema(data []byte) (*jsonschema.Schema, error) {
	entry, _ := schemas.LoadOrStore(sha256.Sum256(data), &compiled{})
	c := entry.(*compiled)
	c.once.Do(func() {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			c.err = err
			return
		}
		offline := &offlineLoader{}
		compiler := jsonschema.NewCompiler()
		compiler.UseLoader(offline)
		if c.err = compiler.AddResource(schemaURL, doc); c.err == nil {
			c.schema, c.err = compiler.Compile(schemaURL)
		}
		if c.err != nil && offline.refused != nil {
			c.err = offline.refused
		}
	})
	return c.schema, c.err
}

// offlineLoader refuses what a schema refers to: helm would read it from the
// network or from the machine's disk.
type offlineLoader struct{ refused error }

// Load implements jsonschema.URLLoader.
func (l *offlineLoader) Load(url string) (any, error) {
	if strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://") {
		l.refused = &NotRendered{cluster.Missing{
			Source: "schema " + url, Reason: "values.schema.json refers to it, which needs a network",
			Remedy: "copy it under $defs of values.schema.json",
		}}
	} else {
		l.refused = fmt.Errorf("refers to %s, a file on the repo-server's disk; copy it under $defs", url)
	}
	return nil, l.refused
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
