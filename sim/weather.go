package sim

import (
	"time"

	"github.com/libp2p/go-libp2p/core/host"
)

// Cut drops every packet between a and b from now on, both ways; those under
// way still arrive. Neither is told: QUIC gives a silent connection up after
// half a minute.
func (w *World) Cut(a, b host.Host) {
	w.weather(a, b, "cut", nil, func(p *route) { p.cut = true })
}

// Heal undoes Cut. Connections that were given up are not made again by
// themselves.
func (w *World) Heal(a, b host.Host) {
	w.weather(a, b, "healed", nil, func(p *route) { p.cut = false })
}

// Partition cuts every host of one group off from every host of the others;
// [World.Rejoin] with the same groups undoes it.
func (w *World) Partition(groups ...[]host.Host) { acrossGroups(groups, w.Cut) }

// Rejoin heals what [World.Partition] cut.
func (w *World) Rejoin(groups ...[]host.Host) { acrossGroups(groups, w.Heal) }

func acrossGroups(groups [][]host.Host, fn func(a, b host.Host)) {
	for i := range groups {
		for j := range i {
			for _, a := range groups[i] {
				for _, b := range groups[j] {
					fn(a, b)
				}
			}
		}
	}
}

// Lag sets the one-way delay between a and b, in place of their latencies. A
// shorter delay lets packets overtake those under way.
func (w *World) Lag(a, b host.Host, d time.Duration) {
	w.weather(a, b, "lag", []any{"d", d}, func(p *route) { p.lag = d })
}

// Lose drops a share of the packets between a and b, 0 ≤ share ≤ 1, each by a
// draw of its own.
func (w *World) Lose(a, b host.Host, share float64) {
	w.weather(a, b, "lossy", []any{"share", share}, func(p *route) { p.loss = share })
}

// weather changes the pair and records it. It works on closed hosts too, for
// when they come back.
func (w *World) weather(a, b host.Host, what string, args []any, fn func(*route)) {
	from, okA := w.net.find(a.ID())
	to, okB := w.net.find(b.ID())
	if !okA || !okB {
		w.T.Errorf("%s between %s and %s, which are not both hosts of this world", what, a.ID(), b.ID())
		return
	}
	w.net.change(from.ip, to.ip, fn)
	w.Event(from.name, what, append([]any{"with", to.name}, args...)...)
}

// Traffic returns how many packets and bytes of UDP payload all hosts sent so
// far, dropped ones included.
func (w *World) Traffic() (packets, bytes int64) {
	return w.net.packets.Load(), w.net.bytes.Load()
}
