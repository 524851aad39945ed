package receipt

import "strings"

// practice is a use of data in the words of both forms.
type practice struct {
	name       string   // as in package terms
	title      string   // for people
	purpose    string   // of DPV or its extension for IEEE 7012
	processing []string // of DPV
	arises     string   // the class of data that arises by itself, of the extension
	category   string   // Kantara's purpose category, numbered as in its appendix A; or words where it has none
}

// practices are in the order of the agreements' sections; the works of the PDC
// agreements follow.
var practices = []practice{
	{"service-delivery", "Deliver what the two agreed on", "p7012:ServiceDelivery",
		[]string{"dpv:Use"}, "p7012:ServiceData", "2 - Contracted Service"},
	{"analytics", "Measure how the service is used", "p7012:ServiceAnalytics",
		[]string{"dpv:Analyse"}, "p7012:ServiceAnalyticsData", "16 - Improve Performance"},
	{"tracking", "Recognise the person within the vendor's own service", "p7012:ServiceImprovement",
		[]string{"dpv:Tracking"}, "p7012:ServiceUsageData", "5 - Personalized Experience"},
	{"profiling", "Keep a profile for the vendor's own dealings with the person", "dpv:ServicePersonalisation",
		[]string{"dpv:Profiling"}, "p7012:ServiceUsageData", "5 - Personalized Experience"},
	{"anonymised-sharing", "Give others figures in which nobody can be found", "dpv:ServiceUsageAnalytics",
		[]string{"dpv:Anonymise", "dpv:Share"}, "dpv:AnonymisedData", "16 - Improve Performance"},
	{"intent", "Answer the person's intent", "p7012:ServiceDelivery",
		[]string{"dpv:Use"}, "p7012:ServiceData", "4 - Contact Requested"},
	{"ai-training", "Train the models named beside the agreement", "dpv:ResearchAndDevelopment",
		[]string{"dpv:Use"}, "p7012:NonServiceData", "Training of models"},
	{"public-good", "Work for the public good named beside the agreement", "dpv:PublicBenefit",
		[]string{"dpv:Use"}, "p7012:NonServiceData", "Public good"},
}

// kind is a class of personal data.
type kind struct {
	pd      string // of the DPV extension PD
	kantara string // Kantara's category, numbered as in its appendix B
}

// kinds is by the first part of a profile path.
var kinds = map[string]kind{
	"name":           {"pd:Name", "1 - Biographical"},
	"birthday":       {"pd:BirthDate", "1 - Biographical"},
	"anniversaries":  {"pd:BirthDate", "1 - Biographical"},
	"languages":      {"pd:Language", "1 - Biographical"},
	"photos":         {"pd:Picture", "1 - Biographical"},
	"emails":         {"pd:EmailAddress", "2 - Contact"},
	"phones":         {"pd:TelephoneNumber", "2 - Contact"},
	"addresses":      {"pd:PhysicalAddress", "2 - Contact"},
	"onlineServices": {"pd:SocialMedia", "4 - Social Contact"},
	"payments":       {"pd:FinancialAccount", "7 - Financial"},
	"memberships":    {"pd:GroupMembership", "14 - Membership"},
}

// kindOf returns the class of the data at a path; what is not known keeps the
// word of its path.
func kindOf(path string) kind {
	root, _, _ := strings.Cut(path, "/")
	if k, ok := kinds[root]; ok {
		return k
	}
	return kind{"dpv:PersonalData", root}
}
