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
