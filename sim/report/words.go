package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// meanings are what known names say in plain words. Others are shown as they
// are, with spaces.
var meanings = map[string]string{
	"participants": "Participants", "people": "People taking part", "vendors": "Vendors taking part",
	"adopters": "Adopters", "people_share": "Share of people taking part", "vendors_share": "Share of vendors taking part",
	"joined": "Joined", "left": "Left", "growth": "Growth: participants at the end, to a seed",
	"peak_share": "Largest share that took part", "peak_step": "Step when most joined", "places_alive": "Places with a living market",
	"intents": "Intents", "fill_network": "Intents filled by the network", "fill_incumbent": "Intents filled by the incumbent",
	"fill_none": "Intents nobody filled", "fill_members": "Members' intents filled by the network",
	"served_share": "Members' intents that a vendor serves", "answered_share": "Members' intents answered",
	"price_network": "Price paid over the network", "price_incumbent": "Price paid to the incumbent",
	"surplus": "Surplus per intent", "gain_person": "A person's gain per step", "gain_vendor": "A vendor's gain per step",
	"known": "Intents whose author became known", "known_incumbent": "Intents the incumbent knows the author of",
	"messages_each": "Messages per node and step", "bytes_each": "Bytes per node and step", "copies": "Copies per delivery",
	"delay_seconds": "Delay until an intent is heard", "answer_seconds": "Time until the first answer",
	"delay_p50_seconds": "Delay, median", "delay_p90_seconds": "Delay, 90th percentile", "delay_p99_seconds": "Delay, 99th percentile",
}

// units that end a name.
var units = map[string]string{
	"seconds": "seconds", "bytes": "bytes", "ms": "ms", "share": "share",
}

// title says what a name means.
func title(name string) string {
	if m, ok := meanings[name]; ok {
		return m
	}
	s := strings.ReplaceAll(name, "_", " ")
	if s == "" {
		return "(no name)"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// unit is what a name's number is counted in, "" where it doesn't say.
func unit(name string) string {
	last := name[strings.LastIndexByte(name, '_')+1:]
	if u, ok := units[last]; ok {
		return u
	}
	switch {
	case strings.HasPrefix(name, "bytes"):
		return "bytes"
	case strings.HasPrefix(name, "fill_"):
		return "share"
	case strings.HasPrefix(name, "price_"), name == "surplus", strings.HasPrefix(name, "gain_"):
		return "money"
	}
	return ""
}

// important are names from which the overview and the first figures are taken,
// the most telling first.
var important = []string{
	"participants", "adopters", "people_share", "people", "vendors", "fill_network", "fill_members", "surplus",
	"price_network", "delay_p50_seconds", "delay_p99_seconds", "copies", "bytes_each", "known", "gain_person", "gain_vendor",
}

// rank orders names: the important, then the others as they came.
func rank(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range important {
		if slices.Contains(names, n) {
			out = append(out, n)
		}
	}
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// shortField leaves the part's name out of a path.
func shortField(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// names of axes, short where that is clear.
func axisNames(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = shortField(f)
		for j, g := range fields {
			if i != j && shortField(g) == shortField(f) {
				out[i] = f
			}
		}
	}
	return out
}

// written writes a setting's value.
func written(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	return clip(fmt.Sprint(v), 60)
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
