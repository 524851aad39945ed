package scenario

import "time"

// Default returns the scenario that an empty file is: a town of a thousand
// people and fifty vendors, all there from the start, over the overlay as the
// node ships it and links of 50 ms.
func Default() Scenario {
	return Scenario{
		Engine:     Model,
		Study:      "society",
		Seed:       1,
		Replicates: 1,
		Clock:      Clock{Unit: "week", Steps: 52, Window: Duration(time.Minute)},
		People:     defaultPeople(),
		Vendors:    defaultVendors(),
		Network:    defaultNetwork(),
		Adoption:   defaultAdoption(),
		Protocol:   defaultProtocol(),
		Attack:     Attack{Kind: "none"},
		Record:     Record{Every: 1},
	}
}
