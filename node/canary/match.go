package canary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/node/profile"
)

// Given is one piece as one relationship was given it. Kind and Tag are those
// of a canary, and empty for a plain value.
type Given struct {
	Card   string          `json:"card"`   // the relationship
	Vendor string          `json:"vendor"` // for people
	Path   profile.Path    `json:"path"`
	Value  json.RawMessage `json:"value"`
	Since  time.Time       `json:"since"`
	Kind   Kind            `json:"kind,omitempty"`
	Tag    Tag             `json:"tag,omitempty"`
}

// Certainty says how much a hit proves.
type Certainty string

// The certainties, from the most.
const (
	Certain Certainty = "canary"  // the canary of this relationship, and of no other
	Sole    Certainty = "sole"    // a plain value that no other was given
	Several Certainty = "several" // any of Of relationships
)

// Hit is one relationship from which a value may have come.
type Hit struct {
	Given     Given     `json:"given"`
	Certainty Certainty `json:"certainty"`
	Of        int       `json:"of"`                 // relationships it may have been, this one included
	Stripped  bool      `json:"stripped,omitempty"` // its canary's mark is not in the value
	Reason    string    `json:"reason"`             // for people
}

// maxLeak is how much of a leaked text is looked at, in bytes.
const maxLeak = 16 << 10

// Match returns the relationships that a leaked text may have come from, the
// most certain first. The text may be a bare value, a mail header or a record
// with the value in it; letter case, spaces, punctuation and accents do not
// count, nor does the form of a phone number. Only its first 16 KiB are looked
// at. A relationship stands once for each value of its own that is found. It
// takes time in proportion to given.
func Match(value string, given []Given) []Hit {
	if len(value) > maxLeak {
		value = strings.ToValidUTF8(value[:maxLeak], "")
	}
	l := newLeak(value)
	groups := map[string]*group{}
	for i := range given {
		for _, f := range l.find(&given[i]) {
			into(groups, f)
		}
	}
	var hits []Hit
	done := map[*group]bool{}
	for _, g := range groups {
		if !done[g] {
			done[g] = true
			hits = append(hits, g.hits()...)
		}
	}
	doubt(hits)
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(rank(a)-rank(b), a.Of-b.Of, cmp.Compare(a.Given.Card, b.Given.Card),
			cmp.Compare(a.Given.Path, b.Given.Path), cmp.Compare(string(a.Given.Value), string(b.Given.Value)))
	})
	return hits
}

// doubt takes back that a plain value is its holder's alone where a canary of
// the same kind was seen: the plain value may be part of it.
func doubt(hits []Hit) {
	certain := map[string]int{}
	for _, h := range hits {
		if h.Certainty == Certain {
			certain[h.Given.Path.Kind()]++
		}
	}
	for i := range hits {
		h := &hits[i]
		if n := certain[h.Given.Path.Kind()]; n > 0 && h.Certainty == Sole {
			h.Certainty, h.Of = Several, n+1
			h.Reason = "a plain value beside a canary, of which it may be part"
		}
	}
}

// into puts what was found into the group of its keys; where they stand for
// several groups, those become one.
func into(groups map[string]*group, f found) {
	g := groups[f.keys[0]]
	for _, k := range f.keys[1:] {
		other := groups[k]
		switch {
		case g == nil:
			g = other
		case other != nil && other != g:
			if len(other.cards) > len(g.cards) {
				g, other = other, g
			}
			for _, was := range other.cards {
				g.add(was)
			}
			for _, k := range other.keys {
				groups[k] = g
			}
			g.keys = append(g.keys, other.keys...)
		}
	}
	if g == nil {
		g = &group{cards: map[string]found{}}
	}
	for _, k := range f.keys {
		if groups[k] != g {
			groups[k] = g
			g.keys = append(g.keys, k)
		}
	}
	g.add(f)
}

func rank(h Hit) int {
	r := 2 * slices.Index([]Certainty{Certain, Sole, Several}, h.Certainty)
	if h.Stripped {
		r++
	}
	return r
}

// found is one given value seen in the leak.
type found struct {
	given    *Given
	keys     []string // shared with those that cannot be told apart from it by what was seen
	canary   bool
	stripped bool
}

// group is the relationships that one thing seen may have come from.
type group struct {
	keys  []string
	cards map[string]found
}

// add keeps one of each relationship: the best seen, then the earliest.
func (g *group) add(f found) {
	was, ok := g.cards[f.given.Card]
	if !ok || was.stripped && !f.stripped || was.stripped == f.stripped && f.given.Since.Before(was.given.Since) {
		g.cards[f.given.Card] = f
	}
}

func (g *group) hits() []Hit {
	n := len(g.cards)
	var out []Hit
	for _, f := range g.cards {
		h := Hit{Given: *f.given, Certainty: Several, Of: n, Stripped: f.stripped,
			Reason: fmt.Sprintf("could be any of these %d: each was given it", n)}
		switch {
		case f.stripped && n == 1:
			h.Reason = "this one was given a canary, and its mark may have been taken off; others may know the plain value"
		case f.stripped:
			h.Reason = fmt.Sprintf("could be any of these %d: this one was given a canary, and its mark may have been taken off", n)
		case n == 1 && f.canary:
			h.Certainty, h.Reason = Certain, "the canary that was given to this one alone"
		case n == 1:
			h.Certainty, h.Reason = Sole, "a value that no other here was given"
		}
		out = append(out, h)
	}
	return out
}

// leak is a leaked text in the forms it is searched in.
type leak struct {
	text    folded
	mails   map[string]bool
	numbers []string
}

func newLeak(s string) *leak {
	return &leak{fold(s), addresses(s), numbers(s)}
}

// find returns the ways in which a given value is in the leak: as it is, or
// with its mark taken off.
func (l *leak) find(g *Given) []found {
	var v struct {
		Address, Number, Full string
		Components            []part
	}
	if json.Unmarshal(g.Value, &v) != nil {
		return nil
	}
	switch g.Path.Kind() {
	case "emails":
		return l.findMail(g, strings.ToLower(v.Address))
	case "phones":
		return l.findPhone(g, v.Number)
	case "addresses":
		return l.findAddress(g, wordings(g, v.Full, v.Components))
	}
	return l.findText(g, wordings(g, v.Full, v.Components))
}

func (l *leak) findMail(g *Given, address string) []found {
	var out []found
	tagged := g.Tag != "" && (g.Kind == Subaddress || g.Kind == Catchall)
	if l.mails[address] || tagged && strings.Contains(l.text.s, string(g.Tag)) {
		keys := []string{"mail " + address}
		if tagged {
			keys = append(keys, "tag "+string(g.Tag))
		}
		out = append(out, found{given: g, keys: keys, canary: tagged})
	}
	if plain := strings.Replace(address, "+"+string(g.Tag)+"@", "@", 1); tagged && plain != address && l.mails[plain] {
		out = append(out, found{given: g, keys: []string{"mail " + plain}, stripped: true})
	}
	return out
}

func (l *leak) findPhone(g *Given, number string) []found {
	number, _, _ = strings.Cut(number, ";") // a tel: URI's parameters
	digits := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
	for _, run := range l.numbers {
		if dialled(run, digits) {
			// A number without its country's code may be several given ones.
			digits = strings.TrimLeft(digits, "0")
			return []found{{given: g, keys: []string{"phone " + digits[max(0, len(digits)-minDigits):]}}}
		}
	}
	return nil
}
