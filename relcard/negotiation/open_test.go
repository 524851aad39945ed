package negotiation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

func TestOpenRefuses(t *testing.T) {
	change := func(f func(*negotiation.Proffer)) func(*talk) *statement.Statement {
		return func(k *talk) *statement.Statement {
			p := negotiation.Proffer{Version: 1, Agreements: refs("SD-BASE"), Expires: identity.At(expires)}
			f(&p)
			return k.raw(person, negotiation.KindProffer, must(dagcbor.Marshal(p)), dagcbor.CID{}, start)
		}
	}
	fine := change(func(*negotiation.Proffer) {})
	amends := func(id dagcbor.CID) func(*talk) *statement.Statement {
		return change(func(p *negotiation.Proffer) { p.Head = id })
	}
	card := cardtestVersion(newTalk(t))
	end := must(must(relcard.NewChain([]relcard.Signed{card.Signed}, nil, start)).End(person, "", start))
	ended := newTalk(t).signed(end, start, personKey)
	others := *card
	others.Body.Vendor.DID = strangerKey.DID()
	for name, c := range map[string]struct {
		proffer func(*talk) *statement.Statement
		card    dagcbor.CID // that the statement names
		head    *relcard.Version
		now     time.Time
		want    negotiation.Cause
		where   string
	}{
		"in its last second": {proffer: fine, now: expires},
		"a second later":     {proffer: fine, now: expires.Add(time.Second), want: negotiation.CauseExpired, where: "stood until"},
		"for 31 days":        {proffer: change(func(p *negotiation.Proffer) { p.Expires = identity.At(start.AddDate(0, 0, 31)) })},
		"for longer": {proffer: change(func(p *negotiation.Proffer) { p.Expires = identity.At(start.AddDate(0, 0, 31).Add(time.Second)) }),
			want: negotiation.CauseInvalid, where: "more than 31 days"},
		"for no time":   {proffer: change(func(p *negotiation.Proffer) { p.Expires = identity.At(start) }), want: negotiation.CauseInvalid, where: "expires: "},
		"by the vendor": {proffer: func(k *talk) *statement.Statement { s := *fine(k); s.Body.By = vendor; return &s }, want: negotiation.CauseRole, where: "by the vendor"},
		"another kind":  {proffer: func(k *talk) *statement.Statement { s := *fine(k); s.Body.Kind = "answer"; return &s }, want: negotiation.CauseRole, where: "answer"},
		"of no known form": {proffer: func(k *talk) *statement.Statement {
			return k.raw(person, "proffer", []byte("\xa0"), dagcbor.CID{}, start)
		}, want: negotiation.CauseInvalid, where: "proffer"},
		"off the roster":            {proffer: change(func(p *negotiation.Proffer) { p.Agreements[0].ID = "SD-MINE" }), want: negotiation.CauseRoster, where: "agreements[0]"},
		"another registry":          {proffer: change(func(p *negotiation.Proffer) { p.Agreements[0].Registry = "example.org" }), want: negotiation.CauseRoster, where: "agreements[0]"},
		"an amendment":              {proffer: amends(card.ID), card: card.ID, head: card},
		"of a new card, beside one": {proffer: fine, head: card, want: negotiation.CauseCrossed, where: "head: "},
		"names a card and no head":  {proffer: fine, card: card.ID, head: card, want: negotiation.CauseInvalid, where: "head: "},
		"names a head and no card":  {proffer: amends(card.ID), head: card, want: negotiation.CauseInvalid, where: "head: "},
		"a head not at hand":        {proffer: amends(card.ID), card: card.ID, want: negotiation.CauseCrossed, where: "not at hand"},
		"another head":              {proffer: amends(dagcbor.Sum(nil)), card: card.ID, head: card, want: negotiation.CauseCrossed, where: "the card is at"},
		"a card that has ended":     {proffer: amends(ended.ID), card: card.ID, head: ended, want: negotiation.CauseCrossed, where: "ended"},
		"a card of others":          {proffer: amends(card.ID), card: card.ID, head: &others, want: negotiation.CauseInvalid, where: "other parties"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t)
			k.card = c.card
			p := c.proffer(k)
			now := c.now
			if now.IsZero() {
				now = start
			}
			n, err := negotiation.Open(p, c.head, now)
			if negotiation.CauseOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil {
				if n.ID() != p.ID || n.State() != negotiation.StateProffered {
					t.Errorf("opened as %s %s", n.ID(), n.State())
				}
				return
			}
			if !strings.Contains(err.Error(), c.where) {
				t.Errorf("%v does not say %q", err, c.where)
			}
			if n.Open() && n.State() != negotiation.StateProffered || !n.ID().IsZero() {
				t.Error("something was opened")
			}
			told := negotiation.Closing(p.ID, err)
			if _, err := told.Encode(); err != nil || told.Cause != c.want {
				t.Errorf("can't be told: %+v, %v", told, err)
			}
		})
	}
}

func TestOpenKnowsAReplay(t *testing.T) {
	k := newTalk(t)
	first, second := k.proffer("SD-BASE"), k.proffer("SD-BASE-A")
	n := k.open(second, nil)
	for name, p := range map[string]*statement.Statement{"the same": second, "an earlier one": first} {
		if _, err := negotiation.Open(p, nil, start, n); negotiation.CauseOf(err) != negotiation.CauseReplayed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := negotiation.Open(k.proffer("SD-BASE"), nil, start, k.open(first, nil), n); err != nil {
		t.Errorf("the same terms, proffered anew: %v", err)
	}
}

func TestAbout(t *testing.T) {
	k := newTalk(t)
	p := k.proffer("SD-BASE")
	a, _ := k.answer(p, negotiation.Accept, "SD-BASE", nil, after(time.Hour))
	for _, s := range []*statement.Statement{p, a, k.close(person, p, negotiation.CauseWithdrawn, "", after(time.Hour))} {
		if id, err := negotiation.About(s); err != nil || id != p.ID {
			t.Errorf("%s: %s, %v", s.Body.Kind, id, err)
		}
	}
	for _, s := range []*statement.Statement{
		k.raw(person, "disclose", []byte("\xa0"), dagcbor.CID{}, start),
		k.raw(person, "close", []byte("\xa0"), dagcbor.CID{}, start),
		k.raw(vendor, "answer", []byte("\xa0"), dagcbor.CID{}, start),
	} {
		if id, err := negotiation.About(s); err == nil || !id.IsZero() {
			t.Errorf("%s: about %s", s.Body.Kind, id)
		}
	}
}

func TestCardBodyRefuses(t *testing.T) {
	k := newTalk(t)
	card := cardtestVersion(k)
	next := must(must(relcard.NewChain([]relcard.Signed{card.Signed}, nil, start)).Next(start))
	fresh := k.proffer("SD-BASE")
	k.card = card.ID
	amends := k.say(person, negotiation.KindProffer, &negotiation.Proffer{Version: 1, Agreements: refs("SD-BASE-A"), Expires: identity.At(expires), Head: card.ID}, dagcbor.CID{}, start)
	moved := next
	moved.Seq, moved.Prev = 2, dagcbor.Sum(nil)
	others := next
	others.Person.DID = strangerKey.DID()
	for name, c := range map[string]struct {
		p    *statement.Statement
		id   string
		base *relcard.Body
		v    relcard.Party
		want negotiation.Cause
	}{
		"a new card":                {fresh, "SD-BASE", nil, shop, ""},
		"an amendment":              {amends, "SD-BASE-A", &next, shop, ""},
		"no base":                   {amends, "SD-BASE-A", nil, shop, negotiation.CauseCrossed},
		"a base for a new card":     {fresh, "SD-BASE", &next, shop, negotiation.CauseCrossed},
		"the card has moved on":     {amends, "SD-BASE-A", &moved, shop, negotiation.CauseCrossed},
		"the card of others":        {amends, "SD-BASE-A", &others, shop, negotiation.CauseCard},
		"another vendor":            {fresh, "SD-BASE", nil, relcard.Party{DID: strangerKey.DID()}, negotiation.CauseCard},
		"a name that can't be":      {fresh, "SD-BASE", nil, relcard.Party{DID: shop.DID, Name: "two\nlines"}, negotiation.CauseCard},
		"another kind of statement": {k.raw(person, "disclose", []byte("\xa0"), dagcbor.CID{}, start), "SD-BASE", nil, shop, negotiation.CauseInvalid},
	} {
		b, err := negotiation.CardBody(c.p, ref(c.id), c.base, c.v, start)
		if negotiation.CauseOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, _, bad := b.Encode(); (bad == nil) != (c.want == "") {
			t.Errorf("%s: the body: %v", name, bad)
		}
	}
	off := ref("SD-BASE")
	off.Version = "9"
	if _, err := negotiation.CardBody(fresh, off, nil, shop, start); negotiation.CauseOf(err) != negotiation.CauseCard {
		t.Errorf("terms off the roster: %v", err)
	}
}
