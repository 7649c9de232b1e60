package report

import (
	"fmt"
	"strings"

	"example.com/mlops-platform/bench/serving/internal/contender"
)

// Verdict on a target.
type Verdict string

// The verdicts.
const (
	Met         Verdict = "met"
	NotMet      Verdict = "**not met**"
	NotMeasured Verdict = "not measured"
)

// Target is a claim, and what the samples say of it.
type Target struct {
	Claim, Measured string
	Verdict         Verdict
}

const (
	ours         = contender.Ours
	floor        = contender.Floor
	mlflow       = contender.MLflow
	mlflowTensor = contender.MLflowTensor
)

var closedScenarios = []string{"S1", "S2", "S3", "S4"}

// Targets are those that the service was built for.
func (r Results) Targets() []Target {
	return []Target{
		r.ratio("S1: at least 5 times the requests/s of mlflow", "S1", "rate", mlflow, 5, atLeast),
		r.ratio("S1: the same of mlflow-tensor", "S1", "rate", mlflowTensor, 5, atLeast),
		r.ratio("S3: at least 10 times the requests/s of mlflow", "S3", "rate", mlflow, 10, atLeast),
		r.ratio("S3: the same of mlflow-tensor", "S3", "rate", mlflowTensor, 10, atLeast),
		r.ratio("S1: at most 1.2 times the CPU per request of the floor", "S1", "cpu_s_per_1000", floor, 1.2, atMost),
		r.ahead(),
		r.overload(),
		r.none("S6: no request fails while the alias moves", "S6", "failed"),
		r.none("S7: no request is lost at SIGTERM", "S7", "lost", "refused"),
		r.idle(),
		r.none("S10: no request fails while the registry is down", "S10", "failed"),
		r.ceiling(),
	}
}

type bound bool

const (
	atLeast bound = true
	atMost  bound = false
)

func (b bound) holds(value, limit float64) bool {
	if b == atLeast {
		return value >= limit
	}
	return value <= limit
}

func verdict(met bool) Verdict {
	if met {
		return Met
	}
	return NotMet
}

// ratio of our median to another's, which must hold in every case of the scenario.
func (r Results) ratio(claim, scenario, value, other string, limit float64, must bound) Target {
	var measured []string
	met := true
	for _, of := range r.cases(scenario) {
		mine, haveMine := r.Spread(scenario, of, ours, value)
		theirs, haveTheirs := r.Spread(scenario, of, other, value)
		if !haveMine || !haveTheirs || theirs.Median == 0 {
			continue
		}
		times := mine.Median / theirs.Median
		measured = append(measured, fmt.Sprintf("%s: %.2f", of, times))
		met = met && must.holds(times, limit)
	}
	if len(measured) == 0 {
		return Target{claim, "", NotMeasured}
	}
	return Target{claim, strings.Join(measured, ", "), verdict(met)}
}

// ahead of every peer, in each of its configurations; the floor is no peer.
func (r Results) ahead() Target {
	const claim = "S1 to S4: more requests/s than every peer"
	measured, behind := 0, []string{}
	for _, scenario := range closedScenarios {
		for _, of := range r.cases(scenario) {
			mine, there := r.Spread(scenario, of, ours, "rate")
			if !there {
				continue
			}
			for _, c := range r.Contenders {
				theirs, there := r.Spread(scenario, of, c.Name, "rate")
				if !there || c.Name == ours || c.Name == floor {
					continue
				}
				measured++
				if theirs.Median >= mine.Median {
					behind = append(behind, fmt.Sprintf("%s %s: %s has %.0f, we %.0f", scenario, of, c.Name,
						theirs.Median, mine.Median))
				}
			}
		}
	}
	if measured == 0 {
		return Target{claim, "", NotMeasured}
	}
	text := fmt.Sprintf("%d of %d comparisons won", measured-len(behind), measured)
	if len(behind) > 0 {
		text += "; behind in " + strings.Join(behind, "; ")
	}
	return Target{claim, text, verdict(len(behind) == 0)}
}

func (r Results) overload() Target {
	const claim = "S5: at twice the capacity, p99 of answered requests at most twice its normal value"
	over, there := r.Spread("S5", "2x", ours, "p99_ms")
	normal, alsoThere := r.Spread("S5", "2x", ours, "normal_p99_ms")
	if !there || !alsoThere || normal.Median == 0 {
		return Target{claim, "", NotMeasured}
	}
	times := over.Median / normal.Median
	return Target{claim, fmt.Sprintf("%.1f ms, normal %.1f ms: %.2f times", over.Median, normal.Median, times),
		verdict(times <= 2)}
}

// none of our samples of a scenario has any of these counts.
func (r Results) none(claim, scenario string, values ...string) Target {
	measured, total, requests := false, 0.0, 0.0
	for _, sample := range r.Samples {
		if sample.Scenario != scenario || sample.Contender != ours {
			continue
		}
		measured = true
		requests += sample.Values["requests"]
		for _, value := range values {
			total += sample.Values[value]
		}
	}
	if !measured {
		return Target{claim, "", NotMeasured}
	}
	return Target{claim, fmt.Sprintf("%.0f of %.0f", total, requests), verdict(total == 0)}
}

func (r Results) idle() Target {
	const claim, limit = "S8: under 0.5 % of a core when idle", 0.5
	used, there := r.Spread("S8", "idle", ours, "cpu_percent")
	if !there {
		return Target{claim, "", NotMeasured}
	}
	return Target{claim, fmt.Sprintf("%.2f %%", used.Median), verdict(used.Median < limit)}
}

// ceiling compares the closed loop's generator with the fastest contender: near it, the generator is what is measured.
func (r Results) ceiling() Target {
	const claim, limit = "the load generator is at least 3 times as fast as the fastest contender", 3
	most, there := r.Spread("ceiling", "null", "null", "wrk_rate")
	fastest := 0.0
	for _, sample := range r.Samples {
		fastest = max(fastest, sample.Values["rate"])
	}
	if !there || fastest == 0 {
		return Target{claim, "", NotMeasured}
	}
	return Target{claim, fmt.Sprintf("%.0f/s against a null server, %.0f/s is the most here", most.Median, fastest),
		verdict(most.Median >= limit*fastest)}
}
