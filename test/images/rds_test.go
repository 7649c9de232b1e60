package images

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

func TestTheMLflowImageTrustsRDSWhereTheClustersAre(t *testing.T) {
	bundle, err := os.ReadFile(filepath.Join(open(t, "mlflow").files, "etc/ssl/rds/global-bundle.pem"))
	if err != nil {
		t.Fatal(err)
	}
	trusted := map[string]time.Time{}
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		trusted[certificate.Subject.CommonName] = certificate.NotAfter
	}
	for _, cluster := range []string{"dev", "prod"} {
		for _, key := range []string{"RSA2048", "RSA4096", "ECC384"} {
			name := "Amazon RDS " + region(t, cluster) + " Root CA " + key + " G1"
			if until := trusted[name]; until.Before(time.Now().AddDate(1, 0, 0)) {
				t.Errorf("%s: %q is trusted until %v, want a year from now at least", cluster, name, until)
			}
		}
	}
}

// region is where a cluster is, by its facts.
func region(t *testing.T, cluster string) string {
	t.Helper()
	path := filepath.Join(root, "clusters", cluster, "facts/facts.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		Data struct{ Region string }
	}
	if err := yaml.Unmarshal(text, &facts); err != nil || strings.TrimSpace(facts.Data.Region) == "" {
		t.Fatalf("%s: has no region (%v)", path, err)
	}
	return facts.Data.Region
}
