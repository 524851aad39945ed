package scenario

// Adoption is why agents join and leave.
type Adoption struct {
	// Rule is everyone (all there from the start), bass, threshold, fraction
	// (Watts), complex (contagion by several), or utility (two-sided).
	Rule string `toml:"rule" yaml:"rule" json:"rule"`
	// P and Q are Bass's innovation and imitation, per step. PerEdge has Q act
	// along each edge of the network instead of on the whole population.
	P       float64 `toml:"p" yaml:"p" json:"p"`
	Q       float64 `toml:"q" yaml:"q" json:"q"`
	PerEdge bool    `toml:"per_edge" yaml:"per_edge" json:"per_edge"`
	// Threshold is how many (threshold, complex) or what share (fraction) of
	// the acquaintances must have joined; Spread its standard deviation.
	Threshold float64 `toml:"threshold" yaml:"threshold" json:"threshold"`
	Spread    float64 `toml:"spread" yaml:"spread" json:"spread"`
	// Seeds is how many agents begin; Seeding how they are chosen: random (spread
	// thin), place (one town first), category (one category first), influential.
	Seeds   int    `toml:"seeds" yaml:"seeds" json:"seeds"`
	Seeding string `toml:"seeding" yaml:"seeding" json:"seeding"`
	// Patience is how many steps without gain an agent stays; 0: for ever.
	Patience int `toml:"patience" yaml:"patience" json:"patience"`
}

// Market is what stands beside the network.
type Market struct {
	// Incumbent is the share of intents a platform that sells leads would
	// fulfil; Fee what it takes of a price. Both may be used at once.
	Incumbent float64 `toml:"incumbent" yaml:"incumbent" json:"incumbent"`
	Fee       float64 `toml:"fee" yaml:"fee" json:"fee"`
	// Subsidy is what joining is worth in the first SubsidySteps steps.
	Subsidy      float64 `toml:"subsidy" yaml:"subsidy" json:"subsidy"`
	SubsidySteps int     `toml:"subsidy_steps" yaml:"subsidy_steps" json:"subsidy_steps"`
}

// defaultAdoption's p and q are the means of 213 products (Sultan, Farley and
// Lehmann 1990), for who chooses bass: they were found of years.
func defaultAdoption() Adoption {
	return Adoption{Rule: "everyone", P: 0.03, Q: 0.38, Threshold: 0.18, Seeds: 1, Seeding: "random"}
}

func (c *checker) adoption(s Scenario) {
	a := s.Adoption
	c.oneOf("adoption.rule", a.Rule, "everyone", "bass", "threshold", "fraction", "complex", "utility")
	c.share("adoption.p", a.P)
	c.share("adoption.q", a.Q)
	switch a.Rule {
	case "fraction":
		c.share("adoption.threshold", a.Threshold)
	default:
		c.upTo("adoption.threshold", a.Threshold, MaxAgents)
	}
	c.upTo("adoption.spread", a.Spread, MaxAgents)
	if agents := s.People.Count + s.Vendors.Count; a.Rule != "everyone" {
		c.within("adoption.seeds", a.Seeds, 0, agents)
	} else {
		c.within("adoption.seeds", a.Seeds, 0, MaxAgents)
	}
	c.oneOf("adoption.seeding", a.Seeding, "random", "place", "category", "influential")
	c.within("adoption.patience", a.Patience, 0, MaxSteps)
}

func (c *checker) market(m Market) {
	c.share("market.incumbent", m.Incumbent)
	c.share("market.fee", m.Fee)
	c.amount("market.subsidy", m.Subsidy)
	c.within("market.subsidy_steps", m.SubsidySteps, 0, MaxSteps)
}

var adoptionAbout = []about{
	{"adoption.rule", "", "Why agents join: everyone (all there from the start), bass, threshold, fraction (Watts), complex (contagion by several) or utility (two-sided)"},
	{"adoption.p", "per step", "Bass's innovation; published values, and the default, are per year: with another clock.unit divide them by its steps in a year"},
	{"adoption.q", "per step", "Bass's imitation; per year where published, as adoption.p"},
	{"adoption.per_edge", "", "Imitation acts along each edge of the network instead of on the whole population"},
	{"adoption.threshold", "acquaintances, or share", "How many (threshold, complex) or what share (fraction) must have joined"},
	{"adoption.spread", "as the threshold", "Standard deviation of the threshold among agents"},
	{"adoption.seeds", "agents", "How many begin"},
	{"adoption.seeding", "", "Who begins: random (spread thin), place (one town first), category (one category first) or influential"},
	{"adoption.patience", "steps", "How long an agent stays without gain; 0: for ever"},
}

var marketAbout = []about{
	{"market.incumbent", "share", "Intents that a platform which sells leads would fulfil"},
	{"market.fee", "share", "What that platform takes of a price"},
	{"market.subsidy", "money per step", "What joining is worth at first"},
	{"market.subsidy_steps", "steps", "How long it is"},
}
