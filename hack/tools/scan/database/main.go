// Command database writes a database of vulnerabilities for grype that knows one: tests cannot download the real one,
// and must know what is in it.
//
//	database FOLDER PACKAGE-OF-PYTHON BELOW SEVERITY
//
// Every version of the package below BELOW is vulnerable, BELOW is the fix, SEVERITY is low, medium, high or critical.
// FOLDER is what GRYPE_DB_CACHE_DIR names.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	db "github.com/anchore/grype/grype/db/v6"
	"github.com/spf13/afero"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: database FOLDER PACKAGE-OF-PYTHON BELOW SEVERITY")
		os.Exit(64)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "database:", err)
		os.Exit(1)
	}
}

func write(root, name, below, severity string) error {
	folder := filepath.Join(root, strconv.Itoa(db.ModelVersion))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	store, err := db.NewWriter(db.Config{DBDirPath: folder, CacheSizeKiB: 1024})
	if err != nil {
		return err
	}
	vulnerability := &db.VulnerabilityHandle{
		Name: "GHSA-test-test-test", Status: db.VulnerabilityActive, ProviderID: "github",
		Provider: &db.Provider{ID: "github", Version: "1"},
		BlobValue: &db.VulnerabilityBlob{
			ID:         "GHSA-test-test-test",
			Severities: []db.Severity{{Scheme: db.SeveritySchemeCHML, Value: severity, Rank: 1}},
		},
	}
	affected := &db.AffectedPackageHandle{
		Vulnerability: vulnerability, Package: &db.Package{Ecosystem: "python", Name: name},
		BlobValue: &db.PackageBlob{Ranges: []db.Range{{
			Version: db.Version{Type: "python", Constraint: "<" + below},
			Fix:     &db.Fix{Version: below, State: db.FixedStatus},
		}}},
	}
	err = errors.Join(
		store.SetDBMetadata(), store.AddVulnerabilities(vulnerability), store.AddAffectedPackages(affected), store.Close(),
	)
	if err != nil {
		return err
	}
	_, err = db.WriteImportMetadata(afero.NewOsFs(), folder, "a test")
	return err
}
