package terms

import (
	"slices"
	"strings"
)

// What an agreement is for. A PDC agreement allows the one work it is named
// after, which is its service delivery, and nothing else.
const (
	forService = "service"        // what the two agree on: the SD family
	forPeople  = "between-people" // the same, and the rules bind both: TPR
	forIntent  = "intent"         // answering an intentcast: PDC-INTENT
	forAI      = "ai-training"    // training of models: PDC-AI
	forGood    = "public-good"    // work for the public good: PDC-GOOD
)

// Names of practices. The first six are the fields of [Rules]; the last four
// are prohibited by every agreement of the roster (section 7 of its text).
const (
	serviceDelivery   = "service-delivery"
	analytics         = "analytics"
	tracking          = "tracking"
	profiling         = "profiling"
	anonymisedSharing = "anonymised-sharing"
	portability       = "portability"
	sharing           = "sharing" // in a form in which the person can be recognised
	thirdParty        = "third-party-"
)

// ruled are the practices that Rules has a field for, in the order of the
// agreements' sections.
var ruled = []string{serviceDelivery, analytics, tracking, profiling, anonymisedSharing, portability}

// works are the practices allowed by the purpose of one agreement each.
var works = []string{forIntent, forAI, forGood}

// Practices returns the name of every practice that [May] knows: the six of
// [Rules], the three works of the PDC agreements ("intent", "ai-training",
// "public-good"), and the four that no agreement allows ("sharing",
// "third-party-analytics", "third-party-tracking", "third-party-profiling").
func Practices() []string {
	return slices.Concat(ruled, works,
		[]string{sharing, thirdParty + analytics, thirdParty + tracking, thirdParty + profiling})
}

// purpose returns what a is for.
func (a Agreement) purpose() string {
	switch a.Ref.ID {
	case "PDC-INTENT":
		return forIntent
	case "PDC-AI":
		return forAI
	case "PDC-GOOD":
		return forGood
	case "TPR":
		return forPeople
	default:
		return forService
	}
}

// Of returns a's rule for the practice of that name, one of [Practices]; any
// other is prohibited.
func (a Agreement) Of(practice string) Rule {
	if slices.Contains(works, practice) {
		if a.purpose() == practice {
			return Yes
		}
		return No
	}
	return a.Rules.Of(practice)
}

// deliveryWords are purposes within the delivery of a service.
var deliveryWords = []string{
	"billing", "contact", "delivery", "eligibility", "identification", "order", "payment", "recall", "support", "warranty",
}

// Covers reports whether data shared for the purpose may be used in the
// practice under a, as far as the purpose goes; whether a allows the practice
// is for [Agreement.Of]. A purpose is a word, optionally with a narrower one
// after a slash ("payment/deposit"). It covers the practice of its own name;
// "billing", "contact", "delivery", "eligibility", "identification", "order",
// "payment", "recall", "support" and "warranty" are parts of service delivery,
// "personalisation" is profiling, and under a PDC agreement its own work is
// delivery. A word known to nobody covers nothing. Giving the
// person a copy (portability) needs no purpose.
func (a Agreement) Covers(purpose, practice string) bool {
	word, _, _ := strings.Cut(purpose, "/")
	switch {
	case practice == portability, word == practice:
		return true
	case word == "personalisation":
		return practice == profiling
	case practice != serviceDelivery:
		return false
	}
	if p := a.purpose(); p != forService && p != forPeople {
		return word == p
	}
	return slices.Contains(deliveryWords, word)
}
