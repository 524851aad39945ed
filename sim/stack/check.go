package stack

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// MaxNodes is how many hosts fit into 24 GiB with room to spare: 5,000 took 15 GB.
const MaxNodes = 6000

// attacks are the kinds that this engine plays. The market's own kinds are
// played by what agents ask and choose, which is not the medium's affair.
var attacks = []string{"", "none", withhold, degradation, spam, censor, coldBoot, dawn, colocation, covertFlash,
	eclipseOne, eclipseAll, eclipsePublishers,
	"collude", "lie", "first-answer"}

// Check refuses what real nodes can't do, as [scenario.Problems]: all of it, each
// by its field. It is asked before anything runs.
func (e *Engine) Check(s scenario.Scenario) error {
	out := slices.Concat(checkCrowd(s), checkProtocol(s.Protocol), checkMesh(s.Protocol), checkAttack(s.Attack), society.Check(s))
	if err := checkShards(s); err != nil {
		field := "people.places"
		if s.Protocol.Sharded {
			field = "protocol.sharded"
		}
		out = append(out, problem(field, "%v", err)...)
	}
	if len(out) > 0 {
		return out
	}
	return nil
}

// problem is one, for a list of them.
func problem(field, why string, args ...any) scenario.Problems {
	return scenario.Problems{{Field: field, Reason: "engine stack: " + fmt.Sprintf(why, args...)}}
}

func checkCrowd(s scenario.Scenario) (out scenario.Problems) {
	if n := nodesOf(s); n > MaxNodes {
		out = append(out, problem("people.count", "%d hosts (people, vendors and sybils), at most %d fit: use the engine model", n, MaxNodes)...)
	}
	if s.People.Count < 1 {
		out = append(out, problem("people.count", "nobody to cast an intent")...)
	}
	if s.Clock.Window.Std() < time.Second {
		out = append(out, problem("clock.window", "%s is too short for nodes to do anything: at least 1s", s.Clock.Window.Std())...)
	}
	if s.Vendors.Think < 0 {
		out = append(out, problem("vendors.think", "%s is no time", s.Vendors.Think.Std())...)
	}
	return out
}

func checkProtocol(p scenario.Protocol) (out scenario.Problems) {
	if p.Quota != 0 {
		out = append(out, problem("protocol.quota", "is %v; real nodes can't count what one identity casts, as each intent is signed with a key of its own "+
			"and who sends it may have been sent it: a neighbour may send 200 messages a second of any kind. Want 0, or the engine model", p.Quota)...)
	}
	if p.Work > admission.MaxBits {
		out = append(out, problem("protocol.work", "is %d; real nodes ask for %d bits at most", p.Work, admission.MaxBits)...)
	}
	if p.Latency[0] < 0 || p.Latency[1] < p.Latency[0] {
		out = append(out, problem("protocol.latency", "from %s to %s is no range", p.Latency[0].Std(), p.Latency[1].Std())...)
	}
	if !(p.Loss >= 0 && p.Loss <= 0.3) {
		out = append(out, problem("protocol.loss", "%v: connections stand up to 0.3", p.Loss)...)
	}
	if p.Size > bareIntent+maxText {
		out = append(out, problem("protocol.size", "%d, an intent of this engine has at most %d bytes", p.Size, bareIntent+maxText)...)
	}
	if p.Bandwidth != 0 && p.Bandwidth < 100_000 {
		out = append(out, problem("protocol.bandwidth", "%v: QUIC's handshakes need 100,000 bits per second", p.Bandwidth)...)
	}
	return out
}

// checkMesh is GossipSub's own check, which it makes only when a node starts.
func checkMesh(p scenario.Protocol) (out scenario.Problems) {
	ships := gossip.ShippedMesh()
	d, low, high := cmp.Or(p.D, ships.D), cmp.Or(p.Low, ships.Low), cmp.Or(p.High, ships.High)
	if low < 1 || d < 2 || low > d || high < d {
		out = append(out, problem("protocol.d", "low %d, d %d, high %d: want 1 ≤ low ≤ d ≤ high, and d at least 2", low, d, high)...)
	}
	if p.Heartbeat < 0 || p.Heartbeat > 0 && p.Heartbeat.Std() < 10*time.Millisecond {
		out = append(out, problem("protocol.heartbeat", "%s: want at least 10ms", p.Heartbeat.Std())...)
	}
	return out
}

func checkAttack(a scenario.Attack) (out scenario.Problems) {
	if !slices.Contains(attacks, a.Kind) {
		out = append(out, problem("attack.kind", "%s is played by the engine model only", a.Kind)...)
	}
	return out
}
