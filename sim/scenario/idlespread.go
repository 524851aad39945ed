package scenario

import (
	"fmt"
	"slices"
)

// networkFields are which of the network's numbers each kind is drawn by.
var networkFields = map[string][]string{
	"erdos-renyi": {"degree"}, "watts-strogatz": {"degree", "rewire"}, "barabasi-albert": {"attach"},
	"block": {"degree", "within"}, "geographic": {"degree"}, "file": {"file"},
}

func (s Scenario) idleNetwork(name string) string {
	if n := s.Network; name != "kind" && !slices.Contains(networkFields[n.Kind], name) {
		return fmt.Sprintf("network.kind is %q, which is not drawn by it", n.Kind)
	}
	a := s.Adoption
	switch along := a.Rule == "threshold" || a.Rule == "fraction" || a.Rule == "complex"; {
	case along:
	case s.Engine == Stack: // a newcomer's node dials those of its acquaintances
	case a.Rule == "everyone":
		return "adoption.rule is \"everyone\": nobody hears of it from acquaintances"
	case a.Seeding == "influential" && a.Seeds > 0:
	case a.Rule == "utility" && a.P == 0 && a.Q == 0:
		return "adoption.p and adoption.q are 0: all have heard of it, and nobody from acquaintances"
	case !a.PerEdge:
		return fmt.Sprintf("adoption.rule is %q and adoption.per_edge is false: who has joined is heard of by everybody alike, acquainted or not", a.Rule)
	}
	return ""
}

// adoptionFields are which numbers each rule goes by; seeds, seeding and
// patience are every rule's but that of everyone.
var adoptionFields = map[string][]string{
	"bass": {"p", "q", "per_edge"}, "threshold": {"threshold", "spread"}, "fraction": {"threshold", "spread"},
	"complex": {"q", "threshold", "spread"}, "utility": {"p", "q", "per_edge"},
}

func (s Scenario) idleAdoption(name string) string {
	a := s.Adoption
	switch name {
	case "rule":
		if a.Rule == "utility" && s.People.Intents == 0 {
			return "people.intents is 0: where nobody gains anything, nobody joins"
		}
		return ""
	case "patience":
		return s.idleUntraded()
	case "seeds", "seeding":
		switch {
		case a.Rule == "everyone":
			return "adoption.rule is \"everyone\": all are there from the start"
		case name == "seeding" && a.Seeds == 0:
			return "adoption.seeds is 0"
		}
		return ""
	}
	switch {
	case !slices.Contains(adoptionFields[a.Rule], name):
		return fmt.Sprintf("adoption.rule is %q, which does not go by it", a.Rule)
	case a.Rule == "utility" && s.People.Intents == 0:
		return "people.intents is 0: where nobody gains anything, nobody joins"
	case name == "per_edge" && a.P == 0 && a.Q == 0:
		return "adoption.p and adoption.q are 0"
	}
	return ""
}
