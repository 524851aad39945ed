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
	// Digest is the SHA-256 of that file, in hex: Load reads it, nobody writes it.
	Digest string `toml:"-" yaml:"-" json:"file_sha256,omitempty"`
}

func defaultNetwork() Network {
	return Network{Kind: "none", Degree: 8, Attach: 4, Rewire: 0.1, Within: 0.8}
}

func (c *checker) network(s Scenario) {
	n, agents := s.Network, s.People.Count+s.Vendors.Count
	c.oneOf("network.kind", n.Kind, "none", "complete", "erdos-renyi", "watts-strogatz", "barabasi-albert", "block", "geographic", "file")
	c.share("network.rewire", n.Rewire)
	c.share("network.within", n.Within)
	switch n.Kind {
	case "erdos-renyi", "watts-strogatz", "block", "geographic":
		if !(n.Degree >= 0 && n.Degree <= float64(agents-1)) {
			c.refuse("network.degree", "is %v, must be from 0 to one less than the %d agents", n.Degree, agents)
		} else if n.Kind == "watts-strogatz" && n.Degree != 2*float64(int(n.Degree/2)) {
			c.refuse("network.degree", "is %v, must be even: a ring has as many on either side", n.Degree)
		} else if n.Kind == "watts-strogatz" && n.Degree > 0 && n.Degree >= float64(agents-1) {
			c.refuse("network.degree", "is %v: nothing can be moved in a ring of %d where everybody knows everybody", n.Degree, agents)
		}
		if n.Kind == "block" && s.People.Places == 1 && n.Within < 1 && n.Degree > 0 {
			c.refuse("network.within", "is %v, and there is one town (people.places) for all acquaintances: want 1, or more towns", n.Within)
		}
	case "barabasi-albert":
		if n.Attach < 1 || n.Attach >= agents {
			c.refuse("network.attach", "is %d, must be at least 1 and less than the %d agents", n.Attach, agents)
		}
	case "file":
		if n.File == "" {
			c.refuse("network.kind", "is file, and network.file names none")
		}
	}
	if n.File != "" && n.Kind != "file" {
		c.refuse("network.file", "is read only where network.kind is \"file\", and that is %q", n.Kind)
	}
}

var networkAbout = []about{
	{"network.kind", "", "Who knows whom: none (everybody hears of everybody), complete, erdos-renyi, watts-strogatz, barabasi-albert, block, geographic or file"},
	{"network.degree", "acquaintances", "Their mean number (erdos-renyi, watts-strogatz, block, geographic)"},
	{"network.attach", "acquaintances", "How many a newcomer chooses (barabasi-albert)"},
	{"network.rewire", "share", "Edges moved at random (watts-strogatz)"},
	{"network.within", "share", "Edges that stay in the agent's own place (block)"},
	{"network.file", "", "An edge list, found from the folder of the scenario: two node numbers a line (file)"},
}
