package odrl

import "fmt"

// clause is a rule about one action, one target and one kind of party.
type clause struct {
	action, target, purpose string
	third                   bool
	narrow                  bool // limited further in a way not understood
}

// purposes are the purposes of processing that are practices.
var purposes = map[string]practice{
	"p7012:ServiceDelivery":     delivery,
	"dpv:ServiceProvision":      delivery,
	"p7012:ServiceAnalytics":    analytics,
	"dpv:ServiceUsageAnalytics": analytics,
	"dpv:PublicBenefit":         publicGood,
}

// clause records what a clause says. A permission or duty that is not exactly
// a practice is kept as unknown and so grants nothing. A prohibition of a part
// of a practice, or of more than one, can't be kept and is an error; one of
// anything else says nothing new.
func (r *reader) clause(c clause, l level, where string) error {
	all, near := c.practices()
	if l != prohibited && len(all) > 1 {
		all = nil // sharing of what is not said, with whom is not said
	}
	for _, p := range all {
		if err := r.facts.say(p, l, where); err != nil {
			return err
		}
	}
	switch {
	case len(all) > 0:
	case l != prohibited:
		return r.facts.grant(c.String(), where)
	case near:
		return fmt.Errorf("%s: prohibits %s, which is not exactly a practice", where, c)
	default:
		r.facts.stated = true
	}
	return nil
}

// practices returns the practices a clause is about. None and true: a part of
// a practice, or all of them; none and false: something else.
func (c clause) practices() (all []practice, near bool) {
	var p practice
	switch {
	case c.shares():
		all = c.shared()
		if all == nil || c.narrow || c.purpose != "" {
			return nil, true
		}
		return all, false
	case c.processes():
		var known bool
		if p, known = purposes[c.purpose]; !known {
			return nil, c.purpose == ""
		}
	case c.action == "dpv:Tracking", c.action == "dpv-odrl:Tracking":
		p, near = tracking, c.purpose != ""
	case c.action == "dpv:Profiling", c.action == "dpv-odrl:Profiling":
		p, near = profiling, c.purpose != ""
	default:
		return nil, false
	}
	p.third = c.third
	whole := c.target == "" || c.target == "dpv-odrl:PersonalData" || c.target == "dpv:PersonalData"
	if near || c.narrow || !whole {
		return nil, true
	}
	return []practice{p}, false
}

func (c clause) processes() bool {
	switch c.action {
	case "dpv-odrl:Processing", "dpv:Processing", "odrl:use":
		return true
	}
	return false
}

func (c clause) shares() bool { return c.action == "dpv:Share" || c.action == "dpv-odrl:Share" }

// shared returns the practices of sharing a target: with third parties, or by
// the second party with the person, which is portability. Without a target it
// is all sharing with others; nil is a part of some.
func (c clause) shared() []practice {
	switch c.target {
	case "":
		return []practice{sharing, anonymised}
	case "dpv:AnonymisedData", "dpv-odrl:AnonymisedData":
		return []practice{anonymised}
	case "p7012:ServiceData":
		if !c.third {
			return []practice{portable}
		}
	case "dpv:PersonalData", "dpv-odrl:PersonalData":
		if !c.third {
			return []practice{portable}
		}
		return []practice{sharing}
	}
	return nil
}

// String describes a clause in the words of its policy.
func (c clause) String() string {
	s := fmt.Sprintf("%.80s", c.action)
	if c.target != "" {
		s += fmt.Sprintf(" of %.80s", c.target)
	}
	if c.purpose != "" {
		s += fmt.Sprintf(" for %.80s", c.purpose)
	}
	if c.third {
		s += " by third parties"
	}
	if c.narrow {
		s += " under conditions"
	}
	return s
}
