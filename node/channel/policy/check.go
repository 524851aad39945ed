package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
)

const (
	policyVersion = 1
	maxName       = 80   // bytes of a rule's name
	maxWhen       = 1000 // characters of a rule's expression
	maxRules      = 64   // in one list
	maxChannels   = 10_000
	maxZone       = 64 // bytes
)

func invalid(field, format string, args ...any) error {
	return &channel.FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Check reports whether p is well formed, apart from its rules' expressions.
// The error is a [*channel.FieldError].
func (p Policy) Check() error {
	if p.Version != policyVersion {
		return invalid("v", "is %d, known is %d", p.Version, policyVersion)
	}
	if err := p.Global.check(); err != nil {
		return err
	}
	if len(p.Channels) > maxChannels {
		return invalid("channels", "%d, the most is %d", len(p.Channels), maxChannels)
	}
	for _, card := range p.cards() {
		c := p.Channels[card]
		if card.IsZero() {
			return invalid("channels", "one names no card")
		}
		if err := checkKinds(field(card)+".kinds", c.Kinds); err != nil {
			return err
		}
		if err := checkRules(field(card)+".rules", c.Rules); err != nil {
			return err
		}
	}
	return nil
}

// cards returns the keys of p.Channels in one order, so that the first error is
// the same each time.
func (p Policy) cards() []dagcbor.CID {
	return slices.SortedFunc(maps.Keys(p.Channels), func(a, b dagcbor.CID) int {
		return strings.Compare(a.String(), b.String())
	})
}

func field(card dagcbor.CID) string { return "channels." + card.String() }

func (g Global) check() error {
	if _, err := g.location(); err != nil {
		return invalid("global.zone", "%s", err)
	}
	if g.Quiet != nil {
		if _, err := g.Quiet.window(); err != nil {
			return invalid("global.quiet", "%s", err)
		}
	}
	if err := checkKinds("global.kinds", g.Kinds); err != nil {
		return err
	}
	if a, ok := g.Kinds[channel.KindRecall]; ok && a != Notify {
		return invalid("global.kinds.recall", "a recall notifies, for safety's sake; a rule or one channel may say otherwise")
	}
	return checkRules("global.rules", g.Rules)
}

// location resolves the zone by its name in the time zone database. "Local"
// would mean another zone on each machine.
func (g Global) location() (*time.Location, error) {
	if len(g.Zone) > maxZone || g.Zone == "Local" {
		return nil, fmt.Errorf("%.40q is no IANA time zone", g.Zone)
	}
	loc, err := time.LoadLocation(g.Zone)
	if err != nil {
		return nil, fmt.Errorf("%.40q is no IANA time zone known here", g.Zone)
	}
	return loc, nil
}

func checkKinds(field string, kinds map[channel.Kind]Action) error {
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if !k.Known() {
			return invalid(field, "%.40q is no known kind", string(k))
		}
		if a := kinds[k]; !a.known() {
			return invalid(field+"."+string(k), "%.40q is none of notify, inbox, digest, drop", string(a))
		}
	}
	return nil
}

func checkRules(list string, rules []Rule) error {
	if len(rules) > maxRules {
		return invalid(list, "%d rules, the most is %d", len(rules), maxRules)
	}
	for i, r := range rules {
		at := fmt.Sprintf("%s[%d]", list, i)
		switch {
		case r.Name == "" || len(r.Name) > maxName || strings.TrimSpace(r.Name) != r.Name || !printable(r.Name):
			return invalid(at+".name", "%.80q is not 1 to %d bytes on one line", r.Name, maxName)
		case slices.ContainsFunc(rules[:i], func(q Rule) bool { return q.Name == r.Name }):
			return invalid(at+".name", "%q is there twice", r.Name)
		case strings.TrimSpace(r.When) == "":
			return invalid(at+".when", "rule %q has no expression", r.Name)
		case !utf8.ValidString(r.When):
			return invalid(at+".when", "rule %q is not UTF-8", r.Name)
		case utf8.RuneCountInString(r.When) > maxWhen:
			return invalid(at+".when", "rule %q has %d characters, the most is %d", r.Name, utf8.RuneCountInString(r.When), maxWhen)
		case !r.Do.known():
			return invalid(at+".do", "%.40q is none of notify, inbox, digest, drop", string(r.Do))
		}
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
