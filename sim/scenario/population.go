package scenario

// People are those who might cast intents. Agents are numbered: people from 0,
// vendors after them.
type People struct {
	Count int `toml:"count" yaml:"count" json:"count"`
	// Places is the number of towns; PlaceSkew the exponent of the Zipf law by
	// which people are spread over them (0: evenly).
	Places    int     `toml:"places" yaml:"places" json:"places"`
	PlaceSkew float64 `toml:"place_skew" yaml:"place_skew" json:"place_skew"`
	// Intents is how many a person has in a step, on average (Poisson).
	Intents float64 `toml:"intents" yaml:"intents" json:"intents"`
	// Categories is how many kinds of thing are wanted; CategorySkew as above.
	Categories   int     `toml:"categories" yaml:"categories" json:"categories"`
	CategorySkew float64 `toml:"category_skew" yaml:"category_skew" json:"category_skew"`
	// Worth is the mean of what a fulfilled intent is worth to a person, Spread
	// its standard deviation, in units of money.
	Worth  float64 `toml:"worth" yaml:"worth" json:"worth"`
	Spread float64 `toml:"spread" yaml:"spread" json:"spread"`
	// Effort is what taking part costs a person in a step, in units of money.
	Effort float64 `toml:"effort" yaml:"effort" json:"effort"`
	// FourthParty is the share of people who have an agent of their own choose
	// and ask in their name.
	FourthParty float64 `toml:"fourth_party" yaml:"fourth_party" json:"fourth_party"`
}

// Vendors are those who might answer.
type Vendors struct {
	Count int `toml:"count" yaml:"count" json:"count"`
	// Categories and Places are how many each vendor serves.
	Categories int `toml:"categories" yaml:"categories" json:"categories"`
	Places     int `toml:"places" yaml:"places" json:"places"`
	// Price is the mean of what they ask, Spread its standard deviation.
	Price  float64 `toml:"price" yaml:"price" json:"price"`
	Spread float64 `toml:"spread" yaml:"spread" json:"spread"`
	// Margin is what is left of a price, a share; Cost what taking part costs a
	// vendor in a step, in units of money.
	Margin float64 `toml:"margin" yaml:"margin" json:"margin"`
	Cost   float64 `toml:"cost" yaml:"cost" json:"cost"`
	// Capacity is how many orders a vendor serves in a step; 0: any number.
	Capacity int `toml:"capacity" yaml:"capacity" json:"capacity"`
	// Think is how long a vendor takes to answer, on average.
	Think Duration `toml:"think" yaml:"think" json:"think"`
}
