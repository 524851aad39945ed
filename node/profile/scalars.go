package profile

import (
	"encoding/json"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// maxText is the longest text in one field, in bytes.
const maxText = 1024

// text reads a line of text; lines reads text that may have line ends;
// verbatim reads a separator, which may be empty or blank.
func text(c *cleaner, at string, v any) (any, error)     { return readText(c, at, v, false, false) }
func lines(c *cleaner, at string, v any) (any, error)    { return readText(c, at, v, true, false) }
func verbatim(c *cleaner, at string, v any) (any, error) { return readText(c, at, v, true, true) }

func readText(c *cleaner, at string, v any, multi, blank bool) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, c.fault(at, "is not text")
	}
	if c.lax { // what other programs write for a line end and a tab
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\t", " ")
	}
	if len(s) > maxText {
		return nil, c.fault(at, "%d bytes, at most %d are kept", len(s), maxText)
	}
	if !blank && strings.TrimSpace(s) == "" {
		return nil, c.fault(at, "is empty")
	}
	for i, r := range s {
		if unicode.IsControl(r) && (r != '\n' || !multi) {
			return nil, c.fault(at, "control character %U at byte %d", r, i)
		}
	}
	return s, nil
}

// checked reads a line of text for which problem returns "".
func checked(problem func(string) string) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		s, err := text(c, at, v)
		if err != nil {
			return nil, err
		}
		if p := problem(s.(string)); p != "" {
			return nil, c.fault(at, "%.60q %s", s, p)
		}
		return s, nil
	}
}

// enum reads one of the values; implied, if given, is the one left out.
func enum(implied string, values ...string) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		s, ok := v.(string)
		switch {
		case !ok:
			return nil, c.fault(at, "is not text")
		case implied != "" && s == implied:
			return nil, nil
		case !slices.Contains(values, s):
			return nil, c.unknown(at, strconv.Quote(clip(s))+" is not one of "+strings.Join(values, ", "))
		}
		return s, nil
	}
}

func clip(s string) string { return s[:min(len(s), 40)] }

// flags reads a set: a map of names to true. None is left out.
func flags(values ...string) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		in, ok := v.(object)
		if !ok {
			return nil, c.fault(at, "is not a set")
		}
		out := object{}
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if in[name] != true {
				return nil, c.fault(join(at, name), "is not true")
			}
			if slices.Contains(values, name) {
				out[name] = true
			} else if err := c.unknown(join(at, name), "is not one of "+strings.Join(values, ", ")); err != nil {
				return nil, err
			}
		}
		if len(out) == 0 {
			return nil, nil
		}
		return out, nil
	}
}

// number reads a whole number from least to most.
func number(least, most int) reader {
	return func(c *cleaner, at string, v any) (any, error) {
		n, ok := v.(json.Number)
		i, err := strconv.Atoi(string(n))
		if !ok || err != nil || i < least || i > most {
			return nil, c.fault(at, "is not a whole number from %d to %d", least, most)
		}
		return i, nil
	}
}

// yes reads a boolean of which only true is kept.
func yes(c *cleaner, at string, v any) (any, error) {
	switch v {
	case true:
		return true, nil
	case false:
		return nil, nil
	}
	return nil, c.fault(at, "is neither true nor false")
}

// notEmail is the rule of RFC 9553 §2.3.1: an addr-spec (RFC 5322 §3.4.1),
// without comments, and no longer than mail can carry (RFC 5321 §4.5.3.1.3).
func notEmail(s string) string {
	a, err := mail.ParseAddress("<" + s + ">")
	if err != nil || len(s) > 254 || (&mail.Address{Address: a.Address}).String() != "<"+s+">" {
		return "is not an e-mail address"
	}
	return ""
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// notPhone is the rule of RFC 9553 §2.3.3, a URI or free text, held to what
// can be dialled: at least three digits in at most 64 bytes.
func notPhone(s string) string {
	if scheme.MatchString(s) {
		return notURI(s)
	}
	digits := 0
	for _, c := range []byte(s) {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	if digits < 3 || len(s) > 64 {
		return "is not a phone number"
	}
	return ""
}

// notURI is RFC 3986 syntax, less the schemes that run or carry content: a
// link is shown to be clicked on.
func notURI(s string) string {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>\^`+"`{|}", c) >= 0 {
			return "is not a URI: it must be percent-encoded"
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" && u.Path == "":
		return "is not a URI with its scheme"
	case slices.Contains([]string{"javascript", "vbscript", "data", "blob"}, strings.ToLower(u.Scheme)):
		return "has a scheme that is not followed"
	}
	return ""
}

func notGeo(s string) string {
	if p := notURI(s); p != "" || !strings.HasPrefix(s, "geo:") {
		return `is not a "geo:" URI`
	}
	return ""
}

func notLanguage(s string) string {
	if _, err := language.Parse(s); err != nil {
		return "is not a language tag"
	}
	return ""
}

func notCountry(s string) string {
	r, err := language.ParseRegion(s)
	if err != nil || len(s) != 2 || strings.ToUpper(s) != s || !r.IsCountry() {
		return "is not an ISO 3166-1 alpha-2 code"
	}
	return ""
}

func notScript(s string) string {
	if len(s) != 4 {
		return "is not a script"
	}
	if _, err := language.ParseScript(s); err != nil {
		return "is not a script"
	}
	return ""
}

var zone = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// notZone checks the form alone: the database changes and is not read here.
func notZone(s string) string {
	if !zone.MatchString(s) {
		return "is not a time zone's name"
	}
	return ""
}

func notUTC(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Format(time.RFC3339Nano) != s {
		return "is not a time in UTC"
	}
	return ""
}
