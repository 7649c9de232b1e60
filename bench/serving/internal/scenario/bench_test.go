package scenario

import (
	"math"
	"testing"
	"time"

	"example.com/mlops-platform/bench/serving/internal/contender"
)

func TestAServerWhoseAnswersDifferIsNotTimed(t *testing.T) {
	expected := []float64{0.25, 0.5}
	if err := compare("x", expected, []float64{0.250005, 0.5}); err != nil {
		t.Errorf("equal within float32: %v", err)
	}
	for name, got := range map[string][]float64{
		"different": {0.25, 0.5001}, "too few": {0.25}, "too many": {0.25, 0.5, 0.5}, "none": nil,
		"not a number": {0.25, math.NaN()},
	} {
		if err := compare("x", expected, got); err == nil {
			t.Errorf("%s: %v passed for %v", name, got, expected)
		}
	}
}

func TestScenariosOfOneModelLieTogether(t *testing.T) {
	seen, last := map[string]bool{}, ""
	for _, scenario := range All() {
		if scenario.Model != last && seen[scenario.Model] {
			t.Errorf("%s: every server would start again for %s", scenario.Name, scenario.Model)
		}
		seen[scenario.Model], last = true, scenario.Model
		if (scenario.run == nil) == (len(scenario.Cases) == 0) {
			t.Errorf("%s has to be either a closed loop or something of its own", scenario.Name)
		}
	}
}

func TestAFullRunTakesAboutHalfAnHour(t *testing.T) {
	bench := &Bench{Contenders: contender.All(), Pace: Full}
	if got := bench.left(All(), ""); got > 40*time.Minute {
		t.Errorf("%s", got)
	}
}
