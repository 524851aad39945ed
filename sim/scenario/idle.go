package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// Idle says why a field, by its path, changes nothing at all in s, which has no
// sweep; "" where it may change something. It knows what belongs to which rule,
// network, engine and study; that a number happens to change nothing, as a fee
// where no lead is ever sold, only a run can tell.
func (s Scenario) Idle(field string) string {
	if slices.Contains(frame, field) {
		return ""
	}
	if field == "calibration" && s.Engine != Model {
		return fmt.Sprintf("engine is %q, which needs no constants", s.Engine)
	}
	if field == "calibration" && s.Study == "society" {
		return s.idleUntraded()
	}
	if s.Study != "society" {
		return s.idleInStudy(field)
	}
	part, name, _ := strings.Cut(field, ".")
	switch part {
	case "clock":
		if name == "window" {
			return s.idleUntraded()
		}
	case "people":
		return s.idlePeople(name)
	case "vendors":
		return s.idleVendors(name)
	case "network":
		return s.idleNetwork(name)
	case "adoption":
		return s.idleAdoption(name)
	case "market":
		return s.idleMarket(name)
	case "protocol":
		return s.idleProtocol(name)
	case "faults":
		return s.idleFaults(name)
	case "attack":
		return s.idleAttack(name)
	}
	return ""
}

// frame are fields that count in every study.
var frame = []string{"name", "description", "engine", "study", "seed", "replicates"}

// meshFields are what a mesh is made of, which every study of the overlay plays.
var meshFields = []string{"protocol.d", "protocol.low", "protocol.high", "protocol.lazy", "protocol.heartbeat",
	"protocol.peers", "protocol.latency", "protocol.loss", "protocol.bandwidth", "protocol.size"}

// studyFields are what else each study of the overlay reads (package mesh).
var studyFields = map[string][]string{
	"cost": {"clock.unit", "people.count", "people.places", "people.place_skew", "people.intents", "people.categories",
		"people.category_skew", "vendors.count", "vendors.categories", "vendors.places", "protocol.sharded"},
	"admission": {"clock.unit", "clock.steps", "people.count", "people.intents", "vendors.count", "protocol.work",
		"protocol.quota", "attack.kind", "attack.sybils", "attack.rate", "attack.budget"},
	"siege": {"attack.kind"},
}

// shardFields are what makes topics of different sizes.
var shardFields = []string{"people.places", "people.place_skew", "people.categories", "people.category_skew",
	"vendors.categories", "vendors.places"}

func (s Scenario) idleInStudy(field string) string {
	switch {
	case slices.Contains(meshFields, field) || field == "calibration":
		return ""
	case s.Study == "cost" && field == "clock.steps" && s.Clock.Steps == 1:
		return "" // it is of one step
	case !slices.Contains(studyFields[s.Study], field):
		return fmt.Sprintf("study is %q, which does not look at it", s.Study)
	case s.Study == "cost" && !s.Protocol.Sharded && slices.Contains(shardFields, field):
		return "protocol.sharded is false, and all intents are on one topic"
	case s.Study == "cost" && s.People.Places == 1 && field == "people.place_skew":
		return "people.places is 1"
	case s.Study == "cost" && s.People.Categories == 1 && field == "people.category_skew":
		return "people.categories is 1"
	case s.Study == "admission" && s.Attack.Sybils == 0 && (field == "attack.rate" || field == "attack.budget"):
		return "attack.sybils is 0"
	}
	return ""
}

// idleUntraded is of what only a market needs.
func (s Scenario) idleUntraded() string {
	if s.People.Intents == 0 {
		return "people.intents is 0: nobody wants anything"
	}
	return ""
}

func (s Scenario) idlePeople(name string) string {
	switch name {
	case "place_skew":
		if s.People.Places == 1 {
			return "people.places is 1"
		}
	case "category_skew":
		if s.People.Categories == 1 {
			return "people.categories is 1"
		}
	case "worth", "spread", "fourth_party":
		return s.idleUntraded()
	}
	return ""
}

func (s Scenario) idleVendors(name string) string {
	if name == "count" {
		return ""
	}
	if s.Vendors.Count == 0 {
		return "vendors.count is 0"
	}
	switch name {
	case "price", "spread", "margin", "capacity", "think":
		return s.idleUntraded()
	}
	return ""
}

func (s Scenario) idleMarket(name string) string {
	m := s.Market
	switch {
	case name == "subsidy" && m.SubsidySteps == 0:
		return "market.subsidy_steps is 0"
	case name == "subsidy_steps" && m.Subsidy == 0:
		return "market.subsidy is 0"
	case name == "subsidy" || name == "subsidy_steps":
		return ""
	case s.Vendors.Count == 0:
		return "vendors.count is 0"
	case name == "fee" && m.Incumbent == 0:
		return "market.incumbent is 0"
	}
	return s.idleUntraded()
}

func (s Scenario) idleProtocol(name string) string {
	if why := s.idleUntraded(); why != "" {
		return why
	}
	if (name == "work" || name == "quota") && s.Engine == Model && !s.spammed() {
		return "the engine model plays admission against spam alone: want attack.kind \"spam\" with attack.sybils"
	}
	return ""
}

// spammed tells whether sybils send spam.
func (s Scenario) spammed() bool { return s.Attack.Kind == "spam" && s.Attack.Sybils > 0 }

func (s Scenario) idleFaults(name string) string {
	if why := s.idleUntraded(); why != "" {
		return why
	}
	f := s.Faults
	switch cut := f.Partition > 1; {
	case name != "partition" && name != "from" && name != "to":
		return ""
	case !cut && name == "partition":
		return "one part is no cut; want 2 or more"
	case !cut:
		return fmt.Sprintf("faults.partition is %d: nothing is cut", f.Partition)
	case f.From >= f.To:
		return fmt.Sprintf("the cut lasts from step %d to step %d, which is no time: want faults.to above faults.from", f.From, f.To)
	case f.From >= s.Clock.Steps:
		return fmt.Sprintf("the cut begins at step %d, and the last is %d", f.From, s.Clock.Steps-1)
	}
	return ""
}

func (s Scenario) idleAttack(name string) string {
	if why := s.idleUntraded(); why != "" {
		return why
	}
	a := s.Attack
	market := a.Kind == "collude" || a.Kind == "lie" || a.Kind == "first-answer"
	sybils := !market && a.Kind != "none"
	kind := fmt.Sprintf("attack.kind is %q", a.Kind)
	switch name {
	case "kind":
		switch {
		case market && a.Share == 0:
			return "attack.share is 0: nobody does it"
		case sybils && a.Sybils == 0:
			return "attack.sybils is 0: nobody does it"
		case market && a.Kind != "first-answer" && s.Vendors.Count == 0:
			return "vendors.count is 0: nobody does it"
		}
	case "sybils":
		if !sybils {
			return kind + ", which needs none"
		}
	case "rate", "budget":
		if !s.spammed() {
			return "only sybils of attack.kind \"spam\" have it"
		}
	case "share":
		if !market {
			return kind + ", which no share of people or vendors does"
		}
	}
	return ""
}
