package mesh

import "time"

// Lived is a situation as it was lived through elsewhere, as by real nodes, to
// be held against the model's.
type Lived struct {
	// Copies is how often an honest node received each cast, by its number.
	Copies []float64
	seen   []delivery
}

// Owe notes that honest node `to` was to get a cast that `from` published.
// Took below 0: it never did.
func (l *Lived) Owe(cast, from, to int, took time.Duration) {
	d := delivery{cast: cast, from: from, to: to, took: never}
	if took >= 0 {
		d.took = int(took.Microseconds())
	}
	l.seen = append(l.seen, d)
}

// Sum is what was felt of the situation, of which peace is what [Situation.InPeace]
// came to, by the measures that [Situation.Play] takes.
func (s Situation) Sum(peace, war Lived) Siege {
	return s.sum(record{all: peace.seen, copies: peace.Copies}, record{all: war.seen, copies: war.Copies})
}
