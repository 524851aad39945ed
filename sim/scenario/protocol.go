package scenario

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
