package scenario

// Network is who knows whom, which adoption spreads over, and through whom a
// newcomer's node finds its first peers.
type Network struct {
	// Kind is none (everybody hears of everybody), complete, erdos-renyi,
	// watts-strogatz, barabasi-albert, block, geographic or file.
	Kind string `toml:"kind" yaml:"kind" json:"kind"`
	// Degree is the mean number of acquaintances (erdos-renyi, watts-strogatz,
	// block, geographic); Attach how many a newcomer chooses (barabasi-albert).
	Degree float64 `toml:"degree" yaml:"degree" json:"degree"`
	Attach int     `toml:"attach" yaml:"attach" json:"attach"`
	// Rewire is the share of edges moved at random (watts-strogatz).
	Rewire float64 `toml:"rewire" yaml:"rewire" json:"rewire"`
	// Within is the share of edges that stay in the agent's own place (block).
	Within float64 `toml:"within" yaml:"within" json:"within"`
	// File is an edge list: two node numbers a line.
	File string `toml:"file" yaml:"file" json:"file,omitempty"`
}
