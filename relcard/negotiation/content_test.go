package negotiation_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

var anID = dagcbor.Sum([]byte("an id"))

func fullProffer() negotiation.Proffer {
	return negotiation.Proffer{
		Version: 1, Agreements: refs("SD-BASE-DP", "SD-BASE"), Expires: identity.At(expires), Jurisdiction: "US-UT",
		Location: "Park City", Text: "For the ski trip.", Intent: anID, Offer: dagcbor.Sum([]byte("an offer")),
	}
}

func fullAnswer() negotiation.Answer {
	return negotiation.Answer{Version: 1, Verdict: negotiation.Counter, Terms: ptr(ref("SD-BASE-A")), Card: anID, Reason: "We count visits."}
}

func fullClose() negotiation.Close {
	return negotiation.Close{Version: 1, Proffer: anID, Cause: negotiation.CauseDeclined, Reason: "Too much."}
}

// badContents breaks one rule each; the vectors publish them too.
var badContents = []struct {
	name  string
	kind  statement.Kind
	bad   any
	cause negotiation.Cause
	where string
}{
	proffer("version 2", func(p *negotiation.Proffer) { p.Version = 2 }, "v: "),
	proffer("no agreements", func(p *negotiation.Proffer) { p.Agreements = nil }, "agreements: 0"),
	proffer("nine agreements", func(p *negotiation.Proffer) {
		p.Agreements = refs("SD-BASE", "SD-BASE-DP", "SD-BASE-A", "SD-BASE-A-DP", "SD-BASE-AT", "SD-BASE-AT-DP", "SD-BASE-ATP", "SD-BASE-ATP-DP", "TPR")
	}, "agreements: 9"),
	proffer("one agreement twice", func(p *negotiation.Proffer) { p.Agreements = refs("SD-BASE", "TPR", "SD-BASE") }, "agreements[2]: SD-BASE is there already"),
	proffer("no expiry", func(p *negotiation.Proffer) { p.Expires = identity.Time{} }, "expires"),
	proffer("jurisdiction in small letters", func(p *negotiation.Proffer) { p.Jurisdiction = "us" }, "jurisdiction: "),
	proffer("jurisdiction of four parts", func(p *negotiation.Proffer) { p.Jurisdiction = "US-UTAH" }, "jurisdiction: "),
	proffer("location too long", func(p *negotiation.Proffer) { p.Location = strings.Repeat("x", 201) }, "location: "),
	proffer("location of two lines", func(p *negotiation.Proffer) { p.Location = "Park\nCity" }, "location: "),
	proffer("text too long", func(p *negotiation.Proffer) { p.Text = strings.Repeat("x", 1001) }, "text: "),
	proffer("text that turns around", func(p *negotiation.Proffer) { p.Text = "a\u202eb" }, "text: "),
	proffer("text with blanks at its edge", func(p *negotiation.Proffer) { p.Text = "a " }, "text: "),
	proffer("offer without an intent", func(p *negotiation.Proffer) { p.Intent = dagcbor.CID{} }, "intent: "),
	proffer("intent of an amendment", func(p *negotiation.Proffer) { p.Head = anID }, "intent: "),
	roster(proffer("terms under another hash", func(p *negotiation.Proffer) { p.Agreements[1].SHA256 = strings.Repeat("0", 64) }, "agreements[1]: ")),
	roster(proffer("terms by id alone", func(p *negotiation.Proffer) { p.Agreements[0].Registry = "" }, "agreements[0]: ")),
	answer("version 0", func(a *negotiation.Answer) { a.Version = 0 }, "v: "),
	answer("no verdict", func(a *negotiation.Answer) { a.Verdict = "" }, "verdict: "),
	answer("verdict in capitals", func(a *negotiation.Answer) { a.Verdict = "Accept" }, "verdict: "),
	answer("counter without terms", func(a *negotiation.Answer) { a.Terms = nil }, "terms: "),
	answer("accept without a card", func(a *negotiation.Answer) { a.Verdict, a.Card = negotiation.Accept, dagcbor.CID{} }, "card: "),
	answer("refusal with terms", func(a *negotiation.Answer) { a.Verdict, a.Card = negotiation.Refuse, dagcbor.CID{} }, "verdict: "),
	answer("refusal with a card", func(a *negotiation.Answer) { a.Verdict, a.Terms = negotiation.Refuse, nil }, "verdict: "),
	answer("refusal without a reason", func(a *negotiation.Answer) { *a = negotiation.Answer{Version: 1, Verdict: negotiation.Refuse} }, "reason: "),
	answer("reason too long", func(a *negotiation.Answer) { a.Reason = strings.Repeat("x", 1001) }, "reason: "),
	roster(answer("terms of another version", func(a *negotiation.Answer) { a.Terms.Version = "2" }, "terms: ")),
	closing("version 2", func(c *negotiation.Close) { c.Version = 2 }, "v: "),
	closing("no cause", func(c *negotiation.Close) { c.Cause = "" }, "cause: "),
	closing("unknown cause", func(c *negotiation.Close) { c.Cause = "bored" }, "cause: "),
	closing("reason with a bell", func(c *negotiation.Close) { c.Reason = "a\ab" }, "reason: "),
}

type badContent = struct {
	name  string
	kind  statement.Kind
	bad   any
	cause negotiation.Cause
	where string
}

func proffer(name string, change func(*negotiation.Proffer), where string) badContent {
	p := fullProffer()
	change(&p)
	return badContent{name, negotiation.KindProffer, &p, negotiation.CauseInvalid, where}
}

func answer(name string, change func(*negotiation.Answer), where string) badContent {
	a := fullAnswer()
	change(&a)
	return badContent{name, negotiation.KindAnswer, &a, negotiation.CauseInvalid, where}
}

func closing(name string, change func(*negotiation.Close), where string) badContent {
	c := fullClose()
	change(&c)
	return badContent{name, negotiation.KindClose, &c, negotiation.CauseInvalid, where}
}

func roster(b badContent) badContent {
	b.cause = negotiation.CauseRoster
	return b
}

// decodeKind reads a content as its kind has it, and writes it again.
func decodeKind(kind statement.Kind, b []byte) (again []byte, err error) {
	var c encoder
	switch kind {
	case negotiation.KindProffer:
		c, err = negotiation.DecodeProffer(b)
	case negotiation.KindAnswer:
		c, err = negotiation.DecodeAnswer(b)
	case negotiation.KindClose:
		c, err = negotiation.DecodeClose(b)
	default:
		return nil, fmt.Errorf("kind %s", kind)
	}
	if err != nil {
		return nil, err
	}
	return c.Encode()
}

func TestContentsAreRefused(t *testing.T) {
	for _, c := range badContents {
		t.Run(string(c.kind)+" "+c.name, func(t *testing.T) {
			_, err := c.bad.(encoder).Encode()
			check := func(what string, err error) {
				if !errors.Is(err, c.cause) || !strings.Contains(err.Error(), c.where) {
					t.Errorf("%s: got %v, want %s with %q", what, err, c.cause, c.where)
				}
			}
			check("encode", err)
			if raw, err := dagcbor.Marshal(c.bad); err == nil {
				_, err = decodeKind(c.kind, raw)
				check("decode", err)
			}
		})
	}
	if _, err := (&negotiation.Close{Version: 1, Cause: negotiation.CauseExpired}).Encode(); !errors.Is(err, negotiation.CauseInvalid) {
		t.Errorf("a close of no proffer: %v", err)
	}
}

func TestContentBytesAreRefused(t *testing.T) {
	p := fullProffer()
	good := must(p.Encode())
	for name, raw := range map[string][]byte{
		"nothing": nil, "null": {0xf6}, "an array": {0x80},
		"a byte too many":       append(bytes.Clone(good), 0),
		"cut":                   good[:len(good)-1],
		"an unknown key":        append([]byte{good[0] + 1, 0x61, 'a', 1}, good[1:]...),
		"a key in another case": bytes.Replace(good, []byte("expires"), []byte("Expires"), 1),
		"oversized":             bytes.Repeat([]byte{0x80}, statement.MaxContent+1),
		"nested":                bytes.Repeat([]byte{0x81}, 1000),
	} {
		for _, kind := range []statement.Kind{negotiation.KindProffer, negotiation.KindAnswer, negotiation.KindClose} {
			if _, err := decodeKind(kind, raw); !errors.Is(err, negotiation.CauseInvalid) {
				t.Errorf("%s as a %s: %v", name, kind, err)
			}
		}
	}
	if _, err := negotiation.DecodeAnswer(good); err == nil {
		t.Error("a proffer is read as an answer")
	}
}

// What a proffer says of the place ends up on the card, so both take the same.
func TestPlacesAreThoseOfTheCard(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Z]{1,3}(-[A-Z0-9]{0,4})?`), rapid.StringMatching(` ?[a-z\n]{0,4}x{190,201}`))
	rapid.Check(t, func(t *rapid.T) {
		b := cardtest.Body(personKey.DID(), vendorKey.DID(), start)
		p := fullProffer()
		b.Jurisdiction, b.Location = text.Draw(t, "jurisdiction"), text.Draw(t, "location")
		if rapid.Bool().Draw(t, "one") {
			b.Jurisdiction = "DE"
		}
		p.Jurisdiction, p.Location = b.Jurisdiction, b.Location
		if card, here := b.Check(), p.Check(); (card == nil) != (here == nil) {
			t.Fatalf("the card says %v, the proffer %v", card, here)
		}
	})
}

func TestClosingCanAlwaysBeSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		err := errors.New(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a\n\x00é世\x{202e}]{450,600}[a\n é世]{450,600}`)).Draw(t, "text"))
		cause := rapid.SampledFrom([]negotiation.Cause{"", negotiation.CauseCard, negotiation.CauseExpired}).Draw(t, "cause")
		if cause != "" {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		c := negotiation.Closing(anID, err)
		if _, err := c.Encode(); err != nil {
			t.Fatal(err)
		}
		if cause != "" && c.Cause != cause {
			t.Fatalf("cause %s, want %s", c.Cause, cause)
		}
	})
	if c := negotiation.Closing(anID, relcard.ErrFork); c.Cause != negotiation.CauseInvalid {
		t.Errorf("an error of another package is closed as %s", c.Cause)
	}
}

func fuzz(f *testing.F, kind statement.Kind) {
	for _, good := range []encoder{ptr(fullProffer()), ptr(fullAnswer()), ptr(fullClose()), &negotiation.Answer{Version: 1, Verdict: negotiation.Refuse, Reason: "no"}} {
		f.Add(must(good.Encode()))
	}
	for _, c := range badContents {
		if raw, err := dagcbor.Marshal(c.bad); err == nil {
			f.Add(raw)
		}
	}
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		again, err := decodeKind(kind, raw)
		if err != nil {
			if negotiation.CauseOf(err) == "" {
				t.Fatalf("refused without a cause: %v", err)
			}
			return
		}
		if !bytes.Equal(again, raw) {
			t.Fatalf("accepted what Encode would not write: %x", again)
		}
	})
}

func FuzzDecodeProffer(f *testing.F) { fuzz(f, negotiation.KindProffer) }
func FuzzDecodeAnswer(f *testing.F)  { fuzz(f, negotiation.KindAnswer) }
func FuzzDecodeClose(f *testing.F)   { fuzz(f, negotiation.KindClose) }
