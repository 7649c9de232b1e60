package scenario

import "time"

// What things take besides the measuring itself, on two quiet cores: for the estimate that a person sees.
const (
	startCost  = 4 * time.Second
	switchCost = 400 * time.Millisecond
	exitCost   = 5 * time.Second
	decodeCost = time.Second
)

// estimate is about how long a scenario takes with so many servers, of which some stand for their peers.
func (b *Bench) estimate(scenario Scenario, servers, mains int) time.Duration {
	slice := time.Duration(b.Pace.Slice)*time.Second + switchCost
	phase := b.Pace.Phase + decodeCost
	// times repeats a duration.
	times := func(n int, one time.Duration) time.Duration { return time.Duration(n) * one }
	switch scenario.Name {
	case "S5":
		return times(mains, slice+3*phase+startCost)
	case "S6":
		return startCost + slice + times(2*b.Pace.Restart, phase)
	case "S7":
		return times(b.Pace.Restart*mains, startCost+beforeTerminate+balancerDelay+exitCost)
	case "S8":
		return times(servers, min(b.Pace.Idle, idleLook)) + b.Pace.Idle
	case "S9":
		return times(b.Pace.Restart*mains, startCost)
	case "S10":
		return 3*startCost + slice + phase
	default:
		return times(b.Pace.Rounds*len(scenario.Cases)*servers, slice)
	}
}

// left is about how long the scenarios take that are not yet done, and the starts of the models not yet begun.
func (b *Bench) left(todo []Scenario, startedModel string) time.Duration {
	var total time.Duration
	for _, scenario := range todo {
		servers, mains := 0, 0
		for _, c := range b.Contenders {
			if c.Serves(scenario.Model) {
				servers++
				if c.Main {
					mains++
				}
			}
		}
		if scenario.Model != startedModel {
			startedModel = scenario.Model
			total += time.Duration(servers) * startCost
		}
		total += b.estimate(scenario, servers, mains)
	}
	return total.Round(time.Minute / 2)
}
