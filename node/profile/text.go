package profile

import (
	"fmt"
	"strings"
)

// Text returns a piece as one line for people: "Jo Doe", "jo@example.org",
// "12 Elm St, Grand Rapids, MI 49503, US". It is for showing, not for reading
// back. A piece that [NewPiece] did not make is shown as its JSON.
func Text(p Piece) string {
	o, ok := p.object()
	if !ok {
		return oneLine(string(p.Value))
	}
	return oneLine(lineOf(p.Path.Kind(), o))
}

// object parses a piece's value.
func (p Piece) object() (object, bool) {
	checked, err := NewPiece(p.Path, p.Value)
	if err != nil {
		return nil, false
	}
	v, err := parse(checked.Value)
	o, ok := v.(object)
	return o, ok && err == nil
}

func oneLine(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(strings.TrimSpace(lines[i]), ",")
	}
	return strings.Join(lines, ", ")
}

func lineOf(kind string, o object) string {
	switch kind {
	case "name":
		return fullName(o)
	case "addresses":
		return fullAddress(o)
	case "birthday":
		return dateText(o["date"].(object))
	case "organizations":
		return organizationText(o)
	case "speakToAs":
		return pronounsText(o)
	case "onlineServices":
		return strings.TrimPrefix(strings.Join([]string{str(o, "service"), firstOf(o, "user", "uri")}, ": "), ": ")
	case "payments":
		return firstOf(o, "label", "ref")
	}
	return firstOf(o, "name", "address", "number", "language", "uri", "note")
}

func firstOf(o object, names ...string) string {
	for _, name := range names {
		if s := str(o, name); s != "" {
			return s
		}
	}
	return ""
}

// fullName is the full text, or one made of the components.
func fullName(o object) string {
	if s := str(o, "full"); s != "" {
		return s
	}
	if o["isOrdered"] == true {
		return joined(o, " ")
	}
	return inOrder(components(o), " ", "title", "given", "given2", "surname", "surname2", "generation", "credential")
}

// fullAddress is the full text, or one made of the components, or whatever
// else says where it is.
func fullAddress(o object) string {
	switch {
	case str(o, "full") != "":
		return str(o, "full")
	case o["isOrdered"] == true:
		return joined(o, " ")
	case o["components"] != nil:
		return inOrder(components(o), ", ", "postOfficeBox", "room", "apartment", "floor", "building", "landmark", "number", "name",
			"direction", "block", "subdistrict", "district", "locality", "region", "postcode", "country")
	}
	return firstOf(o, "coordinates", "timeZone", "countryCode")
}

// joined puts ordered components together as RFC 9553 §2.2.1.1 says, with a
// space, or fallback, where no separator is given.
func joined(o object, fallback string) string {
	if s, ok := o["defaultSeparator"].(string); ok {
		fallback = s
	}
	var b strings.Builder
	pending := false // whether two values have met with no separator between
	for _, part := range components(o) {
		if part.kind == separator {
			b.WriteString(part.value)
			pending = false
			continue
		}
		if pending {
			b.WriteString(fallback)
		}
		b.WriteString(part.value)
		pending = true
	}
	return b.String()
}

// inOrder joins components by kind, for those whose own order says nothing.
func inOrder(parts []component, sep string, kinds ...string) string {
	var out []string
	for _, k := range kinds {
		for _, part := range parts {
			if part.kind == k {
				out = append(out, part.value)
			}
		}
	}
	return strings.Join(out, sep)
}

func organizationText(o object) string {
	var all []string
	if name := str(o, "name"); name != "" {
		all = append(all, name)
	}
	return strings.Join(append(all, unitNames(o)...), ", ")
}

func unitNames(o object) []string {
	units, _ := o["units"].([]any)
	var names []string
	for _, u := range units {
		names = append(names, str(u.(object), "name"))
	}
	return names
}

func pronounsText(o object) string {
	by, _ := o["pronouns"].(object)
	var all []string
	for _, id := range sortedIDs(by) {
		all = append(all, str(by[id].(object), "pronouns"))
	}
	if len(all) == 0 {
		return str(o, "grammaticalGender")
	}
	return strings.Join(all, ", ")
}

// dateText is a date as people and vCard 4 write it, with dashes.
func dateText(d object) string {
	if utc := str(d, "utc"); utc != "" {
		return utc
	}
	y, m, day := num(d, "year"), num(d, "month"), num(d, "day")
	switch {
	case m == 0:
		return fmt.Sprintf("%04d", y)
	case day == 0:
		return fmt.Sprintf("%04d-%02d", y, m)
	case y == 0:
		return fmt.Sprintf("--%02d-%02d", m, day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}
