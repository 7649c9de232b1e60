package push

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/internal/checkout"
	"example.com/mlops-platform/tools/platform/internal/git"
	"example.com/mlops-platform/tools/platform/kube"
)

// Outcome is what a push has led to.
type Outcome struct {
	Pushed checkout.Pushed
	Tree   []string      // what changed in the cluster, to be shown as it stands
	Took   time.Duration // from the push until all of it was live; zero where it is not
}

// Run pushes what is checked out and follows it until each Application has been synced with it and is healthy, until
// something fails, or until the context ends. It shows what has changed so far again and again. The outcome is of use
// with an error too.
func Run(
	ctx context.Context, cluster *kube.Cluster, from checkout.Checkout, to git.Remote, show func(lines ...string),
) (Outcome, error) {
	before, err := argocd.List(ctx, cluster)
	if err != nil {
		return Outcome{}, err
	}
	show("pushing HEAD to main")
	started := time.Now()
	pushed, err := from.Push(ctx, to, false)
	if err != nil {
		return Outcome{}, err
	}
	f := Follow(before, pushed.Revision, started)
	waited := kube.Until(ctx, func(ctx context.Context) (bool, error) {
		all, err := argocd.List(ctx, cluster)
		if err != nil {
			return false, err
		}
		f.See(all, time.Now())
		show(f.Tree()...)
		return len(f.Missing()) == 0, f.Fault()
	})
	outcome := Outcome{Pushed: pushed, Tree: f.Tree(), Took: f.Took()}
	if waited == nil {
		return outcome, nil
	}
	return outcome, errors.Join(waited, f.reasons(context.WithoutCancel(ctx), cluster),
		fmt.Errorf("commit %.8s is not live. What ran before it still runs; mend it and push again, "+
			"or take it back with git revert %.8s and push", pushed.Revision, pushed.Revision))
}

// reasons says what is missing, and what the pods of the Applications concerned say.
func (f *Follower) reasons(ctx context.Context, cluster *kube.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var said []string
	for _, a := range f.all {
		if f.lacks(a) == "" || a.Name() == argocd.Root {
			continue
		}
		said = append(said, a.Name()+" "+f.lacks(a))
		pods, err := why(ctx, cluster, a)
		if err != nil {
			return err
		}
		said = append(said, pods...)
	}
	if len(said) == 0 {
		return nil
	}
	return errors.New(strings.Join(said, "\n"))
}
