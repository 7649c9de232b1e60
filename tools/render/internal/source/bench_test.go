package source

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

// deployment is a manifest of the usual size.
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
  labels: {app: web, tier: front}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.2.3
        ports: [{containerPort: 8080}]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
        readinessProbe: {httpGet: {path: /healthz, port: 8080}}
`

func benchmark(b *testing.B, archive string, s v1alpha1.ApplicationSource) {
	b.Helper()
	tr := repository(b, archive)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Render(context.Background(), request(tr, s)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFolderOfTen(b *testing.B) {
	var archive strings.Builder
	for i := range 10 {
		fmt.Fprintf(&archive, "-- app/%d.yaml --\n"+deployment, i, fmt.Sprint("d", i))
	}
	benchmark(b, archive.String(), v1alpha1.ApplicationSource{Path: "app"})
}

func BenchmarkJsonnet(b *testing.B) {
	benchmark(b, library+"-- app/a.jsonnet --\n[(import '../lib/cm.libsonnet').new('c%d' % i) for i in std.range(1, 10)]\n",
		v1alpha1.ApplicationSource{Path: "app"})
}

func BenchmarkChartOfTen(b *testing.B) {
	var archive strings.Builder
	archive.WriteString("-- app/Chart.yaml --\n" + chartYAML + "-- app/values.yaml --\nname: x\n" +
		"-- app/values.schema.json --\n{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}}}\n")
	for i := range 10 {
		fmt.Fprintf(&archive, "-- app/templates/%d.yaml --\n"+deployment, i, "'{{ .Values.name }}'")
	}
	benchmark(b, archive.String(), v1alpha1.ApplicationSource{Path: "app"})
}
