package scenario

import (
	"time"

	"github.com/parley-network/parley/gossip/degree"
)

// Protocol is the overlay that intents travel on. Where a field is the node's
// own parameter, its default is what the node ships with.
type Protocol struct {
	// D, Low, High and Lazy are GossipSub's degrees; Heartbeat its tick.
	D         int      `toml:"d" yaml:"d" json:"d"`
	Low       int      `toml:"low" yaml:"low" json:"low"`
	High      int      `toml:"high" yaml:"high" json:"high"`
	Lazy      int      `toml:"lazy" yaml:"lazy" json:"lazy"`
	Heartbeat Duration `toml:"heartbeat" yaml:"heartbeat" json:"heartbeat"`
	// Peers is how many connections a node keeps.
	Peers int `toml:"peers" yaml:"peers" json:"peers"`
	// Latency is a link's one-way delay, uniform between the two; Loss the share
	// of packets lost; Bandwidth a node's, in bits per second (0: enough).
	Latency   [2]Duration `toml:"latency" yaml:"latency" json:"latency"`
	Loss      float64     `toml:"loss" yaml:"loss" json:"loss"`
	Bandwidth float64     `toml:"bandwidth" yaml:"bandwidth" json:"bandwidth"`
	// Size is an intent's, in bytes on the wire.
	Size int `toml:"size" yaml:"size" json:"size"`
	// Sharded has a vendor hear only its own categories and places.
	Sharded bool `toml:"sharded" yaml:"sharded" json:"sharded"`
	// Work is the admission's proof of work, in leading zero bits; Quota how
	// many intents an identity may cast in a minute (0: any).
	Work  int     `toml:"work" yaml:"work" json:"work"`
	Quota float64 `toml:"quota" yaml:"quota" json:"quota"`
}

// Faults are what goes wrong by itself.
type Faults struct {
	// Churn is the share of nodes that leave and come back in a window.
	Churn float64 `toml:"churn" yaml:"churn" json:"churn"`
	// Asleep is the share that is off at a time, by the hour of day where the
	// step is an hour, else at random.
	Asleep float64 `toml:"asleep" yaml:"asleep" json:"asleep"`
	// NAT is the share that can't be dialled.
	NAT float64 `toml:"nat" yaml:"nat" json:"nat"`
	// Partition cuts the network in that many parts from step From to step To.
	Partition int `toml:"partition" yaml:"partition" json:"partition"`
	From      int `toml:"from" yaml:"from" json:"from"`
	To        int `toml:"to" yaml:"to" json:"to"`
}

// Attack is who means harm. The kinds are those of the GossipSub v1.1
// evaluation, and the market's own.
type Attack struct {
	// Kind is none, censor, cold-boot, covert-flash, dawn, eclipse-one,
	// eclipse-all, eclipse-publishers, degradation, colocation, withhold, spam,
	// collude, lie or first-answer.
	Kind string `toml:"kind" yaml:"kind" json:"kind"`
	// Sybils is how many identities the attacker runs.
	Sybils int `toml:"sybils" yaml:"sybils" json:"sybils"`
	// Rate is how many messages each sends a second (spam).
	Rate float64 `toml:"rate" yaml:"rate" json:"rate"`
	// Budget is the hashes a second that the attacker has for proofs of work.
	Budget float64 `toml:"budget" yaml:"budget" json:"budget"`
	// Share is of vendors who collude or lie.
	Share float64 `toml:"share" yaml:"share" json:"share"`
}

// Record is what is kept of a run beside the summary.
type Record struct {
	// Series is which time series are kept; none named: all.
	Series []string `toml:"series" yaml:"series" json:"series,omitempty"`
	// Every keeps each so many steps.
	Every int `toml:"every" yaml:"every" json:"every"`
	// Spread keeps up to that many agents, with the step each joined at, for
	// the animation.
	Spread int `toml:"spread" yaml:"spread" json:"spread"`
}

// defaultProtocol is the mesh that ships; a home node has ten peers, and an open
// intent of 2,375 bytes is the measured one.
func defaultProtocol() Protocol {
	link := Duration(50 * time.Millisecond)
	return Protocol{D: degree.D, Low: degree.Low, High: degree.High, Lazy: degree.Lazy, Heartbeat: Duration(degree.Heartbeat), Peers: 10,
		Latency: [2]Duration{link, link}, Size: 2375}
}

const (
	// mostPeers is what a node's transport allows.
	mostPeers = 1 << 16
	// mostBytesCast is the limit of a gossip message.
	mostBytesCast = 8 << 10
	// longestLink is how long a packet may be under way.
	longestLink = Duration(time.Minute)
	// mostBits is far beyond what a node asks for (22).
	mostBits = 40
)

func (c *checker) protocol(p Protocol) {
	c.within("protocol.d", p.D, 1, mostPeers)
	if p.Low < 1 || p.Low > p.D {
		c.refuse("protocol.low", "is %d, must be from 1 to protocol.d, which is %d", p.Low, p.D)
	}
	if p.High < p.D || p.High > mostPeers {
		c.refuse("protocol.high", "is %d, must be from protocol.d, which is %d, to %d", p.High, p.D, mostPeers)
	}
	c.within("protocol.lazy", p.Lazy, 0, mostPeers)
	c.span("protocol.heartbeat", p.Heartbeat, Duration(time.Millisecond))
	c.within("protocol.peers", p.Peers, 1, mostPeers)
	if c.span("protocol.latency", p.Latency[0], 0); p.Latency[1] > longestLink {
		c.refuse("protocol.latency", "the most, %v, is above %v", p.Latency[1].Std(), longestLink.Std())
	} else if p.Latency[1] < p.Latency[0] {
		c.refuse("protocol.latency", "the most, %v, is less than the least, %v", p.Latency[1].Std(), p.Latency[0].Std())
	}
	if !(p.Loss >= 0 && p.Loss < 1) {
		c.refuse("protocol.loss", "is %v, must be from 0 to less than 1", p.Loss)
	}
	c.amount("protocol.bandwidth", p.Bandwidth)
	c.within("protocol.size", p.Size, 1, mostBytesCast)
	c.within("protocol.work", p.Work, 0, mostBits)
	c.amount("protocol.quota", p.Quota)
}

func (c *checker) faults(f Faults) {
	c.share("faults.churn", f.Churn)
	c.share("faults.asleep", f.Asleep)
	c.share("faults.nat", f.NAT)
	c.within("faults.partition", f.Partition, 0, MaxAgents)
	c.within("faults.from", f.From, 0, MaxSteps)
	c.within("faults.to", f.To, 0, MaxSteps)
	if f.Partition > 1 && f.To < f.From {
		c.refuse("faults.to", "is %d: the partition ends before it begins at %d", f.To, f.From)
	}
}

func (c *checker) attack(a Attack) {
	c.oneOf("attack.kind", a.Kind, "none", "censor", "cold-boot", "covert-flash", "dawn", "eclipse-one", "eclipse-all",
		"eclipse-publishers", "degradation", "colocation", "withhold", "spam", "collude", "lie", "first-answer")
	c.within("attack.sybils", a.Sybils, 0, MaxAgents)
	c.amount("attack.rate", a.Rate)
	c.amount("attack.budget", a.Budget)
	c.share("attack.share", a.Share)
}

func (c *checker) record(r Record) {
	c.within("record.every", r.Every, 1, MaxSteps)
	c.within("record.spread", r.Spread, 0, 1_000_000)
}

var protocolAbout = []about{
	{"protocol.d", "peers", "GossipSub's degree of a mesh"},
	{"protocol.low", "peers", "The degree below which a mesh takes more in"},
	{"protocol.high", "peers", "The degree above which a mesh lets some go"},
	{"protocol.lazy", "peers", "How many outside the mesh are told what there is, at least"},
	{"protocol.heartbeat", "", "GossipSub's tick"},
	{"protocol.peers", "peers", "How many connections a node keeps"},
	{"protocol.latency", "", "A link's one-way delay, uniform between the two"},
	{"protocol.loss", "share", "Packets lost"},
	{"protocol.bandwidth", "bit/s", "A node's bandwidth; 0: enough"},
	{"protocol.size", "bytes", "An intent on the wire"},
	{"protocol.sharded", "", "A vendor hears only its own categories and places"},
	{"protocol.work", "leading zero bits", "The admission's proof of work"},
	{"protocol.quota", "intents per minute", "How many an identity may cast; 0: any number"},
}

var faultsAbout = []about{
	{"faults.churn", "share", "Nodes that leave and come back in a window"},
	{"faults.asleep", "share", "Nodes that are off at a time: by the hour of day where the step is an hour, else at random"},
	{"faults.nat", "share", "Nodes that can't be dialled"},
	{"faults.partition", "parts", "How many parts the network is cut in; 0: not at all"},
	{"faults.from", "step", "When the cut begins"},
	{"faults.to", "step", "When it ends"},
}

var attackAbout = []about{
	{"attack.kind", "", "none, or one of the GossipSub v1.1 evaluation (censor, cold-boot, covert-flash, dawn, eclipse-one, eclipse-all, eclipse-publishers, degradation, colocation) or the market's own (withhold, spam, collude, lie, first-answer)"},
	{"attack.sybils", "identities", "How many the attacker runs"},
	{"attack.rate", "messages per second", "How many each sends (spam)"},
	{"attack.budget", "hashes per second", "What the attacker has for proofs of work"},
	{"attack.share", "share", "Vendors who collude or lie"},
}

var recordAbout = []about{
	{"record.series", "", "Which time series are kept; none named: all"},
	{"record.every", "steps", "Each so many steps are kept"},
	{"record.spread", "agents", "Up to so many are kept, with the step each joined at, for the animation"},
}
