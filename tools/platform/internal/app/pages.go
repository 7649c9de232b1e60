package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"example.com/mlops-platform/internal/daemon"
	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/internal/door"
	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
)

const doorServer = "door"

// ports are those that the door tries: the one that addresses need not name, then some that are rarely taken.
var ports = []int{80, 8090, 8091, 8092, 8093, 8094, 8095, 8096, 8097, 8098, 8099}

// door is the server that lets browsers in; up starts it, and it runs until down ends it.
func (p *platform) door(ctx context.Context, port int) error {
	cluster, err := p.cluster()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: door.Handler(door.Routes(), cluster.ClusterIP), ReadHeaderTimeout: 10 * time.Second,
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// pages starts the door, or finds the one that is open.
func (u *installation) pages(ctx context.Context, _ *stage.View) (string, error) {
	port, err := u.openDoor(ctx)
	if err != nil {
		return "", err
	}
	u.site = site.At(port)
	return "open at " + u.site.URL("argocd.localhost", ""), nil
}

func (u *installation) openDoor(ctx context.Context) (int, error) {
	if port, is, err := u.doorPort(); is || err != nil {
		return port, err
	}
	for _, port := range ports {
		if !free(port) {
			continue
		}
		self, err := os.Executable()
		if err != nil {
			return 0, err
		}
		record, err := u.servers().Start(daemon.Spec{
			Name: doorServer, URL: strconv.Itoa(port),
			Args: []string{
				self, doorServer, "--root", u.root, "--name", u.name, "--limit", "87600h", "--port", strconv.Itoa(port),
			},
		})
		if err != nil {
			return 0, err
		}
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err = kube.Until(wait, func(context.Context) (bool, error) {
			if !daemon.Alive(record) {
				return false, fmt.Errorf("the door ended: %v", daemon.Tail(record.Log, 3))
			}
			return !free(port), nil
		})
		return port, err
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1 for the pages; tried %v", ports)
}

// doorPort is the port of the door that runs.
func (p *platform) doorPort() (port int, runs bool, err error) {
	records, err := p.servers().Records()
	if err != nil {
		return 0, false, err
	}
	for _, record := range records {
		if record.Name == doorServer && daemon.Alive(record) {
			port, err := strconv.Atoi(record.URL)
			return port, err == nil, err
		}
	}
	return 0, false, nil
}

func (p *platform) printPort() error {
	port, runs, err := p.doorPort()
	if err == nil && !runs {
		err = errors.New("the pages are closed; up opens them")
	}
	if err == nil {
		fmt.Fprintln(p.stdout, port)
	}
	return err
}

func free(port int) bool {
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
