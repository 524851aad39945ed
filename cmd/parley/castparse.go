package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

// parseCategory reads PATH or TAXONOMY:PATH, in the lower case and with the
// dashes that categories are written in.
func parseCategory(s string) intentcast.Category {
	s = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), " ", "-")
	if taxonomy, path, ok := strings.Cut(s, ":"); ok {
		return intentcast.Category{Taxonomy: taxonomy, Value: path}
	}
	return intentcast.Category{Taxonomy: "shopify", Value: s}
}

// items reads the wanted items. Requirements without an item are a want for
// anything of the category that meets them.
func (c wantFlags) items() ([]intentcast.Want, error) {
	wishes, err := parseWishes(c.Require, c.Prefer)
	if err != nil {
		return nil, err
	}
	var items []intentcast.Want
	for _, s := range c.Item {
		w, err := parseItem(s)
		if err != nil {
			return nil, err
		}
		w.Wishes = wishes
		items = append(items, w)
	}
	if len(items) == 0 && !wishes.IsZero() {
		items = []intentcast.Want{{Quantity: "1", Wishes: wishes}}
	}
	return items, nil
}

// parseItem reads NAME[:QTY], gtin:DIGITS[:QTY] or sku:NUMBER[:QTY].
func parseItem(s string) (intentcast.Want, error) {
	w := intentcast.Want{Quantity: "1"}
	if i := strings.LastIndex(s, ":"); i >= 0 && s[:i] != "gtin" && s[:i] != "sku" && money.CheckDecimal(s[i+1:]) == nil {
		s, w.Quantity = s[:i], s[i+1:]
	}
	if strings.TrimSpace(s) == "" {
		return w, wrong("--item needs a name")
	}
	switch kind, number, _ := strings.Cut(s, ":"); kind {
	case "gtin":
		w.GTIN = number
	case "sku":
		w.SKU = number
	default:
		w.Name = s
	}
	return w, nil
}

func parseWishes(require, prefer []string) (w intentcast.Wishes, err error) {
	if w.Require, err = parseConstraints(require); err != nil {
		return w, err
	}
	w.Prefer, err = parseConstraints(prefer)
	return w, err
}

func parseConstraints(list []string) ([]intentcast.Constraint, error) {
	var out []intentcast.Constraint
	for _, s := range list {
		c, err := parseConstraint(s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// comparisons in the order they are looked for: the longer ones first.
var comparisons = []struct {
	text string
	op   intentcast.Op
}{
	{"!=", intentcast.OpNe}, {"<=", intentcast.OpLe}, {">=", intentcast.OpGe},
	{"=", intentcast.OpEq}, {"<", intentcast.OpLt}, {">", intentcast.OpGt},
}

// parseConstraint reads PROPERTY[:TYPE][OP VALUE[|VALUE…]].
func parseConstraint(s string) (intentcast.Constraint, error) {
	at, op, text := len(s), intentcast.OpExists, ""
	for _, c := range comparisons {
		if i := strings.Index(s, c.text); i >= 0 && i < at {
			at, op, text = i, c.op, c.text
		}
	}
	name, kind, _ := strings.Cut(s[:at], ":")
	c := intentcast.Constraint{Property: strings.TrimSpace(name), Type: intentcast.ValueType(strings.TrimSpace(kind)), Op: op}
	if c.Property == "" {
		return c, wrong("%q names no property: write it as drive=4wd", s)
	}
	if op == intentcast.OpExists {
		if c.Type == "" {
			c.Type = intentcast.TypeText
		}
		return c, nil
	}
	values := strings.Split(s[at+len(text):], "|")
	if len(values) > 1 {
		if op != intentcast.OpEq {
			return c, wrong("%q: several values go with = alone", s)
		}
		c.Op = intentcast.OpIn
	}
	stated := c.Type
	for _, v := range values {
		typ, unit := stated, ""
		if typ == "" || typ == intentcast.TypeNumber {
			v, typ, unit = typed(strings.TrimSpace(v), stated)
		}
		if len(c.Values) > 0 && (typ != c.Type || unit != c.Unit) {
			return c, wrong("%q: all values must be of one type and unit", s)
		}
		c.Type, c.Unit = typ, unit
		c.Values = append(c.Values, strings.TrimSpace(v))
	}
	return c, nil
}

// typed tells what kind of value v is, and parts a number from its unit.
func typed(v string, as intentcast.ValueType) (string, intentcast.ValueType, string) {
	number, unit, _ := strings.Cut(v, " ")
	switch {
	case money.CheckDecimal(number) == nil:
		return number, intentcast.TypeNumber, strings.TrimSpace(unit)
	case as != "":
		return v, as, ""
	case v == "true" || v == "false":
		return v, intentcast.TypeBool, ""
	}
	if _, err := identity.ParseTime(v); err == nil {
		return v, intentcast.TypeTime, ""
	}
	return v, intentcast.TypeText, ""
}

// parseExclusions reads PROPERTY[:TEXT].
func parseExclusions(list []string) []intentcast.Exclusion {
	var out []intentcast.Exclusion
	for _, s := range list {
		property, text, _ := strings.Cut(s, ":")
		out = append(out, intentcast.Exclusion{Property: strings.TrimSpace(property), Text: strings.TrimSpace(text)})
	}
	return out
}

func (c wantFlags) place() (*intentcast.Place, error) {
	p := intentcast.Place{Name: c.Place, Region: c.Region, Geohash: c.Geohash}
	if c.Radius != "" {
		metres, err := parseMetres(c.Radius)
		if err != nil {
			return nil, err
		}
		p.Radius = metres
	}
	if p == (intentcast.Place{}) {
		return nil, nil
	}
	return &p, nil
}

// parseMetres reads 20km, 800m or a bare number of metres.
func parseMetres(s string) (uint64, error) {
	number, factor := strings.TrimSuffix(s, "m"), uint64(1)
	if km, ok := strings.CutSuffix(s, "km"); ok {
		number, factor = km, 1000
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
	if err != nil {
		return 0, wrong("--radius %q is not a distance such as 20km or 800m", s)
	}
	return n * factor, nil
}

// window reads --from, --until and --within.
func (c wantFlags) window(now time.Time) (*relcard.Window, error) {
	if c.Within > 0 {
		if c.From != "" || c.Until != "" {
			return nil, wrong("--within says until when: leave --from and --until out")
		}
		return &relcard.Window{From: identity.At(now), Until: identity.At(now.Add(c.Within))}, nil
	}
	var w relcard.Window
	var err error
	if w.From, err = parseWhen("--from", c.From, now.Location(), 0); err != nil {
		return nil, err
	}
	if w.Until, err = parseWhen("--until", c.Until, now.Location(), 1); err != nil {
		return nil, err
	}
	if w == (relcard.Window{}) {
		return nil, nil
	}
	return &w, nil
}

// parseWhen reads an instant. A bare date is its first moment, days later.
func parseWhen(flag, s string, in *time.Location, days int) (identity.Time, error) {
	if s == "" {
		return identity.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, in); err == nil {
		return identity.At(t.AddDate(0, 0, days)), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, in); err == nil {
			return identity.At(t), nil
		}
	}
	return identity.Time{}, wrong("%s %q is not a time: write 2026-03-20, \"2026-03-20 18:00\" or 2026-03-20T18:00:00Z", flag, s)
}

// parseMoney reads 'USD 500' or '500 USD'.
func parseMoney(flag, s string) (*money.Money, error) {
	if s == "" {
		return nil, nil
	}
	part := strings.Fields(s)
	if len(part) == 2 {
		for _, p := range [][2]string{{part[0], part[1]}, {part[1], part[0]}} {
			if m, err := money.New(strings.ToUpper(p[0]), p[1]); err == nil {
				return &m, nil
			}
		}
	}
	return nil, wrong("%s %q is not an amount: write it as 'USD 500'", flag, s)
}
