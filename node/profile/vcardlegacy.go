package profile

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode/utf8"
)

// vCard 2.1 (versit, 1996) is what Outlook on a desktop still writes. It
// differs from what came after in how a line is written, so its lines are put
// into the later form before they are read: a parameter may be a bare value,
// text may be quoted-printable with breaks of its own, and only ';' is escaped.

// isLegacy reports whether the lines are of a vCard 2.1.
func isLegacy(lines []string) bool {
	return slices.ContainsFunc(lines, func(l string) bool {
		return strings.EqualFold(strings.TrimSuffix(l, "\r"), "VERSION:2.1")
	})
}

// legacyParams are bare values that are no TYPE.
var legacyParams = map[string]string{
	"QUOTED-PRINTABLE": "ENCODING", "BASE64": "ENCODING", "7BIT": "ENCODING", "8BIT": "ENCODING",
	"INLINE": "VALUE", "URL": "VALUE", "CID": "VALUE", "CONTENT-ID": "VALUE",
}

// goesOn reports whether quoted-printable text goes on in the next line.
func goesOn(line string) bool {
	head, value, ok := strings.Cut(line, ":")
	return ok && strings.HasSuffix(value, "=") && strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// parseLegacy reads an unfolded line of a vCard 2.1.
func parseLegacy(s string) (cardLine, error) {
	head, value, ok := strings.Cut(s, ":")
	if !ok {
		return cardLine{}, fmt.Errorf("%.40q has no colon", s)
	}
	parts := strings.Split(head, ";")
	for i, p := range parts[1:] {
		if strings.Contains(p, "=") {
			continue
		}
		name := legacyParams[strings.ToUpper(p)]
		if name == "" {
			name = "TYPE"
		}
		parts[i+1] = name + "=" + p
	}
	l, err := parseLine(strings.Join(parts, ";") + ":")
	if err != nil {
		return l, err
	}
	if strings.EqualFold(l.get("ENCODING"), "QUOTED-PRINTABLE") {
		b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value)))
		if err != nil || !utf8.Valid(b) {
			return l, fmt.Errorf("%s: its quoted-printable text is not UTF-8 text", l.name)
		}
		value = strings.ReplaceAll(string(b), "\r\n", "\n")
		l.params = slices.DeleteFunc(l.params, func(p cardParam) bool { return p.name == "ENCODING" })
	}
	// A language of a name is the writer's own, and names no second script.
	l.params = slices.DeleteFunc(l.params, func(p cardParam) bool { return p.name == "CHARSET" || p.name == "LANGUAGE" })
	l.value = legacyValue(value)
	return l, nil
}

// legacyValue escapes what later versions do: an escaped ';' stays one.
func legacyValue(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == ';':
			b.WriteString(`\;`)
			i++
		case c == '\\' || c == ',':
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// addressFields is how many fields an address had before RFC 9554 added some.
const addressFields = 7

// cutAddress takes off what is after the fields that an address had before
// version 4: Google writes the whole address there once more, which is no room.
func cutAddress(lines []cardLine) {
	if !slices.ContainsFunc(lines, func(l cardLine) bool { return l.name == "VERSION" && l.value != "4.0" }) {
		return
	}
	for i, l := range lines {
		if fields := splitValue(l.value, ';'); l.name == "ADR" && len(fields) > addressFields {
			lines[i].value = strings.Join(fields[:addressFields], ";")
		}
	}
}
