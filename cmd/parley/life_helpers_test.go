package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// life is a person, three vendors and two bystanders, each a process of its
// own, and what has come of them so far.
type life struct {
	t                   *testing.T
	ctx                 context.Context
	pat                 *proc
	florist, gym, baker *proc
	others              []*proc

	rules  map[*proc]market.Rules
	cards  map[*proc]dagcbor.CID // with each vendor, once there is one
	events map[string]string     // title of each event sent, and what is to become of it
	from   identity.Time         // when what was announced takes effect
	moved  string                // the change of address
	kept   map[*proc][]part      // all that it has on its disk, when it stopped
	files  map[string][]byte     // what leaves the nodes, by name
}

// newLife starts the nodes. The person's is connected to the bystanders' alone,
// and so everything between it and a vendor goes by them. One of them is a shop
// of the baker's trade that has no bread: intents are relayed by those who
// listen to them.
func newLife(t *testing.T) *life {
	t.Helper()
	dir := t.TempDir()
	l := &life{t: t, ctx: t.Context(), cards: map[*proc]dagcbor.CID{}, events: map[string]string{}, kept: map[*proc][]part{}, files: map[string][]byte{}}
	start := func(name string, args ...string) *proc { return newProc(t, filepath.Join(dir, name), name, args...) }
	l.others = []*proc{start("quinn"), start("grocer", "--vendor", "Grocer", "--domain", "grocer.example")}
	l.florist = start("florist", "--vendor", "Florist", "--domain", "florist.example")
	l.gym = start("gym", "--vendor", "Gym", "--domain", "gym.example")
	l.baker = start("baker", "--vendor", "Baker", "--domain", "baker.example")
	l.pat = start("pat")
	l.rules = map[*proc]market.Rules{ // before anybody hears of others: a vendor's terms go out once a minute
		l.florist: {Answer: market.ModeAuto, Accepts: roster("SD-BASE", "SD-BASE-DP")},
		l.gym:     {Answer: market.ModeAuto, Accepts: roster("SD-BASE-AT"), Comply: market.ModeAsk},
		l.baker:   {Answer: market.ModeAuto, Accepts: roster("SD-BASE"), NoCounter: true},
	}
	for p, rules := range l.rules {
		try(p.api().SetRules(l.ctx, rules))(t)
	}
	l.baker.stock("Bread", "3.20")
	l.others[1].stock("Broom", "8.90")
	for _, p := range l.vendors() { // one meets another that knows all there is to know, and asks it
		p.meet(l.others[0])
		l.hears(l.others[0], p)
	}
	l.others[1].meet(append(l.vendors(), l.others[0])...)
	l.pat.meet(l.others...)
	return l
}

func (l *life) vendors() []*proc { return []*proc{l.florist, l.gym, l.baker} }

// try passes a result on, or ends the test where there is an error.
func try[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// roster looks agreements up by their ids.
func roster(ids ...string) (refs []terms.Ref) {
	for _, id := range ids {
		a, _ := terms.Lookup(id) // rules with an agreement that is none are refused
		refs = append(refs, a.Ref)
	}
	return refs
}

func (l *life) until(what string, cond func() bool) {
	l.t.Helper()
	l.untilOr(what, cond, func() string { return "" })
}

// untilOr waits until cond holds; problem tells what else there is.
func (l *life) untilOr(what string, cond func() bool, problem func() string) {
	l.t.Helper()
	const most = 4 * time.Minute // other work may have the machine
	for end := time.Now().Add(most); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("waited %s for: %s %s", most, what, problem())
		}
	}
}

// step does what it is given, and waits until both sides of everything there
// is hold the same record.
func (l *life) step(name string, do func()) {
	l.t.Helper()
	began := time.Now()
	do()
	l.alike(name)
	l.t.Logf("%-50s %5.1f s", name, time.Since(began).Seconds())
}

// alike compares both sides of every relationship and of every negotiation.
func (l *life) alike(step string) {
	l.t.Helper()
	var here, there any
	l.untilOr("the two sides have one record", func() bool {
		for p := range l.cards {
			mine, theirs := l.record(l.pat, p), l.record(p, p)
			if here, there = mine, theirs; mine.Digest != theirs.Digest || mine.Digest == "" {
				return false
			}
		}
		for _, mine := range try(l.pat.api().Negotiations(l.ctx))(l.t) {
			at := slices.IndexFunc(l.vendors(), func(p *proc) bool { return strings.EqualFold(p.name, mine.Vendor.Name) })
			theirs, err := l.vendors()[at].api().Negotiation(l.ctx, mine.ID)
			if here, there = mine, theirs; err != nil || mine.State != theirs.State || !slices.Equal(mine.Log, theirs.Log) {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprintf("after %q they differ:\n%+v\n%+v", step, here, there) })
}

// hears waits until a node has heard what a vendor accepts now.
func (l *life) hears(at, of *proc) (heard view.Vendor) {
	l.t.Helper()
	l.until(at.name+" hears the terms of "+of.name, func() bool {
		for _, v := range try(at.api().Vendors(l.ctx))(l.t) {
			if strings.EqualFold(v.Name, of.name) {
				heard = v
			}
		}
		return slices.Equal(heard.Accepts, l.rules[of].Accepts)
	})
	return heard
}

// proffer waits until the vendor's terms have come, by the bystanders.
func (l *life) proffer(p *proc, agreements ...string) dagcbor.CID {
	return try(l.pat.api().Proffer(l.ctx, view.ProfferWant{Vendor: l.hears(l.pat, p).DID, Agreements: agreements}))(l.t).ID
}

// talk waits until both sides' negotiation has come to a state.
func (l *life) talk(p *proc, id dagcbor.CID, want negotiation.State) (v view.Negotiation) {
	l.t.Helper()
	l.until("the negotiation with "+p.name+" is "+string(want), func() bool {
		there, err := p.api().Negotiation(l.ctx, id)
		v = try(l.pat.api().Negotiation(l.ctx, id))(l.t)
		return err == nil && there.State == want && v.State == want
	})
	return v
}

// agreed waits for the card that comes of a proffer.
func (l *life) agreed(p *proc, talk dagcbor.CID, terms string) dagcbor.CID {
	l.t.Helper()
	card := l.talk(p, talk, negotiation.StateAgreed).Card
	l.until("the card is in force", func() bool { return l.both(p, card, "active") })
	if b := l.card(p, card).Body; b.Proffer != talk || b.Terms.ID != terms {
		l.t.Errorf("at %s the card names proffer %s and terms %s", p.name, b.Proffer, b.Terms)
	}
	return card
}

func (l *life) card(at *proc, id dagcbor.CID) view.Card {
	return try(at.api().Card(l.ctx, id))(l.t)
}

// both reports whether a card has a state on both sides.
func (l *life) both(p *proc, id dagcbor.CID, state string) bool {
	here, errHere := l.pat.api().Card(l.ctx, id)
	there, errThere := p.api().Card(l.ctx, id)
	return errHere == nil && errThere == nil && here.State == state && there.State == state
}

// record is what one side keeps of the relationship with a vendor.
func (l *life) record(at, with *proc) view.Relationship {
	return try(at.api().Relationship(l.ctx, l.cards[with]))(l.t)
}

// newest is what was shared with a vendor last at a path, as one side has it.
func (l *life) newest(at, with *proc, path string) (s view.Shared) {
	l.t.Helper()
	for _, x := range try(at.api().Shared(l.ctx, l.cards[with], path))(l.t) {
		if x.Item > s.Item {
			s = x
		}
	}
	return s
}

// recorded waits until a vendor has signed for the newest value at a path, and
// returns what it holds.
func (l *life) recorded(p *proc, path, text string) (held string) {
	l.t.Helper()
	l.until(p.name+" records "+path, func() bool {
		s := l.newest(l.pat, p, path)
		held = l.newest(p, p, path).Text
		return s.State == "recorded" && !s.Receipt.IsZero() && s.Text == held
	})
	if !strings.Contains(held, text) {
		l.t.Errorf("%s holds %q as %s, want %q", p.name, held, path, text)
	}
	return held
}

// confirmed waits until all of the vendors, and nobody else, have signed for a
// change.
func (l *life) confirmed(change string, by ...*proc) {
	l.t.Helper()
	var v view.Change
	l.until("the change is confirmed", func() bool {
		v = try(l.pat.api().Change(l.ctx, change))(l.t)
		return v.Confirmed == len(by) && len(v.Cards) == len(by) && v.Telling+v.Waiting+v.Refused == 0
	})
	for _, p := range by {
		said := l.record(p, p).Vendor
		if !slices.ContainsFunc(v.Cards, func(c view.ChangeCard) bool {
			return c.Card == l.cards[p] && c.State == "confirmed" &&
				slices.ContainsFunc(said, func(s view.Statement) bool { return s.ID == c.Receipt && s.Kind == "receipt" })
		}) {
			l.t.Errorf("no receipt in the log of %s is among the confirmations %+v", p.name, v.Cards)
		}
	}
}

// amend has one side propose a version that the other signs.
func (l *life) amend(by, other, vendor *proc, a view.Amendment) {
	l.t.Helper()
	card := l.cards[vendor]
	try(by.api().AmendCard(l.ctx, card, a))(l.t)
	l.until(other.name+" is asked", func() bool { return l.card(other, card).State == "amending" })
	l.alike("a proposal by " + by.name)
	try(other.api().SignCard(l.ctx, card))(l.t)
	l.until("the amendment is in force", func() bool { return l.both(vendor, card, "active") })
}

func (l *life) demand(p *proc, id dagcbor.CID) view.Demand {
	all := try(l.pat.api().Demands(l.ctx, l.cards[p]))(l.t)
	return all[slices.IndexFunc(all, func(d view.Demand) bool { return d.ID == id })]
}

// complyByHand has a vendor's people delete what is demanded.
func (l *life) complyByHand(p *proc, id dagcbor.CID) {
	l.t.Helper()
	l.until(p.name+" is asked to delete", func() bool {
		all := try(p.api().Demands(l.ctx, l.cards[p]))(l.t)
		return slices.ContainsFunc(all, func(d view.Demand) bool { return d.ID == id && d.State == "waiting" })
	})
	try(p.api().Comply(l.ctx, l.cards[p], view.ComplyWant{Demand: id, Did: "deleted"}))(l.t)
	l.until(p.name+" says it has deleted", func() bool { return l.demand(p, id).State == "complied" })
}

// part is one value of a record, and where it is.
type part struct{ where, value string }

// capture takes every value of every record that a stopped node keeps.
func (l *life) capture(p *proc) {
	l.t.Helper()
	db := try(sql.Open("sqlite", "file:"+config.Dir(p.home).Store()+"?mode=ro"))(l.t)
	defer db.Close()
	rows := try(db.QueryContext(l.ctx, "SELECT kind, id, ref, state, body FROM record"))(l.t)
	defer rows.Close()
	for rows.Next() {
		var kind string
		var values [4]string
		if err := rows.Scan(&kind, &values[0], &values[1], &values[2], &values[3]); err != nil {
			l.t.Fatal(err)
		}
		for _, s := range values {
			l.kept[p] = append(l.kept[p], parts(kind+" "+values[0], s)...)
		}
	}
	if err := rows.Err(); err != nil || len(l.kept[p]) == 0 {
		l.t.Fatalf("%d values of %s: %v", len(l.kept[p]), p.name, err)
	}
}

var fieldName = regexp.MustCompile(`^@?[A-Za-z]{1,24}$`)

// parts takes a value apart: DAG-CBOR, JSON and lines of JSON into their
// leaves. Names of fields are left out; what can't be one is a value.
func parts(where string, v any) (out []part) {
	switch v := v.(type) {
	case map[string]any:
		for name, in := range v {
			if !fieldName.MatchString(name) {
				out = append(out, parts(where, name)...)
			}
			out = append(out, parts(where+"/"+name, in)...)
		}
	case []any:
		for _, in := range v {
			out = append(out, parts(where, in)...)
		}
	case []byte:
		return parts(where, string(v))
	case string:
		if in := unwrap(v); in != nil {
			return parts(where, in)
		}
		return []part{{where, v}}
	case interface{ Bytes() []byte }: // a CID
		return []part{{where, string(v.Bytes())}}
	default: // a number or a truth value, of less than 8 bytes
		return []part{{where, fmt.Sprint(v)}}
	}
	return out
}

// unwrap reads what a value encodes, nil where it is only itself.
func unwrap(s string) (v any) {
	if dagcbor.Unmarshal([]byte(s), &v) == nil && (s[0]>>5 == 4 || s[0]>>5 == 5) { // an array, a map
		return v
	}
	lines := strings.ReplaceAll(strings.TrimSpace(s), "\n", ",")
	if (strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")) && json.Unmarshal([]byte("["+lines+"]"), &v) == nil {
		return v
	}
	return nil
}
