package stack

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/sim/scenario"
)

// MaxNodes is how many hosts fit into 24 GiB with room to spare.
const MaxNodes = 8000

// attacks are the kinds that this engine plays. The market's own kinds are
// played by what agents ask and choose, which is not the medium's affair.
var attacks = []string{"", "none", withhold, degradation, spam, censor, coldBoot, dawn, colocation, covertFlash,
	eclipseOne, eclipseAll, eclipsePublishers,
	"collude", "lie", "first-answer"}

// Check refuses what real nodes can't do, by the scenario's field. It is asked
// before anything runs.
func (e *Engine) Check(s scenario.Scenario) error {
	p, no := s.Protocol, func(field, why string, args ...any) error {
		return fmt.Errorf("engine stack: %s: %s", field, fmt.Sprintf(why, args...))
	}
	switch {
	case nodesOf(s) > MaxNodes:
		return no("people.count", "%d hosts (people, vendors and sybils), at most %d fit: use the engine model", nodesOf(s), MaxNodes)
	case s.People.Count < 1:
		return no("people.count", "nobody to cast an intent")
	case s.Clock.Window.Std() < time.Second:
		return no("clock.window", "%s is too short for nodes to do anything: at least 1s", s.Clock.Window.Std())
	case s.Vendors.Think < 0:
		return no("vendors.think", "%s is no time", s.Vendors.Think.Std())
	case p.Quota != 0:
		return no("protocol.quota", "nodes set their own quotas; want 0")
	case p.Work != 0:
		return no("protocol.work", "nodes ask for work by their load; want 0")
	case p.Latency[0] < 0 || p.Latency[1] < p.Latency[0]:
		return no("protocol.latency", "from %s to %s is no range", p.Latency[0].Std(), p.Latency[1].Std())
	case !(p.Loss >= 0 && p.Loss <= 0.3):
		return no("protocol.loss", "%v: connections stand up to 0.3", p.Loss)
	case p.Size > bareIntent+maxText:
		return no("protocol.size", "%d, an intent of this engine has at most %d bytes", p.Size, bareIntent+maxText)
	case p.Bandwidth != 0 && p.Bandwidth < 100_000:
		return no("protocol.bandwidth", "%v: QUIC's handshakes need 100,000 bits per second", p.Bandwidth)
	case s.Attack.Budget != 0:
		return no("attack.budget", "sybils of this engine do no work; want 0")
	case !slices.Contains(attacks, s.Attack.Kind):
		return no("attack.kind", "%s is played by the engine model only", s.Attack.Kind)
	}
	if err := checkMesh(p); err != nil {
		return no("protocol.d", "%v", err)
	}
	if err := checkShards(s); err != nil {
		return no("protocol.sharded", "%v", err)
	}
	return nil
}

// checkMesh is GossipSub's own check, which it makes only when a node starts.
func checkMesh(p scenario.Protocol) error {
	ships := gossip.ShippedMesh()
	d, low, high := cmp.Or(p.D, ships.D), cmp.Or(p.Low, ships.Low), cmp.Or(p.High, ships.High)
	if low < 1 || d < 2 || low > d || high < d {
		return fmt.Errorf("low %d, d %d, high %d: want 1 ≤ low ≤ d ≤ high, and d at least 2", low, d, high)
	}
	if p.Heartbeat < 0 || p.Heartbeat > 0 && p.Heartbeat.Std() < 10*time.Millisecond {
		return fmt.Errorf("heartbeat %s: want at least 10ms", p.Heartbeat.Std())
	}
	return nil
}
