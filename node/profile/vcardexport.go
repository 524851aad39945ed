package profile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ExportVCard returns the profile as one vCard 4.0 (RFC 6350, with the
// properties of RFC 9554), converted by the rules of RFC 9555. A piece that
// those rules cannot carry whole is written a second time as JSPROP, which
// RFC 9555 §3.2.1 has for this, so that a reader that knows it loses nothing.
// No UID is written: it would be the same for every reader.
func (p Profile) ExportVCard() ([]byte, error) {
	out := []cardLine{{name: "VERSION", value: "4.0"}}
	if _, ok := p.find("name"); !ok {
		out = append(out, cardLine{name: "FN"}) // mandatory, so empty
	}
	groups := 0
	for _, k := range kinds {
		for _, piece := range p.pieces {
			if piece.Path.Kind() != k.name {
				continue
			}
			lines, err := piece.vcard(&groups)
			if err != nil {
				return nil, fmt.Errorf("export vCard: %w", err)
			}
			out = append(out, lines...)
		}
	}
	b := []byte("BEGIN:VCARD\r\n")
	for _, l := range out {
		b = l.append(b)
	}
	return append(b, "END:VCARD\r\n"...), nil
}

// vcard returns the lines of one piece, which read back as that piece.
func (p Piece) vcard(groups *int) ([]cardLine, error) {
	o, ok := p.object()
	if !ok {
		return nil, fmt.Errorf("%s: is not a piece", p.Path)
	}
	lines := linesOf(p.Path, o)
	if s := str(o, "label"); s != "" && len(lines) > 0 {
		*groups++
		group := "item" + strconv.Itoa(*groups)
		lines[0].group = group
		lines = append(lines, cardLine{group: group, name: "X-ABLABEL", value: escape(s)})
	}
	if !readsBackAs(lines, p) {
		l := cardLine{name: "JSPROP", value: escape(string(p.Value))}
		l.set("JSPTR", pointer(p.Path))
		lines = append(lines, l)
	}
	return lines, nil
}

// readsBackAs reports whether the lines alone, if read, are the piece.
func readsBackAs(lines []cardLine, p Piece) bool {
	r := newCardLines(lines)
	if err := r.read(); err != nil || len(r.got) != 1 || len(r.dropped) > 0 {
		return false
	}
	o, ok := r.got[p.Path]
	if !ok {
		return false
	}
	again, err := newPiece(p.Path, reparsed(o), &cleaner{path: p.Path})
	return err == nil && string(again.Value) == string(p.Value)
}

// pointer is the JSON pointer of a path within the Card. No id needs escapes.
func pointer(p Path) string {
	k := kindNamed(p.Kind())
	if !k.many && k.card == "" {
		return k.name
	}
	return k.property() + "/" + cardID(p)
}

// linesOf converts by kind. Payments, and what is only in JSContact, have none.
func linesOf(path Path, o object) []cardLine {
	l := cardLine{}
	if path.ID() != "" {
		l.set("PROP-ID", path.ID())
	}
	types := contextTypes(o)
	switch path.Kind() {
	case "name":
		return nameLines(o)
	case "nicknames":
		l.name, l.value = "NICKNAME", escape(str(o, "name"))
	case "organizations":
		l.name, l.value = "ORG", escape(str(o, "name"))
		for _, unit := range unitNames(o) {
			l.value += ";" + escape(unit)
		}
	case "titles":
		l.name, l.value = "TITLE", escape(str(o, "name"))
		if o["kind"] == "role" {
			l.name = "ROLE"
		}
	case "speakToAs":
		return pronounLines(o)
	case "emails":
		l.name, l.value = "EMAIL", escape(str(o, "address"))
	case "phones":
		l.name, l.value = "TEL", escape(str(o, "number"))
		if scheme.MatchString(str(o, "number")) {
			l.value = str(o, "number")
			l.set("VALUE", "uri")
		}
		types = append(types, featureTypes(o)...)
	case "addresses":
		l.name = "ADR"
		addressLine(&l, o)
	case "onlineServices":
		l.name, l.value = "SOCIALPROFILE", str(o, "uri")
		l.set("SERVICE-TYPE", str(o, "service"))
		if l.value == "" {
			l.value = escape(str(o, "user"))
			l.set("VALUE", "text")
		} else {
			l.set("USERNAME", str(o, "user"))
		}
	case "preferredLanguages":
		l.name, l.value = "LANG", str(o, "language")
	case "links":
		l.name, l.value = "URL", str(o, "uri")
		if o["kind"] == "contact" {
			l.name = "CONTACT-URI"
		}
		l.set("MEDIATYPE", str(o, "mediaType"))
	case "birthday":
		return birthdayLines(o)
	case "notes":
		l.name, l.value = "NOTE", escape(str(o, "note"))
	default:
		return nil
	}
	l.set("TYPE", types...)
	if n := num(o, "pref"); n > 0 {
		l.set("PREF", strconv.Itoa(n))
	}
	return []cardLine{l}
}

// contextTypes are the TYPE values of contexts (RFC 9555 §2.2.20).
func contextTypes(o object) []string {
	by, _ := o["contexts"].(object)
	var out []string
	for _, c := range sortedIDs(by) {
		if c == "private" {
			c = "home"
		}
		out = append(out, c)
	}
	return out
}

// featureTypes are those of a phone's features (RFC 9555 table 3).
func featureTypes(o object) []string {
	by, _ := o["features"].(object)
	out := slices.Sorted(maps.Keys(by))
	for i, f := range out {
		if f == "mobile" {
			out[i] = "cell"
		}
	}
	return out
}

// nameLines are FN, made up if there is no full name, and N.
func nameLines(o object) []cardLine {
	fn := cardLine{name: "FN", value: escape(fullName(o))}
	if str(o, "full") == "" {
		fn.set("DERIVED", "true")
	}
	if components(o) == nil {
		return []cardLine{fn}
	}
	n := cardLine{name: "N"}
	var jscomps string
	n.value, jscomps = nameLayout.write(o)
	n.set("JSCOMPS", jscomps)
	return []cardLine{fn, n}
}

func addressLine(l *cardLine, o object) {
	var jscomps string
	l.value, jscomps = addressLayout.write(o)
	l.set("JSCOMPS", jscomps)
	l.set("LABEL", str(o, "full"))
	l.set("CC", str(o, "countryCode"))
	l.set("GEO", str(o, "coordinates"))
	l.set("TZ", str(o, "timeZone"))
}

func pronounLines(o object) []cardLine {
	var out []cardLine
	if g := str(o, "grammaticalGender"); g != "" {
		out = append(out, cardLine{name: "GRAMGENDER", value: g})
	}
	by, _ := o["pronouns"].(object)
	for _, id := range sortedIDs(by) {
		v := by[id].(object)
		l := cardLine{name: "PRONOUNS", value: escape(str(v, "pronouns"))}
		l.set("PROP-ID", id)
		l.set("TYPE", contextTypes(v)...)
		if n := num(v, "pref"); n > 0 {
			l.set("PREF", strconv.Itoa(n))
		}
		out = append(out, l)
	}
	return out
}

// birthdayLines are BDAY, in the basic format that version 4 wants, and
// BIRTHPLACE where the place is a text or a point.
func birthdayLines(o object) []cardLine {
	d := o["date"].(object)
	l := cardLine{name: "BDAY"}
	switch utc := str(d, "utc"); {
	case utc != "":
		l.value = strings.NewReplacer("-", "", ":", "").Replace(utc)
		l.set("VALUE", "date-and-or-time")
	case d["day"] == nil: // 1990 and 1990-04 have no other form
		l.value = dateText(d)
	case d["year"] == nil:
		l.value = "--" + strings.ReplaceAll(dateText(d)[2:], "-", "")
	default:
		l.value = strings.ReplaceAll(dateText(d), "-", "")
	}
	out := []cardLine{l}
	place, _ := o["place"].(object)
	switch {
	case str(place, "coordinates") != "":
		p := cardLine{name: "BIRTHPLACE", value: str(place, "coordinates")}
		p.set("VALUE", "uri")
		out = append(out, p)
	case str(place, "full") != "":
		out = append(out, cardLine{name: "BIRTHPLACE", value: escape(str(place, "full"))})
	}
	return out
}
