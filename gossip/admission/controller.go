package admission

import (
	"math"
	"time"
)

const (
	// hold is for how long the pressure must stay low before one bit is let
	// go. A node's load is known to swing within seconds; who mints against a
	// difficulty should not find it raised again meanwhile.
	hold = 30 * time.Second
	// bitsPerDoubling is how much work is asked for more each time the pressure
	// doubles. At 2, asking outruns a flood whose cost falls on us linearly.
	bitsPerDoubling = 2
	// slack is how much lower than at its rise the pressure must be for a bit
	// to be let go.
	slack = 2
)

// Load is what a node has measured, each part as a share of what it is willing
// to bear: 1 is all of that, more is too much.
type Load struct {
	Rate  float64 // casts to be taken in, per second
	Queue float64 // places taken among those waiting for delivery
	CPU   float64 // time spent on validation
	Store float64 // intents turned out for others before their time
}

// Pressure is the part under which the node suffers most, at least 0.
func (l Load) Pressure() float64 {
	p := 0.0
	for _, part := range []float64{l.Rate, l.Queue, l.CPU, l.Store} {
		if part > p { // false of NaN
			p = part
		}
	}
	return p
}

// Controller turns measured load into the difficulty a node asks for. Up to a
// pressure of 1 that is 0, whoever comes: a person alone on a quiet network
// pays nothing. Beyond 1 it is MinBits, and two bits more with each doubling,
// up to MaxBits. It rises at once and comes down slowly, a bit each half
// minute: from the cap to nothing in six and a half minutes.
//
// The rise follows the pressure and does not add up over time. A sum would
// overshoot, since the load is measured over seconds, and an attacker could
// have it driven to the cap by a flood that is just too much.
//
// The zero value is ready. It is not safe for use by several goroutines.
type Controller struct {
	bits  int
	since time.Time // from when on the pressure has been low; zero: it was not
}

// Bits is the difficulty asked for: 0, or MinBits to MaxBits.
func (c *Controller) Bits() int { return c.bits }

// Update takes in the load at now and returns the difficulty to ask for. It
// is to be called every second or so while that is not 0 or there is load.
func (c *Controller) Update(l Load, now time.Time) int {
	p := l.Pressure()
	switch {
	case wanted(p) > c.bits:
		c.bits, c.since = wanted(p), time.Time{}
	case c.bits == 0 || wanted(slack*p) >= c.bits:
		c.since = time.Time{}
	case c.since.IsZero() || now.Before(c.since):
		c.since = now
	case now.Sub(c.since) >= hold:
		if c.bits--; c.bits < MinBits {
			c.bits = 0
		}
		// What is low for the bit let go need not be for the next. Whoever had
		// it from the beginning must not be behind.
		if c.since = now; wanted(slack*p) >= c.bits {
			c.since = time.Time{}
		}
	}
	return c.bits
}

// wanted is the difficulty that answers a pressure by itself.
func wanted(p float64) int {
	if !(p > 1) {
		return 0
	}
	return int(math.Min(MinBits+math.Floor(bitsPerDoubling*math.Log2(p)), MaxBits))
}

// Meter measures a rate: what happened lately, older things counting less
// (an exponential average). The zero value has seen nothing.
type Meter struct {
	Span time.Duration // how far back it looks, on average; 0: eight seconds

	sum  float64
	last time.Time
}

// meterSpan is how far back a Meter looks unless told otherwise. A burst of n
// at once counts n/meterSpan a second.
const meterSpan = 8 * time.Second

func (m *Meter) span() float64 {
	if m.Span > 0 {
		return m.Span.Seconds()
	}
	return meterSpan.Seconds()
}

// Add notes that n happened at now.
func (m *Meter) Add(n float64, now time.Time) {
	m.fade(now)
	m.sum += n
}

// PerSecond is the rate at now.
func (m *Meter) PerSecond(now time.Time) float64 {
	m.fade(now)
	return m.sum / m.span()
}

func (m *Meter) fade(now time.Time) {
	if passed := now.Sub(m.last); passed > 0 {
		m.sum *= math.Exp(-passed.Seconds() / m.span())
	}
	m.last = now // also of a clock set back
}
