package profile

import "slices"

// Names and addresses share one build: a list of components, in order or not,
// and a full text (RFC 9553 §2.2.1 and §2.5.1).

// maxComponents is the most components of one name or address.
const maxComponents = 32

const separator = "separator"

// The kinds of component. Their order is that of the vCard's N and ADR
// (RFC 9554 §2.2 and §2.1), where the address's starts at field 3.
var (
	nameKinds    = []string{"surname", "given", "given2", "title", "credential", "surname2", "generation"}
	addressKinds = []string{"postOfficeBox", "locality", "region", "postcode", "country", "room", "apartment", "floor",
		"number", "name", "building", "block", "subdistrict", "district", "landmark", "direction"}
)

var (
	nameComponent    = componentShape("NameComponent", nameKinds)
	addressComponent = componentShape("AddressComponent", addressKinds)

	ordered          = prop{name: "isOrdered", read: yes}
	defaultSeparator = prop{name: "defaultSeparator", read: verbatim}
	phoneticSystem   = prop{name: "phoneticSystem", read: enum("", "ipa", "jyut", "piny")}
	phoneticScript   = prop{name: "phoneticScript", read: checked(notScript)}
)

var nameShape = &shape{typ: "Name", props: []prop{
	{name: "components", read: list(nameComponent, maxComponents)},
	ordered, defaultSeparator, fullText, {name: "sortAs", read: sortAs}, phoneticScript, phoneticSystem,
}, rule: func(c *cleaner, at string, o object) error {
	if err := anyOf("components", "full")(c, at, o); err != nil {
		return err
	}
	if err := checkComponents(c, at, o); err != nil {
		return err
	}
	arrange(o, nameKinds)
	return checkSortAs(c, at, o)
}}

var address = &shape{typ: "Address", props: []prop{
	{name: "components", read: list(addressComponent, maxComponents)},
	ordered, defaultSeparator, fullText,
	{name: "countryCode", read: checked(notCountry)}, {name: "coordinates", read: checked(notGeo)}, {name: "timeZone", read: checked(notZone)},
	{name: "contexts", read: flags("private", "work", "billing", "delivery")},
	pref, phoneticScript, phoneticSystem,
}, rule: func(c *cleaner, at string, o object) error {
	if err := anyOf("components", "full", "countryCode", "coordinates", "timeZone")(c, at, o); err != nil {
		return err
	}
	if err := checkComponents(c, at, o); err != nil {
		return err
	}
	arrange(o, addressKinds)
	return nil
}}

func componentShape(typ string, of []string) *shape {
	return &shape{typ: typ, props: []prop{
		{name: "kind", need: true, read: enumStrict(append([]string{separator}, of...))},
		{name: "value", need: true, read: verbatim},
		{name: "phonetic", read: text},
	}, rule: func(c *cleaner, at string, o object) error {
		if o["kind"] == separator {
			return nil
		}
		_, err := lines(c, join(at, "value"), o["value"])
		return err
	}}
}

// enumStrict is enum that drops nothing: a component without its kind would
// be another component.
func enumStrict(values []string) reader {
	read := enum("", values...)
	return func(c *cleaner, at string, v any) (any, error) {
		return read(&cleaner{path: c.path}, at, v)
	}
}

// checkComponents is the rules over order, separators and sounds.
func checkComponents(c *cleaner, at string, o object) error {
	parts := components(o)
	isOrdered := o["isOrdered"] == true
	if _, ok := o["defaultSeparator"]; ok && (!isOrdered || parts == nil) {
		return c.fault(join(at, "defaultSeparator"), "stands only with ordered components")
	}
	if isOrdered && parts == nil {
		return c.fault(join(at, "isOrdered"), "there are no components")
	}
	said, spoken := false, false
	for i, part := range parts {
		if part.kind == separator {
			if !isOrdered {
				return c.fault(join(at, "components"), "a separator stands only with ordered components")
			}
			if i > 0 && parts[i-1].kind == separator {
				return c.fault(join(at, "components"), "two separators follow one another")
			}
			continue
		}
		said = true
		spoken = spoken || part.phonetic != ""
	}
	if parts != nil && !said {
		return c.fault(join(at, "components"), "are all separators")
	}
	if spoken && o["phoneticSystem"] == nil && o["phoneticScript"] == nil {
		return c.fault(join(at, "phoneticSystem"), "is missing, as is phoneticScript")
	}
	return nil
}

// arrange puts components whose order says nothing into the order of kinds,
// so that two lists of the same have one encoding.
func arrange(o object, kinds []string) {
	parts, _ := o["components"].([]any)
	if o["isOrdered"] == true {
		return
	}
	at := func(v any) int { return slices.Index(kinds, str(v.(object), "kind")) }
	slices.SortStableFunc(parts, func(a, b any) int { return at(a) - at(b) })
}

type component struct{ kind, value, phonetic string }

// components returns the checked components of o.
func components(o object) []component {
	in, _ := o["components"].([]any)
	var out []component
	for _, v := range in {
		part := v.(object)
		out = append(out, component{str(part, "kind"), str(part, "value"), str(part, "phonetic")})
	}
	return out
}

// str returns a text property of o, or "".
func str(o object, name string) string {
	s, _ := o[name].(string)
	return s
}

// sortAs reads the map of component kinds to the text to sort by.
func sortAs(c *cleaner, at string, v any) (any, error) {
	in, ok := v.(object)
	if !ok || len(in) == 0 {
		return nil, c.fault(at, "is not a map")
	}
	out := object{}
	for _, k := range nameKinds {
		if v, ok := in[k]; ok {
			s, err := text(c, join(at, k), v)
			if err != nil {
				return nil, err
			}
			out[k] = s
		}
	}
	if len(out) != len(in) {
		return nil, c.fault(at, "names a kind that no component has")
	}
	return out, nil
}

func checkSortAs(c *cleaner, at string, o object) error {
	by, _ := o["sortAs"].(object)
	have := map[string]bool{}
	for _, part := range components(o) {
		have[part.kind] = true
	}
	for k := range by {
		if !have[k] {
			return c.fault(join(at, "sortAs"), "names a kind that no component has")
		}
	}
	return nil
}
