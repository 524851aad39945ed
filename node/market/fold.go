package market

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold returns the form in which names, categories and text values are
// compared: Unicode NFKC, full case folding, invisible characters dropped,
// white space collapsed (The Unicode Standard 3.13, toNFKC_Casefold, and
// UAX 15). Diacritics stay: "jalapeño" is not "jalapeno".
func fold(s string) string {
	if folded(s) {
		return s
	}
	if a, ok := foldASCII(s); ok {
		return a
	}
	// What is invisible goes first, lest it keep a letter and its accent apart,
	// and again last, for compatibility forms that turn into it.
	s = norm.NFKC.String(strings.Map(visible, s))
	s = strings.Map(cherokee, cases.Fold().String(s))
	s = norm.NFKC.String(strings.Map(visible, norm.NFKC.String(s)))
	return strings.Join(strings.Fields(s), " ")
}

// cherokee folds to capitals the one script whose case folding does so
// (CaseFolding.txt); x/text v0.43 swaps its two cases instead.
func cherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// folded reports that s is ASCII in its folded form already, so that the
// common case costs one pass.
func folded(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || c < ' ' || c == 0x7f || ('A' <= c && c <= 'Z') || (c == ' ' && last == ' ') {
			return false
		}
		last = c
	}
	return s == "" || last != ' '
}

// foldASCII folds text that is ASCII, for which folding is lower case and
// white space alone.
func foldASCII(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return "", false
		case c == ' ' || ('\t' <= c && c <= '\r'):
			if len(b) > 0 && b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	return strings.TrimSuffix(string(b), " "), true
}

// visible drops characters that show nothing: format characters, variation
// selectors and the blank Hangul fillers.
func visible(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return -1
	}
	return r
}

// property returns the form in which properties are compared: folded, with
// white space, '-' and '_' as one, so that "Prepaid fuel" is "prepaid_fuel".
func property(s string) string {
	s = fold(s)
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '-') < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c == ' ' || c == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// folder remembers what it folded: the offers of a market repeat each other's
// words.
type folder struct{ names, properties map[string]string }

func newFolder() folder { return folder{map[string]string{}, map[string]string{}} }

func (f folder) fold(s string) string     { return remember(f.names, s, fold) }
func (f folder) property(s string) string { return remember(f.properties, s, property) }

func remember(m map[string]string, s string, fold func(string) string) string {
	if folded, ok := m[s]; ok {
		return folded
	}
	folded := fold(s)
	m[s] = folded
	return folded
}

// tokens returns the distinct words of s that can tell things apart: folded,
// of three letters or more (a script without cases says much with fewer), a
// plural s dropped. They serve suggestions, never an automatic match.
func tokens(s string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
		if len(w) < 3 {
			continue
		}
		if len(w) > 3 && w[len(w)-1] == 's' && w[len(w)-2] != 's' {
			w = w[:len(w)-1]
		}
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// lookalikes are scripts whose letters look like each other's.
var lookalikes = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee}

// mixedScript reports whether one word of s mixes scripts whose letters look
// alike, as "insurаnce" with a Cyrillic а does (UTS 39, mixed-script
// detection). An exclusion could be dodged so.
func mixedScript(s string) bool {
	if ascii(s) {
		return false
	}
	var of *unicode.RangeTable
	for _, r := range norm.NFKC.String(s) {
		if !unicode.IsLetter(r) {
			of = nil
			continue
		}
		for _, t := range lookalikes {
			if !unicode.Is(t, r) {
				continue
			}
			if of != nil && of != t {
				return true
			}
			of = t
		}
	}
	return false
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// quote returns foreign text short and with nothing invisible in it, for a
// sentence a person reads.
func quote(s string) string {
	const most = 60
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if visible(r) < 0 || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return "“" + s + "”"
}
