package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"example.com/mlops-platform/test/aws/emulator/autoscaling"
	"example.com/mlops-platform/test/aws/emulator/budgets"
	"example.com/mlops-platform/test/aws/emulator/ec2"
	"example.com/mlops-platform/test/aws/emulator/eks"
	"example.com/mlops-platform/test/aws/emulator/rds"
	"example.com/mlops-platform/test/aws/emulator/s3"
)

// Emulator is an account that exists until it is closed.
type Emulator struct {
	// Account is the id of the account, twelve digits.
	Account string
	// Log is the file that moto writes its log to; Requests has a line for each request: time, status, what was asked.
	Log, Requests string

	proxy  *url.URL
	bundle string
	close  []func()
}

// Start runs an emulator until the test ends. moto is the program moto_server.
func Start(t testing.TB, moto, account string) *Emulator {
	t.Helper()
	made, err := Open(moto, account, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// Open runs an emulator that keeps its log and its authority's certificate in folder. moto is the program moto_server.
func Open(moto, account, folder string) (*Emulator, error) {
	e := &Emulator{
		Account: account, Log: filepath.Join(folder, "moto.log"), Requests: filepath.Join(folder, "requests.log"),
		bundle: filepath.Join(folder, "ca.pem"),
	}
	if err := e.open(moto); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Close ends what Open started.
func (e *Emulator) Close() {
	for _, each := range slices.Backward(e.close) {
		each()
	}
	e.close = nil
}

func (e *Emulator) open(moto string) error {
	log, err := os.Create(e.Log)
	if err != nil {
		return err
	}
	e.close = append(e.close, func() { _ = log.Close() })
	requests, err := os.Create(e.Requests)
	if err != nil {
		return err
	}
	e.close = append(e.close, func() { _ = requests.Close() })
	address, stop, err := startMoto(moto, e.Account, log)
	if err != nil {
		return err
	}
	e.close = append(e.close, stop)

	authority, certificate, err := newAuthority()
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.bundle, certificate, 0o600); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	proxy := newProxy(&authority, address, requests, autoscaling.New(), budgets.New(), ec2.New(address),
		eks.New(e.Account, address), rds.New(address), s3.New())
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	e.close = append(e.close, func() { _ = server.Close() })
	e.proxy = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	return nil
}

// Environment is what a program needs in its environment to find the account: the proxy, the proxy's authority, and
// credentials that are good nowhere else.
func (e *Emulator) Environment() map[string]string {
	return map[string]string{
		"HTTPS_PROXY":           e.proxy.String(),
		"HTTP_PROXY":            e.proxy.String(),
		"NO_PROXY":              "",
		"AWS_CA_BUNDLE":         e.bundle,
		"AWS_ACCESS_KEY_ID":     "emulated",
		"AWS_SECRET_ACCESS_KEY": "emulated",
		"AWS_SESSION_TOKEN":     "",
		// No settings of the person who runs the tests, and no look at the metadata service.
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		// The account answers at once; a wait between polls is a wait for nothing.
		"AWS_MAX_ATTEMPTS": "3",
	}
}

// Environ is the environment of this process without its settings for AWS, and with those of the account.
func (e *Emulator) Environ() []string {
	environment := slices.DeleteFunc(os.Environ(), func(each string) bool { return strings.HasPrefix(each, "AWS_") })
	for name, value := range e.Environment() {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// Config is what a client of the AWS SDK needs to ask the account what exists.
func (e *Emulator) Config(t testing.TB, region string) aws.Config {
	t.Helper()
	bundle, err := os.Open(e.bundle)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bundle.Close() }()
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "emulated", SecretAccessKey: "emulated", Source: "emulator"}, nil
	})
	given, err := config.LoadDefaultConfig(context.Background(),
		config.WithRegion(region),
		config.WithCredentialsProvider(credentials),
		config.WithCustomCABundle(bundle),
		config.WithHTTPClient(throughProxy(e.proxy)),
		config.WithSharedConfigFiles([]string{}),
		config.WithSharedCredentialsFiles([]string{}),
	)
	if err != nil {
		t.Fatal(fmt.Errorf("the SDK refuses its settings: %w", err))
	}
	return given
}
