package profile

import "slices"

// kind is one row of the table in the package comment.
type kind struct {
	name  string // first part of the path; the Card's property unless card is set
	card  string
	many  bool
	shape *shape
}

// property is the name under which the kind stands in a JSContact Card.
func (k *kind) property() string {
	if k.card != "" {
		return k.card
	}
	return k.name
}

// paymentsProperty is the vendor-specific property (RFC 9553 §1.8.1) that
// carries payments in a Card.
const paymentsProperty = "parley-network.github.io:payments"

// kinds is in the order of an exported vCard, which readers show first to last.
var kinds = []kind{
	{name: "name", shape: nameShape},
	{name: "nicknames", many: true, shape: nickname},
	{name: "organizations", many: true, shape: organization},
	{name: "titles", many: true, shape: title},
	{name: "speakToAs", shape: speakToAs},
	{name: "emails", many: true, shape: email},
	{name: "phones", many: true, shape: phone},
	{name: "addresses", many: true, shape: address},
	{name: "onlineServices", many: true, shape: onlineService},
	{name: "preferredLanguages", many: true, shape: languagePref},
	{name: "links", many: true, shape: link},
	{name: "birthday", card: "anniversaries", shape: birthday},
	{name: "notes", many: true, shape: note},
	{name: "payments", card: paymentsProperty, many: true, shape: payment},
}

func kindNamed(name string) *kind {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return &kinds[i]
}

// The properties that many types share (RFC 9553 §1.5).
var (
	contexts = prop{name: "contexts", read: flags("private", "work")}
	pref     = prop{name: "pref", read: number(1, 100)}
	label    = prop{name: "label", read: text}
	fullText = prop{name: "full", read: lines}
)

var nickname = &shape{typ: "Nickname", props: []prop{{name: "name", need: true, read: text}, contexts, pref}}

var organization = &shape{typ: "Organization", props: []prop{
	{name: "name", read: text},
	{name: "units", read: list(&shape{typ: "OrgUnit", props: []prop{{name: "name", need: true, read: text}, {name: "sortAs", read: text}}}, 16)},
	{name: "sortAs", read: text},
	contexts,
}, rule: anyOf("name", "units")}

var title = &shape{typ: "Title", props: []prop{
	{name: "name", need: true, read: text},
	{name: "kind", read: enum("title", "title", "role")},
	{name: "organizationId", read: checked(func(s string) string {
		if !validID(s) {
			return "is not an id"
		}
		return ""
	})},
}}

var speakToAs = &shape{typ: "SpeakToAs", props: []prop{
	{name: "grammaticalGender", read: enum("", "animate", "common", "feminine", "inanimate", "masculine", "neuter")},
	{name: "pronouns", read: keyed(&shape{typ: "Pronouns", props: []prop{{name: "pronouns", need: true, read: text}, contexts, pref}}, 8)},
}, rule: anyOf("grammaticalGender", "pronouns")}

var email = &shape{typ: "EmailAddress", props: []prop{{name: "address", need: true, read: checked(notEmail)}, contexts, pref, label}}

// phoneFeatures are RFC 9553 §2.3.3 with the vCard TYPE of each (RFC 9555
// §2.7.6), which differs for one alone.
var phoneFeatures = []string{"fax", "main-number", "mobile", "pager", "text", "textphone", "video", "voice"}

var phone = &shape{typ: "Phone", props: []prop{
	{name: "number", need: true, read: checked(notPhone)},
	{name: "features", read: flags(phoneFeatures...)},
	contexts, pref, label,
}}

var onlineService = &shape{typ: "OnlineService", props: []prop{
	{name: "service", read: text}, {name: "uri", read: checked(notURI)}, {name: "user", read: text}, contexts, pref, label,
}, rule: anyOf("uri", "user")}

var languagePref = &shape{typ: "LanguagePref", props: []prop{{name: "language", need: true, read: checked(notLanguage)}, contexts, pref}}

var link = &shape{typ: "Link", props: []prop{
	{name: "uri", need: true, read: checked(notURI)}, {name: "kind", read: enum("", "contact")},
	{name: "mediaType", read: text}, contexts, pref, label,
}}

var note = &shape{typ: "Note", props: []prop{{name: "note", need: true, read: lines}}}

var birthday = &shape{typ: "Anniversary", props: []prop{
	{name: "kind", need: true, read: enum("", "birth")},
	{name: "date", need: true, read: date},
	{name: "place", read: one(address)},
}}

var partialDate = &shape{typ: "PartialDate", props: []prop{
	{name: "year", read: number(1, 9999)}, {name: "month", read: number(1, 12)}, {name: "day", read: number(1, 31)},
}, rule: checkDate}

var timestamp = &shape{typ: "Timestamp", typed: true, props: []prop{{name: "utc", need: true, read: checked(notUTC)}}}

var payment = &shape{typ: "Payment", props: []prop{{name: "label", read: text}, {name: "ref", read: text}}, rule: checkPayment}

// anyOf is the rule of types of which one property at least must be there.
func anyOf(names ...string) func(*cleaner, string, object) error {
	return func(c *cleaner, at string, o object) error {
		for _, name := range names {
			if _, ok := o[name]; ok {
				return nil
			}
		}
		return c.fault(join(at, names[0]), "is missing (one of %q is needed)", names)
	}
}

// date reads a PartialDate or a Timestamp; "@type" says which.
func date(c *cleaner, at string, v any) (any, error) {
	if o, ok := v.(object); ok && o["@type"] == "Timestamp" {
		return one(timestamp)(c, at, v)
	}
	return one(partialDate)(c, at, v)
}

// checkDate is RFC 9553 §2.8.1: a year, a year and month, a month and day, or
// a whole date.
func checkDate(c *cleaner, at string, o object) error {
	y, m, d := o["year"], o["month"], o["day"]
	switch {
	case y == nil && m == nil:
		return c.fault(at, "has neither year nor month")
	case d != nil && m == nil:
		return c.fault(join(at, "day"), "has no month")
	case m != nil && y == nil && d == nil:
		return c.fault(join(at, "month"), "has neither year nor day")
	case d != nil && d.(int) > daysIn(y, m.(int)):
		return c.fault(join(at, "day"), "the month has no %d", d)
	}
	return nil
}

// daysIn counts the days of month m; without a year February has 29.
func daysIn(year any, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y, ok := year.(int); ok && (y%4 != 0 || y%100 == 0 && y%400 != 0) {
			return 28
		}
		return 29
	}
	return 31
}
