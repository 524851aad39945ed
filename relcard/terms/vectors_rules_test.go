package terms_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/parley-network/parley/relcard/terms"
)

type comparePair struct {
	A string `json:"a"`
	B string `json:"b"`
}

// compareVectors are all pairs of the roster, each once.
var compareVectors = vectorSet{
	about: "Every two agreements of the roster compared. Input: their ids. Expected: how the first stands to the second, whether both are for the same purpose, and the practices for which their rules differ.",
	cases: func(*testing.T) (all []given) {
		roster := terms.All()
		for i, a := range roster {
			for _, b := range roster[i:] {
				all = append(all, given{a.Ref.ID + " to " + b.Ref.ID, a.Title + " / " + b.Title, comparePair{a.Ref.ID, b.Ref.ID}, true})
			}
		}
		return all
	},
	run: func(t *testing.T, input json.RawMessage) (any, bool) {
		in := decodeInput[comparePair](t, input)
		return lookup(t, in.A).Compare(lookup(t, in.B)), true
	},
}

type mayInput struct {
	Terms     string         `json:"terms"` // an id of the bundled roster
	Practice  string         `json:"practice"`
	Third     bool           `json:"third,omitempty"`
	Field     string         `json:"field,omitempty"`
	Disclosed []mayDisclosed `json:"disclosed,omitempty"`
	Now       time.Time      `json:"now"`
}

type mayDisclosed struct {
	Field     string    `json:"field"`
	Purposes  []string  `json:"purposes,omitempty"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Retracted time.Time `json:"retracted,omitzero"`
}

type mayExpected struct {
	Allowed bool         `json:"allowed"`
	Rule    string       `json:"rule"`
	Reason  terms.Reason `json:"reason"`
}

var mayVectors = vectorSet{
	about: "Questions whether a practice is allowed under a card. Input: the agreement's id, the practice, whether a third party would do it, the field, what was disclosed under the card, and the time. Expected: the answer, the rule applied and the reason.",
	cases: func(*testing.T) (all []given) {
		for _, c := range mayCases {
			in := mayInput{Terms: c.id, Practice: c.practice, Third: c.third, Field: c.field, Now: now}
			for _, d := range c.disclosed {
				in.Disclosed = append(in.Disclosed, mayDisclosed(d))
			}
			all = append(all, given{c.name, "reason " + string(c.reason), in, c.reason == terms.Allowed})
		}
		return all
	},
	run: func(t *testing.T, input json.RawMessage) (any, bool) {
		in := decodeInput[mayInput](t, input)
		r := terms.Request{Terms: lookup(t, in.Terms).Ref, Practice: in.Practice, Third: in.Third, Field: in.Field}
		for _, d := range in.Disclosed {
			r.Disclosed = append(r.Disclosed, terms.Disclosure(d))
		}
		v := terms.May(r, in.Now)
		return mayExpected{v.Allowed, v.Rule, v.Reason}, v.Allowed
	},
}
