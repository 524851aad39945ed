package terms

// Rule says whether a practice is allowed to the second party.
type Rule string

// The rules. A practice an agreement does not name is prohibited.
const (
	Must     Rule = "must"     // owed to the first party
	Yes      Rule = "yes"      // allowed
	No       Rule = "no"       // prohibited
	Optional Rule = "optional" // neither owed nor prohibited
)

// Allows reports whether the practice may be done at all.
func (r Rule) Allows() bool { return r == Must || r == Yes || r == Optional }

// Rules is what an agreement says of each practice by the second party. What
// third parties might do is in no field: no agreement of the roster lets them
// measure, track or profile, nor lets anything be shared that is not
// anonymised.
type Rules struct {
	ServiceDelivery   Rule `json:"service-delivery"`
	Analytics         Rule `json:"analytics"`
	Tracking          Rule `json:"tracking"`
	Profiling         Rule `json:"profiling"`
	AnonymisedSharing Rule `json:"anonymised-sharing"` // with third parties
	Portability       Rule `json:"portability"`
}

// Of returns the rule for the practice of that name, as written in JSON
// ("service-delivery", "analytics", …), and No for any other name.
func (r Rules) Of(practice string) Rule {
	rule := No
	switch practice {
	case "service-delivery":
		rule = r.ServiceDelivery
	case "analytics":
		rule = r.Analytics
	case "tracking":
		rule = r.Tracking
	case "profiling":
		rule = r.Profiling
	case "anonymised-sharing":
		rule = r.AnonymisedSharing
	case "portability":
		rule = r.Portability
	}
	if !rule.Allows() {
		return No
	}
	return rule
}
