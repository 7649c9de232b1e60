package app

import (
	"context"
	"errors"
	"os"
	"time"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/internal/run"
)

// down removes what up made: the door, the node with all that is in it, and the files it left. What was built stays,
// for the next up.
func (p *platform) down(ctx context.Context) error {
	return p.stages.Run("down", func(view *stage.View) (string, error) {
		records, err := p.servers().Records()
		if err != nil {
			return "", err
		}
		var faults error
		for _, record := range records {
			_, err := p.servers().Stop(ctx, record, 5*time.Second)
			faults = errors.Join(faults, err)
		}
		_, err = run.Command{
			Dir: p.root, Args: []string{p.path("hack", "localcluster.sh"), "down", "--name", p.name},
			Line: func(line string) { view.Show(line) },
		}.Output(ctx)
		if faults = errors.Join(faults, err, p.forgetRemote(ctx)); faults != nil {
			return "", faults
		}
		return "nothing of it runs; what was built is kept in .tools and out/images", os.RemoveAll(p.state())
	})
}
