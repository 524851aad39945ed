package admission

import "time"

// Toll asks for work by the rate at which something comes: nothing up to what
// is borne, and then what a [Controller] answers with, so that the work of who
// floods grows with the cube of the rate. Unlike a limit it keeps nobody out.
//
// The zero value is ready. The rate borne is the same in each call. A Toll is
// not safe for use by several goroutines at once.
type Toll struct {
	meter   Meter
	control Controller
	at      time.Time // when the controller was last asked
}

// tollSpan is how far back a Toll looks, on average: what is borne in that time
// passes at once, as people's letters come in heaps.
const tollSpan = 64 * time.Second

// tollStep is how far apart the looks are that are made up for after a pause:
// often enough for what a Controller lets go each half minute.
const tollStep = 5 * time.Second

// Add counts n at now, where so many a second are borne; after a rest a minute's
// worth passes at once.
func (t *Toll) Add(n, borne float64, now time.Time) {
	t.meter.Span = tollSpan
	t.advance(borne, now)
	t.meter.Add(n, now)
	t.look(borne, now)
}

// Bits is the difficulty asked for at now: 0, or MinBits to MaxBits.
func (t *Toll) Bits(borne float64, now time.Time) int {
	t.advance(borne, now)
	return t.control.Bits()
}

// advance has the controller see the time that has passed.
func (t *Toll) advance(borne float64, now time.Time) {
	for t.control.Bits() > 0 && now.Sub(t.at) > tollStep {
		t.look(borne, t.at.Add(tollStep))
	}
	t.look(borne, now)
}

func (t *Toll) look(borne float64, now time.Time) {
	t.control.Update(Load{Rate: t.meter.PerSecond(now) / borne}, now)
	t.at = now
}

// idle reports whether nothing is asked for, and next to nothing was counted.
func (t *Toll) idle(borne float64, now time.Time) bool {
	return t.Bits(borne, now) == 0 && t.meter.PerSecond(now) < borne/64
}

// Tolls is a [Toll] for each key, of a bounded number of them. Nobody beyond
// that is asked for anything by it: who comes with ever new keys is for a Toll
// of all together.
//
// It is not safe for use by several goroutines at once.
type Tolls[K comparable] struct {
	borne float64
	limit int
	keys  map[K]*Toll
	swept time.Time
}

// NewTolls returns tolls that bear so many a second of each of at most limit
// keys.
func NewTolls[K comparable](borne float64, limit int) *Tolls[K] {
	return &Tolls[K]{borne: borne, limit: limit, keys: make(map[K]*Toll)}
}

// Add counts n for k at now.
func (t *Tolls[K]) Add(k K, n float64, now time.Time) {
	toll := t.keys[k]
	if toll == nil {
		if len(t.keys) >= t.limit {
			t.sweep(now)
		}
		if len(t.keys) >= t.limit {
			return
		}
		toll = new(Toll)
		t.keys[k] = toll
	}
	toll.Add(n, t.borne, now)
}

// Bits is the difficulty asked of k at now: 0, or MinBits to MaxBits.
func (t *Tolls[K]) Bits(k K, now time.Time) int {
	if toll := t.keys[k]; toll != nil {
		return toll.Bits(t.borne, now)
	}
	return 0
}

// sweep forgets who is idle. It goes through all no more than once a second.
func (t *Tolls[K]) sweep(now time.Time) {
	if since := now.Sub(t.swept); since >= 0 && since < time.Second {
		return
	}
	t.swept = now
	for k, toll := range t.keys {
		if toll.idle(t.borne, now) {
			delete(t.keys, k)
		}
	}
}
