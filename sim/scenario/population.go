package scenario

import "time"

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

func defaultPeople() People {
	return People{Count: 1000, Places: 1, Intents: 0.1, Categories: 10, CategorySkew: 1, Worth: 100, Spread: 30, Effort: 1}
}

func defaultVendors() Vendors {
	return Vendors{Count: 50, Categories: 1, Places: 1, Price: 80, Spread: 20, Margin: 0.3, Cost: 1,
		Think: Duration(2 * time.Second)}
}

// maxKinds is how many places, and how many categories, there can be.
const maxKinds = 1_000_000

func (c *checker) people(p People) {
	c.within("people.count", p.Count, 1, MaxAgents)
	c.within("people.places", p.Places, 1, maxKinds)
	c.amount("people.place_skew", p.PlaceSkew)
	c.amount("people.intents", p.Intents)
	c.within("people.categories", p.Categories, 1, maxKinds)
	c.amount("people.category_skew", p.CategorySkew)
	c.amount("people.worth", p.Worth)
	c.amount("people.spread", p.Spread)
	c.amount("people.effort", p.Effort)
	c.share("people.fourth_party", p.FourthParty)
}

func (c *checker) vendors(s Scenario) {
	v := s.Vendors
	c.within("vendors.count", v.Count, 0, MaxAgents)
	if n := s.People.Count + v.Count; n > MaxAgents {
		c.refuse("people.count", "with the vendors there are %d agents; at most %d", n, MaxAgents)
	}
	if v.Count > 0 {
		c.within("vendors.categories", v.Categories, 1, s.People.Categories)
		c.within("vendors.places", v.Places, 1, s.People.Places)
	}
	c.amount("vendors.price", v.Price)
	c.amount("vendors.spread", v.Spread)
	c.share("vendors.margin", v.Margin)
	c.amount("vendors.cost", v.Cost)
	c.within("vendors.capacity", v.Capacity, 0, MaxAgents)
	c.span("vendors.think", v.Think, 0)
}

var peopleAbout = []about{
	{"people.count", "people", "How many might cast intents"},
	{"people.places", "towns", "How many towns there are"},
	{"people.place_skew", "", "Exponent of the Zipf law by which people are spread over towns; 0: evenly"},
	{"people.intents", "per person and step", "How many intents a person has in a step, on average (Poisson)"},
	{"people.categories", "categories", "How many kinds of thing are wanted"},
	{"people.category_skew", "", "Exponent of the Zipf law by which wants are spread over categories; 0: evenly"},
	{"people.worth", "money", "Mean of what a fulfilled intent is worth to a person"},
	{"people.spread", "money", "Standard deviation of that worth"},
	{"people.effort", "money per step", "What taking part costs a person"},
	{"people.fourth_party", "share", "People who have an agent of their own choose and ask in their name"},
}

var vendorsAbout = []about{
	{"vendors.count", "vendors", "How many might answer"},
	{"vendors.categories", "categories", "How many each vendor serves"},
	{"vendors.places", "towns", "How many each vendor serves"},
	{"vendors.price", "money", "Mean of what they ask"},
	{"vendors.spread", "money", "Standard deviation of that price"},
	{"vendors.margin", "share", "What is left of a price to the vendor"},
	{"vendors.cost", "money per step", "What taking part costs a vendor"},
	{"vendors.capacity", "orders per step", "How many orders a vendor serves; 0: any number"},
	{"vendors.think", "", "How long a vendor takes to answer, on average"},
}
