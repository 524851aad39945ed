package canary

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as it survives being copied about: letters and digits alone,
// in small letters, without accents. edge[i] is what stood before byte i.
type folded struct {
	s    string
	edge []edge
}

// edge is what parts two bytes of a folded text.
type edge byte

const (
	none edge = iota // nothing: they are of one word
	soft             // a space, a comma and such
	hard             // what parts one field from another
)

func fold(s string) folded {
	out := make([]byte, 0, len(s))
	edges := append(make([]edge, 0, len(s)+1), hard)
	for _, r := range decomposed(s) {
		at := len(out)
		switch {
		case counts(r):
			out = utf8.AppendRune(out, unicode.ToLower(r))
			for len(edges) <= len(out) {
				edges = append(edges, none)
			}
			if dense(r) {
				edges[at] = max(edges[at], soft)
				edges[len(out)] = soft
			}
		case unicode.Is(unicode.Mn, r): // an accent, now apart from its letter
		case strings.ContainsRune("<>@;:|\"{}[]()=\t\n", r):
			edges[at] = hard
		default:
			edges[at] = max(edges[at], soft)
		}
	}
	edges[len(out)] = hard
	return folded{string(out), edges}
}

// keyOf is fold(s).s.
func keyOf(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range decomposed(s) {
		if counts(r) {
			out = utf8.AppendRune(out, unicode.ToLower(r))
		}
	}
	return string(out)
}

// decomposed takes accents off their letters; ASCII has none.
func decomposed(s string) string {
	if norm.NFKD.IsNormalString(s) {
		return s
	}
	return norm.NFKD.String(s)
}

func counts(r rune) bool {
	if r < utf8.RuneSelf {
		return alphanumeric(byte(r)) || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// dense reports whether r is of a script written without spaces.
func dense(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// holds reports whether key stands in f from one word's start to another's end.
// A key too short to mean anything within a text must be the whole of it.
func (f folded) holds(key string) bool {
	if utf8.RuneCountInString(key) < 4 {
		return key != "" && f.s == key
	}
	return f.hasWord(key)
}

// hasWord is holds for a key of any length.
func (f folded) hasWord(key string) bool {
	for from := 0; key != ""; {
		i := strings.Index(f.s[from:], key)
		if i < 0 {
			break
		}
		if i += from; f.edge[i] != none && f.edge[i+len(key)] != none {
			return true
		}
		from = i + 1
	}
	return false
}

// holdsTurned reports whether f holds key as a name with the surname first: no
// bracket or other field's mark within it, and no initial behind it.
func (f folded) holdsTurned(key string) bool {
	i := strings.Index(f.s, key)
	if i < 0 || utf8.RuneCountInString(key) < 4 {
		return false
	}
	end := i + len(key)
	if f.edge[i] == none || f.edge[end] == none || slices.Contains(f.edge[i+1:end], hard) {
		return false
	}
	return end+1 >= len(f.edge) || f.edge[end] == hard || f.edge[end+1] == none || f.s[end] < 'a' || f.s[end] > 'z'
}

// addresses returns the e-mail addresses in s, in small letters: bare, in a
// header's angle brackets, or percent-encoded in a link.
func addresses(s string) map[string]bool {
	s = strings.ToLower(strings.NewReplacer("%2B", "+", "%2b", "+", "%40", "@").Replace(s))
	out := map[string]bool{}
	for i := range len(s) {
		if s[i] != '@' {
			continue
		}
		from, to := i, i+1
		for from > 0 && localByte(s[from-1]) {
			from--
		}
		for to < len(s) && (s[to] == '.' || s[to] == '-' || s[to] >= 0x80 || alphanumeric(s[to])) {
			to++
		}
		domain := strings.Trim(s[i+1:to], ".-")
		if from < i && domain != "" {
			out[strings.TrimLeft(s[from:i], ".'")+"@"+domain] = true
		}
	}
	return out
}

// localByte is an atext or dot of RFC 5322 §3.2.3 that is seen in addresses.
func localByte(c byte) bool {
	return alphanumeric(c) || c >= 0x80 || strings.IndexByte(".!#$&'*+-/^_`{|}~", c) >= 0
}

func alphanumeric(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' }

// numbers returns the digits of each run that may be a phone number.
func numbers(s string) []string {
	var out []string
	run := ""
	for _, r := range s + "\n" {
		switch {
		case '0' <= r && r <= '9':
			run += string(r)
		case strings.ContainsRune(" ()+-./\u00a0\u2011", r):
		default:
			if len(run) >= minDigits {
				out = append(out, run)
			}
			run = ""
		}
	}
	return out
}

// minDigits is the fewest digits by which a phone number is known.
const minDigits = 7

// dialled reports whether the run holds the number given, with or without the
// country's code, the trunk's 0 and whatever stands around it.
func dialled(run, given string) bool {
	given = strings.TrimLeft(given, "0")
	run = strings.TrimLeft(run, "0")
	if len(given) < minDigits {
		return false
	}
	return strings.Contains(run, given) || len(run) >= minDigits && strings.HasSuffix(given, run)
}
