// Package outcome is what one run of a scenario found. Pure: engines make
// it, results are written of it, reports are drawn of it.
package outcome

// Outcome is one run's. For one seed the model engine's is the same to the bit
// on every machine, whatever else runs beside it.
type Outcome struct {
	// Values are one number each: the run's row in runs.csv.
	Values []Value `json:"values"`
	// Series are numbers by step.
	Series []Series `json:"series,omitempty"`
	// Samples are quantities with a distribution, such as a delay.
	Samples []Sample `json:"samples,omitempty"`
	// Spread shows who joined when, of some agents.
	Spread *Spread `json:"spread,omitempty"`
}

// Value is one number. The name is of words joined by underscores, with the
// unit last where there is one: "delay_p99_seconds".
type Value struct {
	Name   string  `json:"name"`
	Number float64 `json:"number"`
}

// Series is one quantity over the steps.
type Series struct {
	Name string    `json:"name"`
	Step []int     `json:"step"`
	At   []float64 `json:"at"`
}

// Sample is a distribution as quantiles: Of[i] is the quantile i/(len(Of)-1)
// of Count observations.
type Sample struct {
	Name  string    `json:"name"`
	Count int       `json:"count"`
	Of    []float64 `json:"of"`
}

// Spread is some of the agents on a plane of side 1, the edges among them, and
// when each came and went.
type Spread struct {
	X []float32 `json:"x"`
	Y []float32 `json:"y"`
	// Joined is the step each first joined at, Left the one at which it left for
	// the last time, if it is not back; -1: never.
	Joined []int `json:"joined"`
	Left   []int `json:"left"`
	// Turns are all steps at which each came and went, by turns, beginning with
	// the first that it joined at. Runs of older programs have none.
	Turns  [][]int32  `json:"turns,omitempty"`
	Vendor []bool     `json:"vendor"`
	Edges  [][2]int32 `json:"edges"`
}

// TurnsOf returns when agent i came and went, as far as is known.
func (s *Spread) TurnsOf(i int) []int32 {
	switch {
	case s.Turns != nil:
		return s.Turns[i]
	case s.Joined[i] < 0:
		return nil
	case s.Left[i] < s.Joined[i]:
		return []int32{int32(s.Joined[i])}
	}
	return []int32{int32(s.Joined[i]), int32(s.Left[i])}
}
