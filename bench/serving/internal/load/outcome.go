package load

import "time"

// Outcome sums up an open loop.
type Outcome struct {
	Fates    map[Fate]int
	Codes    map[int]int     // statuses; 0 without an answer
	Accepted []time.Duration // latencies of the answered ones
}

// Sum of hits.
func Sum(hits []Hit) Outcome {
	outcome := Outcome{Fates: map[Fate]int{}, Codes: map[int]int{}}
	for _, hit := range hits {
		fate := hit.Fate()
		outcome.Fates[fate]++
		outcome.Codes[hit.Code]++
		if fate == Answered {
			outcome.Accepted = append(outcome.Accepted, hit.Latency)
		}
	}
	return outcome
}

// LastTrouble is when the last request was due that was not answered within the bound; 0 if there is none.
func LastTrouble(hits []Hit, bound time.Duration) time.Duration {
	for i := len(hits) - 1; i >= 0; i-- {
		if hits[i].Fate() != Answered || hits[i].Latency > bound {
			return hits[i].At
		}
	}
	return 0
}

// Within counts the requests that were answered before the time given, from the start. An answer that comes when the
// load has ended shows how long the queue was, not how much the server does.
func Within(hits []Hit, end time.Duration) int {
	count := 0
	for _, hit := range hits {
		if hit.Fate() == Answered && hit.At+hit.Latency <= end {
			count++
		}
	}
	return count
}
