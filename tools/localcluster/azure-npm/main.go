// Command azure-npm holds the pods of one node to their network policies, with
// the engine of Azure's Container Networking on ipset and iptables. Its own
// program would report to Azure before it starts, and wait three minutes to be
// heard.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/Azure/azure-container-networking/common"
	"github.com/Azure/azure-container-networking/npm"
	npmconfig "github.com/Azure/azure-container-networking/npm/config"
	"github.com/Azure/azure-container-networking/npm/metrics"
	"github.com/Azure/azure-container-networking/npm/pkg/dataplane"
	"github.com/Azure/azure-container-networking/npm/pkg/dataplane/ipsets"
	"github.com/Azure/azure-container-networking/npm/pkg/dataplane/policies"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog"
	"k8s.io/utils/exec"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "azure-npm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("azure-npm", flag.ContinueOnError)
	flags.SetOutput(stderr)
	kubeconfig := flags.String("kubeconfig", "", "whom to ask, and as whom")
	node := flags.String("node", "", "name of the node whose pods are held to their policies")
	health := flags.String("health", "127.0.0.1:10091", "where it answers once it knows every policy")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := enforce(ctx, *kubeconfig, *node); err != nil {
		return err
	}
	return serve(ctx, *health)
}

// enforce returns once every policy that is there holds; it goes on until the context ends.
func enforce(ctx context.Context, kubeconfig, node string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	quiet()
	metrics.InitializeAll()
	settings := npmconfig.DefaultConfig
	// After kube-proxy's rules: they let through what comes from outside to a Service, as from the node itself.
	settings.Toggles.PlaceAzureChainFirst = false
	plane, err := dataplane.NewDataPlane(node, common.NewIOShim(), &dataplane.Config{
		IPSetManagerCfg: &ipsets.IPSetManagerCfg{IPSetMode: ipsets.ApplyAllIPSets},
		PolicyManagerCfg: &policies.PolicyManagerCfg{
			PolicyMode: policies.IPSetPolicyMode, PlaceAzureChainFirst: settings.Toggles.PlaceAzureChainFirst,
		},
	}, ctx.Done())
	if err != nil {
		return err
	}
	plane.RunPeriodicTasks()
	resync := time.Duration(settings.ResyncPeriodInMinutes) * time.Minute
	factory := informers.NewSharedInformerFactory(client, resync)
	manager := npm.NewNetworkPolicyManager(settings, factory, plane, exec.New(), "v1.5.0", version)
	return manager.Start(settings, ctx.Done())
}

// quiet leaves warnings and what is worse: the engine tells of each pod's change in ten lines.
func quiet() {
	flags := flag.NewFlagSet("", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "WARNING"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(io.Discard)
}

// serve answers whoever asks whether it is well, until the context ends.
func serve(ctx context.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
