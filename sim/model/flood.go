package model

import (
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// always adds what nodes send whether anybody casts or not, and an attacker's
// spam, which reaches every topic there is.
func (m *medium) always(step int, topics []*topic) {
	up := float64(m.people+len(m.vendors)) * (1 - m.faults.asleep(step))
	window := m.s.Clock.Window.Std()
	m.costs.Bytes += int64(float64(up*window.Seconds()) * m.carrier.idle())
	if m.flood == nil || len(topics) == 0 {
		return
	}
	sent := float64(float64(m.s.Attack.Sybils)*m.s.Attack.Rate) * window.Seconds()
	taken := min(float64(m.flood.Spam*window.Hours()), sent)
	m.costs.Forged += int64(taken)
	m.costs.Refused += int64(sent) - int64(taken)
	t := topics[0]
	reached := float64(float64(taken*float64(t.followers-1)) * t.reach)
	m.costs.Copies += int64(float64(reached * t.copies))
	m.costs.Bytes += int64(float64(reached * t.bytes))
}

// floodHours is how long a flood is lived through (mesh.Flood) to learn what
// passes admission in an hour, and how many people give up.
const floodHours = 1

// flooded lives through the scenario's flood, if it has one.
func flooded(s scenario.Scenario, seed uint64) *mesh.Loss {
	if s.Attack.Kind != "spam" || s.Attack.Sybils < 1 {
		return nil
	}
	f := mesh.FloodOf(s)
	f.Hours = floodHours
	l := f.Live(random.New(seed, "model/flood"))
	return &l
}
