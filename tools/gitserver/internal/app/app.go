// Package app is the command line of gitserver.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"example.com/mlops-platform/tools/gitserver/internal/repository"
	"example.com/mlops-platform/tools/gitserver/internal/smarthttp"
	"example.com/mlops-platform/tools/gitserver/internal/webhook"
)

// Exit codes.
const (
	ok     = 0
	failed = 1
	usage  = 2
)

// Times. Pods get 30 s to end; a request that has begun may take most of them.
const (
	untilLocked = 20 * time.Second // what an earlier server left behind has lost its input, and ends
	untilEnded  = 20 * time.Second
	headers     = 10 * time.Second
	idle        = 2 * time.Minute
)

// config is what the flags say.
type config struct {
	dir, listen, publicURL string
	token                  smarthttp.TokenFile
	webhooks               []string
	limits                 smarthttp.Limits
}

// Main runs the command line and returns the exit code.
func Main(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("gitserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var c config
	flags.StringVar(&c.dir, "dir", "", "folder of the repositories; it must exist")
	flags.StringVar(&c.listen, "listen", ":80", "address to listen on")
	flags.StringVar((*string)(&c.token), "token-file", "", "file with the password of who may push")
	flags.StringVar(&c.publicURL, "public-url", "http://git.mlops.internal", "what webhooks say the server is called")
	flags.Func("webhook", "address that is told when a branch has moved; may be repeated", func(url string) error {
		c.webhooks = append(c.webhooks, url)
		return nil
	})
	flags.Int64Var(&c.limits.Body, "max-request", 256<<20, "bytes of one request")
	flags.DurationVar(&c.limits.Request, "max-time", 5*time.Minute, "time of one request")
	flags.DurationVar(&c.limits.Wait, "max-wait", 10*time.Second, "time of waiting for another request to end")
	flags.IntVar(&c.limits.Fetches, "max-fetches", 16, "requests of fetches at a time")
	flags.IntVar(&c.limits.Pushes, "max-pushes", 4, "requests of pushes at a time")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ok
		}
		return usage
	}
	if c.dir == "" || c.token == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "gitserver: --dir and --token-file are needed, and nothing beside flags; see gitserver --help")
		return usage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	if err := serve(ctx, c, log); err != nil {
		log.Error("ended", "error", err.Error())
		return failed
	}
	return ok
}

func serve(ctx context.Context, c config, log *slog.Logger) (err error) {
	if _, err := c.token.Token(); err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, untilLocked)
	defer cancel()
	store, err := repository.Open(opening, c.dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	notifier := webhook.New(c.webhooks, c.publicURL, webhook.Default, log)
	sending, stopSending := context.WithCancel(context.Background())
	var sender sync.WaitGroup
	sender.Go(func() { notifier.Run(sending) })
	defer sender.Wait()
	defer stopSending()

	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: smarthttp.Handler{
			Store: store, Token: c.token, Limits: c.limits, Log: log,
			Moved: func(name string, move repository.Move) {
				notifier.Send(webhook.Event{Repository: name, Ref: move.Ref, Before: move.Before, After: move.After})
			},
		}.Ready(),
		ReadHeaderTimeout: headers, IdleTimeout: idle, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("listening", "address", listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("ending")
	closing, cancelClosing := context.WithTimeout(context.Background(), untilEnded)
	defer cancelClosing()
	return server.Shutdown(closing)
}
