package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The content lines of a vCard (RFC 6350 §3.3), read and written here and not
// by the vCard library the tests compare with: that skips a malformed line in
// silence, takes the escapes out of a structured value before it is split, and
// writes parameters without quotes, so that ";", ":" and line ends in a
// person's text would end up as lines of the card.

// cardLine is one unfolded content line. Its value is still escaped.
type cardLine struct {
	group  string // lower case
	name   string // upper case
	params []cardParam
	value  string
}

type cardParam struct {
	name   string // upper case
	values []string
}

// maxLines is the most lines of one vCard.
const maxLines = 4096

// readLines unfolds and parses the lines between BEGIN and END of the one
// vCard in data.
func readLines(data []byte) ([]cardLine, error) {
	if len(data) > maxImport {
		return nil, fmt.Errorf("%d bytes, at most %d are read", len(data), maxImport)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8")
	}
	var all []cardLine
	folded := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	parse, legacy := parseLine, isLegacy(folded)
	if legacy {
		parse = parseLegacy
	}
	for i := 0; i < len(folded); {
		first := i
		var b strings.Builder
		b.WriteString(strings.TrimSuffix(folded[i], "\r"))
		for i++; i < len(folded) && folded[i] != "" && (folded[i][0] == ' ' || folded[i][0] == '\t'); i++ {
			b.WriteString(strings.TrimSuffix(folded[i][1:], "\r"))
		}
		text := b.String()
		for ; legacy && goesOn(text) && i < len(folded); i++ {
			text = text[:len(text)-1] + strings.TrimSuffix(folded[i], "\r")
		}
		if text == "" {
			continue
		}
		l, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", first+1, err)
		}
		if all = append(all, l); len(all) > maxLines {
			return nil, fmt.Errorf("more than %d lines", maxLines)
		}
	}
	return within(all)
}

// within takes BEGIN and END off the lines of one card.
func within(all []cardLine) ([]cardLine, error) {
	is := func(l cardLine, name string) bool { return l.name == name && strings.EqualFold(l.value, "VCARD") }
	n := len(all)
	if n < 2 || !is(all[0], "BEGIN") || !is(all[n-1], "END") {
		return nil, errors.New("is not one card from BEGIN:VCARD to END:VCARD")
	}
	for _, l := range all[1 : n-1] {
		if l.name == "BEGIN" || l.name == "END" {
			return nil, errors.New("holds more than one card")
		}
	}
	return all[1 : n-1], nil
}

func parseLine(s string) (cardLine, error) {
	end := strings.IndexAny(s, ";:")
	if end < 0 {
		return cardLine{}, fmt.Errorf("%.40q has no colon", s)
	}
	var l cardLine
	name := s[:end]
	if group, rest, ok := strings.Cut(name, "."); ok {
		if !token(group) {
			return cardLine{}, fmt.Errorf("%.40q is not a group", group)
		}
		l.group, name = strings.ToLower(group), rest
	}
	if !token(name) {
		return cardLine{}, fmt.Errorf("%.40q is not a property's name", name)
	}
	l.name = strings.ToUpper(name)
	rest := s[end:]
	for rest[0] == ';' {
		var p cardParam
		var err error
		if p, rest, err = parseParam(rest[1:]); err != nil {
			return cardLine{}, fmt.Errorf("%s: %w", l.name, err)
		}
		l.params = append(l.params, p)
	}
	l.value = rest[1:]
	return l, nil
}

// parseParam reads "NAME=value,value" and returns what follows, which starts
// with ';' or ':'.
func parseParam(s string) (cardParam, string, error) {
	name, rest, ok := strings.Cut(s, "=")
	if !ok || !token(name) {
		return cardParam{}, "", fmt.Errorf("%.40q is not a parameter with a value", s)
	}
	p := cardParam{name: strings.ToUpper(name)}
	for {
		var v string
		if quoted := strings.HasPrefix(rest, `"`); quoted {
			if v, rest, ok = strings.Cut(rest[1:], `"`); !ok {
				return cardParam{}, "", fmt.Errorf("parameter %s has no closing quote", p.name)
			}
		} else {
			end := strings.IndexAny(rest, `,;:"`)
			if end < 0 || rest[end] == '"' {
				return cardParam{}, "", fmt.Errorf("parameter %s has no end", p.name)
			}
			v, rest = rest[:end], rest[end:]
		}
		p.values = append(p.values, uncaret(v))
		if rest == "" || strings.IndexByte(",;:", rest[0]) < 0 {
			return cardParam{}, "", fmt.Errorf("parameter %s is followed by neither ';' nor ':'", p.name)
		}
		if rest[0] != ',' {
			return p, rest, nil
		}
		rest = rest[1:]
	}
}

func token(s string) bool {
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 80
}

// RFC 6868: what a parameter's value cannot hold is written with a caret.
var (
	caretIn  = strings.NewReplacer("^^", "^", "^n", "\n", "^'", `"`)
	caretOut = strings.NewReplacer("^", "^^", "\n", "^n", `"`, "^'")
)

func uncaret(s string) string { return caretIn.Replace(s) }

// RFC 6350 §3.4: what a value cannot hold is written with a backslash.
var escaper = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\n", `\n`)

func escape(s string) string { return escaper.Replace(s) }

// splitValue parts an escaped value at each mark that is not escaped.
func splitValue(s string, mark byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case mark:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// unescape takes the backslashes off. One before another character than those
// of §3.4 is dropped, as writers that escape too much intend.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", errors.New("ends in a lone backslash")
		}
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// get returns the first value of a parameter, or "".
func (l *cardLine) get(name string) string {
	if vs := l.all(name); len(vs) > 0 {
		return vs[0]
	}
	return ""
}

// all returns every value of a parameter, which may be given more than once.
func (l *cardLine) all(name string) []string {
	var out []string
	for _, p := range l.params {
		if p.name == name {
			out = append(out, p.values...)
		}
	}
	return out
}

// set adds a parameter unless it would be empty.
func (l *cardLine) set(name string, values ...string) {
	values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
	if len(values) > 0 {
		l.params = append(l.params, cardParam{name, values})
	}
}

// maxLine is where lines are folded, in bytes (RFC 6350 §3.2).
const maxLine = 75

// append writes the line, folded, after b.
func (l *cardLine) append(b []byte) []byte {
	var s strings.Builder
	if l.group != "" {
		s.WriteString(l.group + ".")
	}
	s.WriteString(l.name)
	for _, p := range l.params {
		for i, v := range p.values {
			if i == 0 {
				s.WriteString(";" + p.name + "=")
			} else {
				s.WriteByte(',')
			}
			s.WriteString(quoteParam(p.name, v))
		}
	}
	s.WriteString(":" + l.value)
	width := 0
	for _, r := range s.String() {
		n := utf8.RuneLen(r)
		if width+n > maxLine {
			b = append(b, "\r\n "...)
			width = 1
		}
		b = utf8.AppendRune(b, r)
		width += n
	}
	return append(b, "\r\n"...)
}

// quoteParam quotes all but plain words; RFC 9555 wants two parameters quoted
// whatever they hold.
func quoteParam(name, v string) string {
	if token(v) && name != "JSCOMPS" && name != "JSPTR" {
		return v
	}
	return `"` + caretOut.Replace(v) + `"`
}
