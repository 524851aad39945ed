package canary

import (
	"slices"
	"strings"

	"github.com/parley-network/parley/node/profile"
)

// turnedName marks a wording with the surname first, behind which initials may
// come that make it another name: "DOE, JO K R".
const turnedName = "\x00"

// wordings are the texts a name, an address or another piece may be written
// as, the usual one first.
func wordings(g *Given, full string, parts []part) []string {
	out := []string{full}
	if full == "" {
		out[0] = profile.Text(profile.Piece{Path: g.Path, Value: g.Value})
	}
	if parts != nil {
		if g.Path.Kind() == "name" {
			given, surname := valuesOf(parts, "given", "given2"), valuesOf(parts, "surname", "surname2")
			out = append(out, given+" "+surname, turnedName+surname+" "+given)
		} else if street := valuesOf(parts, "number", "name"); street != valuesOf(parts, "number") && street != valuesOf(parts, "name") {
			out = append(out, valuesOf(parts, "number", "name", "apartment", "room", "locality", "region", "postcode"))
		}
	}
	return out
}

func valuesOf(parts []part, kinds ...string) string {
	var out []string
	for _, k := range kinds {
		for _, p := range parts {
			if p.Kind == k {
				out = append(out, p.Value)
			}
		}
	}
	return strings.Join(out, " ")
}

// findText looks for a name, or any other piece that is a text.
func (l *leak) findText(g *Given, texts []string) []found {
	var out []found
	tagged := g.Tag != "" && g.Kind == Initials
	if l.anyOf(texts) {
		keys := []string{textKey(g, texts[0]), plainKey(g)}
		if tagged {
			keys = keys[:1]
		}
		out = append(out, found{given: g, keys: keys, canary: tagged})
	}
	if !tagged {
		return out
	}
	in := g.Tag.initials()
	for i, t := range texts {
		texts[i] = strings.Replace(t, in[0]+" "+in[1], "", 1)
	}
	if l.anyOf(texts) {
		out = append(out, found{given: g, keys: []string{plainKey(g)}, stripped: true})
	}
	return out
}

func (l *leak) anyOf(texts []string) bool {
	return slices.ContainsFunc(texts, func(t string) bool {
		if name, turned := strings.CutPrefix(t, turnedName); turned {
			return l.text.holdsTurned(keyOf(name))
		}
		return l.text.holds(keyOf(t))
	})
}

// textKey is the same for equal texts of the same kind of piece, whatever the
// id they have with each relationship.
func textKey(g *Given, text string) string { return g.Path.Kind() + " " + keyOf(text) }

// plainKey is the same for all plain values of a kind that are in the leak.
// One may be part of another, or be the same in other words, so each of them
// may be where the leak came from.
func plainKey(g *Given) string { return "plain " + g.Path.Kind() }

// findAddress looks for a postal address. A Unit canary is known by its code,
// alone or behind the unit's number, beside another word of the address: the
// rest is often rewritten on the way.
func (l *leak) findAddress(g *Given, texts []string) []found {
	if g.Tag == "" || g.Kind != Unit {
		return l.findText(g, texts)
	}
	var out []found
	code := g.Tag.unitCode()
	if l.coded(texts, code) || l.anyOf(texts) {
		out = append(out, found{given: g, keys: []string{textKey(g, texts[0]), "unit " + code}, canary: true})
	}
	plain := make([]string, len(texts))
	for i, t := range texts {
		t = strings.Replace(t, "Unit "+code, "", 1)
		plain[i] = strings.Replace(t, "-"+code, "", 1)
	}
	if l.anyOf(plain) {
		out = append(out, found{given: g, keys: []string{plainKey(g)}, stripped: true})
	}
	return out
}

// coded reports whether the leak has the code, and another word of the address
// of three letters or digits at least.
func (l *leak) coded(texts []string, code string) bool {
	seen, beside := false, false
	for _, t := range texts {
		for _, word := range strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(" ,.;\n", r) }) {
			key := keyOf(word)
			switch {
			case strings.HasSuffix(word, code):
				seen = seen || l.text.hasWord(key) || l.text.hasWord(keyOf(code))
			case len(key) >= 3 && !unitWord[key]:
				beside = beside || l.text.hasWord(key)
			}
		}
	}
	return seen && beside
}

// unitWord are words that stand beside any code.
var unitWord = map[string]bool{"unit": true, "apt": true, "apartment": true, "suite": true, "ste": true, "room": true}
