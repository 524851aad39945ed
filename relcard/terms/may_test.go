package terms_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/terms"
)

var now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func shared(field string, purposes ...string) terms.Disclosure {
	return terms.Disclosure{Field: field, Purposes: purposes, From: now.AddDate(0, -1, 0), Until: now.AddDate(1, 0, 0)}
}

const email = "emails/home"

// Disclosures that are not live at now.
var late, early, back = func() (l, e, b terms.Disclosure) {
	l, e, b = shared(email, "delivery"), shared(email, "delivery"), shared(email, "delivery")
	l.Until, e.From, b.Retracted = now, now.Add(time.Second), now.Add(-time.Hour)
	return l, e, b
}()

// mayCases are also published as vectors.
var mayCases = []struct {
	name, id, practice string
	third              bool
	field              string
	disclosed          []terms.Disclosure
	reason             terms.Reason
	rule               string
}{
	{"deliver with what was shared for it", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{shared(email, "delivery")}, terms.Allowed, "SD-BASE: service-delivery = must"},
	{"a narrower purpose", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{shared(email, "payment/deposit")}, terms.Allowed, "SD-BASE: service-delivery = must"},
	{"do not track", "SD-BASE", "tracking", false, "", nil, terms.Prohibited, "SD-BASE: tracking = no"},
	{"do not track, whatever was shared", "SD-BASE", "tracking", false, email, []terms.Disclosure{shared(email, "tracking")}, terms.Prohibited, "SD-BASE: tracking = no"},
	{"measure visits where agreed", "SD-BASE-A", "analytics", false, "", nil, terms.Allowed, "SD-BASE-A: analytics = yes"},
	{"another field is not this one", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{shared("emails/work", "delivery")}, terms.NotDisclosed, "SD-BASE: service-delivery = must"},
	{"shared for delivery, not for a profile", "SD-BASE-ATP", "profiling", false, email, []terms.Disclosure{shared(email, "delivery")}, terms.WrongPurpose, "SD-BASE-ATP: profiling = yes"},
	{"a word nobody knows covers nothing", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{shared(email, "synergy")}, terms.WrongPurpose, "SD-BASE: service-delivery = must"},
	{"no purpose", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{shared(email)}, terms.WrongPurpose, "SD-BASE: service-delivery = must"},
	{"over at its end", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{late}, terms.Expired, "SD-BASE: service-delivery = must"},
	{"not begun", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{early}, terms.NotYet, "SD-BASE: service-delivery = must"},
	{"retracted", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{back}, terms.Retracted, "SD-BASE: service-delivery = must"},
	{"shared again after it was retracted", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{back, shared(email, "order")}, terms.Allowed, "SD-BASE: service-delivery = must"},
	{"retracted, and live for something else", "SD-BASE", "service-delivery", false, email, []terms.Disclosure{back, shared(email, "analytics")}, terms.Retracted, "SD-BASE: service-delivery = must"},
	{"a copy to the person needs no purpose", "SD-BASE-DP", "portability", false, email, []terms.Disclosure{shared(email, "delivery")}, terms.Allowed, "SD-BASE-DP: portability = must"},
	{"no copy of what is to be deleted", "SD-BASE-DP", "portability", false, email, []terms.Disclosure{back}, terms.Retracted, "SD-BASE-DP: portability = must"},
	{"a carrier", "SD-BASE", "service-delivery", true, email, []terms.Disclosure{shared(email, "delivery")}, terms.Allowed, "SD-BASE: service-delivery = must"},
	{"no carrier where the text has none", "SD-BASE-ATP-S3P", "service-delivery", true, email, []terms.Disclosure{shared(email, "delivery")}, terms.ThirdParty, "SD-BASE-ATP-S3P: third-party-service-delivery = no"},
	{"nobody else measures", "SD-BASE-A", "analytics", true, "", nil, terms.ThirdParty, "SD-BASE-A: third-party-analytics = no"},
	{"nobody else measures, by its other name", "SD-BASE-A", "third-party-analytics", false, "", nil, terms.ThirdParty, "SD-BASE-A: third-party-analytics = no"},
	{"no sharing in a recognisable form", "SD-BASE-ATP-S3P", "sharing", false, "", nil, terms.Prohibited, "SD-BASE-ATP-S3P: sharing = no"},
	{"anonymised sharing", "SD-BASE-ATP-S3P", "anonymised-sharing", false, "", nil, terms.Allowed, "SD-BASE-ATP-S3P: anonymised-sharing = yes"},
	{"train a model with contributed data", "PDC-AI", "ai-training", false, "photos/garden", []terms.Disclosure{shared("photos/garden", "ai-training")}, terms.Allowed, "PDC-AI: ai-training = yes"},
	{"train a model with data for something else", "PDC-AI", "ai-training", false, email, []terms.Disclosure{shared(email, "contact")}, terms.WrongPurpose, "PDC-AI: ai-training = yes"},
	{"train a model with an order's data", "SD-BASE-ATP-S3P-DP", "ai-training", false, email, []terms.Disclosure{shared(email, "ai-training")}, terms.Prohibited, "SD-BASE-ATP-S3P-DP: ai-training = no"},
	{"PDC-AI delivers nothing but its work", "PDC-AI", "service-delivery", false, email, []terms.Disclosure{shared(email, "delivery")}, terms.WrongPurpose, "PDC-AI: service-delivery = must"},
	{"the public good", "PDC-GOOD", "public-good", false, "steps", []terms.Disclosure{shared("steps", "public-good/town")}, terms.Allowed, "PDC-GOOD: public-good = yes"},
	{"the public good is no training", "PDC-GOOD", "ai-training", false, "", nil, terms.Prohibited, "PDC-GOOD: ai-training = no"},
	{"answer an intent", "PDC-INTENT", "intent", false, "", nil, terms.Allowed, "PDC-INTENT: intent = yes"},
	{"keep statistics of intents", "PDC-INTENT", "analytics", false, "", nil, terms.Prohibited, "PDC-INTENT: analytics = no"},
	{"what nobody named", "SD-BASE-ATP-S3P", "telepathy", false, "", nil, terms.Unknown, "SD-BASE-ATP-S3P: telepathy = no"},
	{"a name in another case", "SD-BASE-A", "Analytics", false, "", nil, terms.Unknown, "SD-BASE-A: Analytics = no"},
}

func TestMay(t *testing.T) {
	for _, c := range mayCases {
		t.Run(c.name, func(t *testing.T) {
			v := terms.May(terms.Request{Terms: lookup(t, c.id).Ref, Practice: c.practice, Third: c.third, Field: c.field, Disclosed: c.disclosed}, now)
			if v.Reason != c.reason || v.Rule != c.rule || v.Allowed != (c.reason == terms.Allowed) {
				t.Errorf("got %+v, want %s by %q", v, c.reason, c.rule)
			}
			if !strings.HasSuffix(v.Sentence, ".") || !strings.Contains(v.Sentence, c.id) {
				t.Errorf("sentence %q", v.Sentence)
			}
		})
	}
}

func TestMaySaysItInPlainWords(t *testing.T) {
	v := terms.May(terms.Request{Terms: lookup(t, "SD-BASE").Ref, Practice: "service-delivery", Field: "emails/home",
		Disclosed: []terms.Disclosure{shared("emails/home", "delivery", "support")}}, now)
	if want := `The vendor may do service delivery with "emails/home" under SD-BASE: it was shared for "delivery", "support".`; v.Sentence != want {
		t.Errorf("got %s", v.Sentence)
	}
	v = terms.May(terms.Request{Terms: lookup(t, "SD-BASE").Ref, Practice: "tracking"}, now)
	if want := `The vendor may not do tracking under SD-BASE: its rule for that is no.`; v.Sentence != want {
		t.Errorf("got %s", v.Sentence)
	}
}

func TestUnknownTermsAllowNothing(t *testing.T) {
	for _, p := range terms.Practices() {
		v := terms.May(terms.Request{Terms: terms.Ref{ID: "SD-BASE-ATP-S3P"}, Practice: p}, now)
		if v.Allowed || v.Reason != terms.BadTerms {
			t.Errorf("%s: %+v", p, v)
		}
	}
}

// The exception for carriers is read from the texts themselves.
func TestThirdPartiesDeliverWhereTheTextSaysSo(t *testing.T) {
	for _, a := range terms.All() {
		text := strings.Join(strings.Fields(a.Text), " ")
		want := strings.Contains(text, "save to those it needs for the delivery itself")
		v := terms.May(terms.Request{Terms: a.Ref, Practice: "service-delivery", Third: true}, now)
		if v.Allowed != want {
			t.Errorf("%s: %+v, but the text says %v", a.Ref.ID, v, want)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	long := strings.Repeat("x\n", 1<<15)
	for _, r := range []terms.Request{
		{Terms: lookup(t, "SD-BASE").Ref, Practice: long, Field: long},
		{Terms: lookup(t, "SD-BASE").Ref, Practice: "service-delivery", Field: long, Disclosed: []terms.Disclosure{shared(long, slices.Repeat([]string{long}, 50)...)}},
		{Terms: terms.Ref{ID: long, Registry: long}, Practice: long},
	} {
		if v := terms.May(r, now); len(v.Sentence)+len(v.Rule) > 1200 || v.Allowed {
			t.Errorf("%d bytes: %.200s", len(v.Sentence), v.Sentence)
		}
	}
}

func drawRequest(t *rapid.T) terms.Request {
	field := rapid.SampledFrom([]string{"", "name", "emails/home"})
	word := rapid.SampledFrom(append(terms.Practices(), "delivery", "payment/x", "synergy", ""))
	hours := rapid.Custom(func(t *rapid.T) time.Time {
		n := rapid.IntRange(-3, 3).Draw(t, "hours")
		if n == 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(n) * time.Hour)
	})
	return terms.Request{
		Terms:    rapid.SampledFrom(terms.All()).Draw(t, "terms").Ref,
		Practice: rapid.SampledFrom(append(terms.Practices(), "", "spam")).Draw(t, "practice"),
		Third:    rapid.Bool().Draw(t, "third"), Field: field.Draw(t, "field"),
		Disclosed: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) terms.Disclosure {
			return terms.Disclosure{Field: field.Draw(t, "of"), Purposes: rapid.SliceOfN(word, 0, 3).Draw(t, "purposes"),
				From: hours.Draw(t, "from"), Until: hours.Draw(t, "until"), Retracted: hours.Draw(t, "retracted")}
		}), 0, 4).Draw(t, "disclosed"),
	}
}

func TestMayNeverAllowsMoreThanTheAgreementAndThePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		a, _ := terms.Lookup(r.Terms.ID)
		v := terms.May(r, now)
		if v.Allowed != (v.Reason == terms.Allowed) {
			t.Fatalf("%+v", v)
		}
		if !v.Allowed {
			return
		}
		live := func(d terms.Disclosure) bool {
			return d.Field == r.Field && !now.Before(d.From) && (d.Until.IsZero() || now.Before(d.Until)) &&
				(d.Retracted.IsZero() || now.Before(d.Retracted)) && (r.Practice == "portability" ||
				slices.ContainsFunc(d.Purposes, func(p string) bool { return a.Covers(p, r.Practice) }))
		}
		switch {
		case !a.Of(r.Practice).Allows():
			t.Fatalf("against the rule: %+v", v)
		case r.Third && r.Practice != "service-delivery":
			t.Fatalf("to a third party: %+v", v)
		case r.Field != "" && !slices.ContainsFunc(r.Disclosed, live):
			t.Fatalf("without a live disclosure for it: %+v", v)
		}
	})
}

// A stricter agreement for the same purpose allows the vendor nothing that the
// wider one does not.
func TestMayFollowsTheOrderOfAgreements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		r.Third = false
		a, _ := terms.Lookup(r.Terms.ID)
		b := rapid.SampledFrom(terms.All()).Draw(t, "wider")
		if a.Compare(b).Order != terms.Stricter {
			t.Skip("not comparable")
		}
		wider := r
		wider.Terms = b.Ref
		if terms.May(r, now).Allowed && !terms.May(wider, now).Allowed {
			t.Fatalf("%s allows %s, %s does not", a.Ref.ID, r.Practice, b.Ref.ID)
		}
	})
}
