package profile

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// particles begin a surname of several words.
var particles = []string{"van", "von", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "du", "la", "le",
	"el", "al", "bin", "ibn", "ter", "ten", "zu", "zur", "af", "av", "st.", "mac"}

var (
	honorifics  = []string{"mr", "mrs", "ms", "mx", "miss", "dr", "prof", "sir", "rev"}
	generations = []string{"jr", "sr", "ii", "iii", "iv"}
)

// guessName splits a name where that is likely right, and else does not.
func guessName(text string) object {
	o := object{"full": text}
	words := strings.Fields(text)
	if !latin(text) || strings.ContainsAny(text, ",;&@0123456789") {
		return o
	}
	var parts []any
	add := func(kind string, words ...string) {
		parts = append(parts, object{"kind": kind, "value": strings.Join(words, " ")})
	}
	if len(words) > 2 && among(honorifics, words[0]) {
		add("title", words[0])
		words = words[1:]
	}
	generation := ""
	if n := len(words); n > 2 && among(generations, words[n-1]) {
		generation, words = words[n-1], words[:n-1]
	}
	// A surname starts at its first particle; the given name comes before.
	from := len(words) - 1
	if i := slices.IndexFunc(words[min(1, len(words)):], func(w string) bool { return among(particles, w) }); i >= 0 {
		from = min(from, i+1)
	}
	if from < 1 || from > 3 || len(words)-from > 4 {
		return o
	}
	add("given", words[0])
	for _, w := range words[1:from] {
		add("given2", w)
	}
	add("surname", words[from:]...)
	if generation != "" {
		add("generation", generation)
	}
	o["components"], o["isOrdered"] = parts, true
	return o
}

func among(list []string, word string) bool {
	return slices.Contains(list, strings.ToLower(strings.TrimSuffix(word, "."))) || slices.Contains(list, strings.ToLower(word))
}

func latin(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}

var (
	houseFirst  = regexp.MustCompile(`^(\d+[A-Za-z]?(?:[-/]\d+[A-Za-z]?)?) (.+)$`)
	unitPart    = regexp.MustCompile(`^(?i:(?:apt|apartment|unit)\.? ?\S+|# ?\S+)$`)
	suitePart   = regexp.MustCompile(`^(?i:(?:suite|ste|room)\.? ?\S+)$`)
	stateCode   = regexp.MustCompile(`^([A-Z]{2,3}) (\d{4,5}(?:-\d{4})?)$`)
	twoCapitals = regexp.MustCompile(`^[A-Z]{2}$`)
)

// guessAddress takes the country's code off the end and splits the one form
// that is hardly ever something else: number and street, unit, town, state
// and code.
func guessAddress(text string) object {
	o := object{"full": text}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	country := ""
	if last := parts[len(parts)-1]; len(parts) > 1 && twoCapitals.MatchString(last) && notCountry(last) == "" {
		country, parts = last, parts[:len(parts)-1]
		o["countryCode"] = country
	}
	n := len(parts)
	if n != 3 && n != 4 {
		return o
	}
	house := houseFirst.FindStringSubmatch(parts[0])
	state := stateCode.FindStringSubmatch(parts[n-1])
	if house == nil || state == nil || parts[n-2] == "" {
		return o
	}
	out := []any{
		object{"kind": "number", "value": house[1]}, object{"kind": separator, "value": " "},
		object{"kind": "name", "value": house[2]},
	}
	if n == 4 {
		unit := unitKind(parts[1])
		if unit == "" {
			return o
		}
		out = append(out, object{"kind": unit, "value": parts[1]})
	}
	out = append(out, object{"kind": "locality", "value": parts[n-2]}, object{"kind": "region", "value": state[1]},
		object{"kind": separator, "value": " "}, object{"kind": "postcode", "value": state[2]})
	if country != "" {
		out = append(out, object{"kind": "country", "value": country})
	}
	o["components"], o["isOrdered"], o["defaultSeparator"] = out, true, ", "
	return o
}

func unitKind(s string) string {
	switch {
	case unitPart.MatchString(s):
		return "apartment"
	case suitePart.MatchString(s):
		return "room"
	}
	return ""
}
