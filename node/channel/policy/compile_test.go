package policy_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/relcard/money"
)

// full is an event with every part a rule may ask for, whichever its kind.
func full() channel.Event {
	e := event(channel.KindRecall)
	e.Data.Amount = money.Money{Currency: "EUR", Amount: "19.90"}
	e.Data.Text = "Der Kessel kann platzen.\nBitte nicht benutzen."
	e.Data.URL = "https://acme.example/recall/77"
	e.Data.ThirdParty, e.Data.Serial, e.Data.Gone = "Globex", "L-12..L-40", true
	e.Data.Due = identity.At(noon.Add(48 * time.Hour))
	e.Data.Renews = identity.At(noon.AddDate(0, 1, 0))
	return e
}

func TestRuleLanguage(t *testing.T) {
	for when, want := range map[string]bool{
		`event.id == "e1" && event.kind == "recall" && event.type == "net.parley.recall"`: true,
		`event.subject.startsWith("o-") && event.title.endsWith("recall")`:                true,
		`event.text.contains("platzen") && event.text.matches("(?i)KESSEL")`:              true,
		`event.amount >= 19.9 && event.amount < 20 && event.currency == "EUR"`:            true,
		`event.amount > 100`:                                  false,
		`event.third_party in ["Globex", "Initech"]`:          true,
		`event.url.startsWith("https://acme.example/")`:       true,
		`event.gtin == "4006381333931" && event.serial != ""`: true,
		`event.gone`:                                                                true,
		`event.due - now < duration("72h")`:                                         true,
		`event.renews > timestamp("2026-04-01T00:00:00Z")`:                          true,
		`event.time <= now`:                                                         true,
		`event.due.getHours() == 13`:                                                true, // in Berlin
		`now.getHours() == 13 && now.getDayOfWeek() == 5`:                           true,
		`channel.name == "Acme" && channel.did.startsWith("did:key:z6Mk")`:          true,
		`channel.card.startsWith("bafyrei") && channel.terms == "SD-BASE"`:          true,
		`channel.category == "insurance" && channel.unread >= 3`:                    true,
		`now - channel.since > duration("8000h") && channel.since.getHours() == 13`: true,
		`has(event.amount) && has(event.text) && has(channel.name)`:                 true,
		`channel.unread > 5 ? event.amount > 1 : event.gone`:                        true,
	} {
		c := compile(t, forAcme(policy.Global{Zone: "Europe/Berlin", Rules: []policy.Rule{rule("r", when, policy.Notify)}}, policy.Channel{}))
		d := c.Decide(full(), acme, noon)
		if matched := strings.HasSuffix(d.Why[0].Text, "→ notify"); matched != want {
			t.Errorf("%s: %s", when, d.Why[0].Text)
		}
	}
}

func TestSizeOfAnEvent(t *testing.T) {
	e := event(channel.KindOffer)
	raw, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	when := fmt.Sprintf("event.size == %d", len(raw))
	c := compile(t, forAcme(policy.Global{Rules: []policy.Rule{rule("r", when, policy.Notify)}}, policy.Channel{}))
	if d := c.Decide(e, acme, noon); d.Action != policy.Notify {
		t.Error(d.Explain())
	}
}

// What an event does not have matches nothing, whichever way a rule compares.
func TestAbsentPartsMatchNothing(t *testing.T) {
	for _, when := range []string{"event.amount > 1", "event.amount < 1", "!(event.amount > 1)", "event.due > now", "event.renews < now"} {
		c := compile(t, forAcme(policy.Global{Rules: []policy.Rule{rule("r", when, policy.Drop)}}, policy.Channel{}))
		d := c.Decide(event(channel.KindMessage), acme, noon)
		if d.Action != policy.Inbox || !strings.Contains(d.Why[0].Text, "fails, so does not match: the event has no ") {
			t.Errorf("%s: %s", when, d.Explain())
		}
		guarded := "has(event.amount) && event.amount > 1"
		c = compile(t, forAcme(policy.Global{Rules: []policy.Rule{rule("r", guarded, policy.Drop)}}, policy.Channel{}))
		if d := c.Decide(event(channel.KindMessage), acme, noon); !strings.HasSuffix(d.Why[0].Text, "— does not match") {
			t.Errorf("%s: %s", guarded, d.Explain())
		}
	}
}

func TestCompileNamesRuleAndColumn(t *testing.T) {
	for when, want := range map[string]string{
		"event.amonut > 100":                "column 6: undefined field 'amonut'",
		"evnt.amount > 100":                 "column 1: undeclared reference to 'evnt'",
		"event.amount > ":                   "column 16: Syntax error",
		"true &&\n  event.text":             "line 2, column 8: expected type 'bool' but found 'string'",
		"event.text":                        "column 1: the expression is of type string",
		"event.amount + 1.0":                "column 1: the expression is of type double",
		"null":                              "column 1: the expression is of type null",
		"event == event":                    "column 1: event is no value",
		"[event.text].exists(w, w == 'a')":  "undeclared reference to 'exists'",
		`{"a": true}["a"]`:                  "column 12: _[_] is no function of rules",
		`[true, false][0]`:                  "column 14: _[_] is no function of rules",
		`event["amount"] > 1`:               "no matching overload for '_[_]'",
		`size({"a": 1}) == 1`:               "column 6: maps and messages have no place in a rule",
		`dyn(event.amount) == 100`:          "column 4: dyn is no function of rules",
		`type(event.text) == string`:        "column 5: type is no function of rules",
		`event.text.matches("(")`:           "column 20: invalid matches argument",
		`event.text.matches("a" + "b")`:     "column 24: a regular expression is a literal text",
		`now.getHours("Europe/Paris") > 1`:  "column 13: getHours with 2 arguments is no function of rules",
		`duration("soon") > duration("1s")`: "column 10: invalid duration argument",
		`now > timestamp("soon")`:           "column 17: invalid timestamp argument",
	} {
		p := forAcme(policy.Global{}, policy.Channel{Rules: []policy.Rule{rule("fine", "true", policy.Drop), rule("odd one", when, policy.Drop)}})
		_, err := policy.Compile(p)
		if err == nil {
			t.Errorf("%s: compiles", when)
			continue
		}
		wantField(t, err, "channels."+card.String()+".rules[1].when")
		if text := err.Error(); !strings.Contains(text, `rule "odd one"`) || !strings.Contains(text, want) {
			t.Errorf("%s: %s; want %s", when, text, want)
		}
	}
}

// A policy that was compiled does not follow what is done to the one it came
// from.
func TestCompiledIsApart(t *testing.T) {
	p := forAcme(policy.Global{Kinds: kinds{channel.KindOffer: policy.Drop}, Quiet: &policy.Quiet{From: "00:00", To: "23:59"}},
		policy.Channel{Kinds: kinds{channel.KindOrder: policy.Notify}, Rules: []policy.Rule{rule("r", "event.amount > 1", policy.Notify)}})
	c := compile(t, p)
	want := c.Effective(card)[1]
	p.Global.Kinds[channel.KindOffer] = policy.Notify
	p.Global.Quiet.From = "23:58"
	p.Channels[card].Kinds[channel.KindOrder] = policy.Drop
	p.Channels[card].Rules[0].Do = policy.Drop
	if got := c.Effective(card)[1]; got.Action != want.Action {
		t.Errorf("%+v, was %+v", got, want)
	}
	if d := c.Decide(event(channel.KindReceipt), acme, noon); d.Action != policy.Inbox || !strings.Contains(d.Explain(), "00:00 to 23:59") {
		t.Error(d.Explain())
	}
	if d := c.Decide(event(channel.KindOrder), acme, noon.Add(12*time.Hour-time.Second)); d.Action != policy.Notify {
		t.Error(d.Explain())
	}
}

func TestPolicyJSON(t *testing.T) {
	raw, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Compile(p); err != nil {
		t.Fatal(err)
	}
	again, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q, err := policy.Decode(again)
	if err != nil {
		t.Fatal(err)
	}
	if third, err := q.Encode(); err != nil || !bytes.Equal(again, third) {
		t.Errorf("%v: %s, then %s", err, again, third)
	}
	if !p.Global.NoThirdParty || len(p.Channels) != 1 || p.Global.Rules[0].Do != policy.Digest {
		t.Errorf("%+v", p)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	one := "channels." + card.String()
	many := make([]policy.Rule, 65)
	for i := range many {
		many[i] = rule(fmt.Sprint(i), "true", policy.Drop)
	}
	global := func(g policy.Global) policy.Policy { return forAcme(g, policy.Channel{}) }
	own := func(rs ...policy.Rule) policy.Policy { return forAcme(policy.Global{}, policy.Channel{Rules: rs}) }
	for _, c := range []struct {
		policy policy.Policy
		field  string
	}{
		{policy.Policy{}, "v"},
		{policy.Policy{Version: 2}, "v"},
		{global(policy.Global{Zone: "Europe/Atlantis"}), "global.zone"},
		{global(policy.Global{Zone: "Local"}), "global.zone"},
		{global(policy.Global{Zone: "../etc/passwd"}), "global.zone"},
		{global(policy.Global{Quiet: &policy.Quiet{From: "22:00", To: "22:00"}}), "global.quiet"},
		{global(policy.Global{Quiet: &policy.Quiet{From: "7:00", To: "22:00"}}), "global.quiet"},
		{global(policy.Global{Quiet: &policy.Quiet{From: "07:00", To: "24:00"}}), "global.quiet"},
		{global(policy.Global{Kinds: kinds{"advert": policy.Drop}}), "global.kinds"},
		{global(policy.Global{Kinds: kinds{channel.KindOffer: "shout"}}), "global.kinds.offer"},
		{global(policy.Global{Kinds: kinds{channel.KindRecall: policy.Drop}}), "global.kinds.recall"},
		{global(policy.Global{Rules: many}), "global.rules"},
		{forAcme(policy.Global{}, policy.Channel{Kinds: kinds{channel.KindOffer: ""}}), one + ".kinds.offer"},
		{own(rule("", "true", policy.Drop)), one + ".rules[0].name"},
		{own(rule(" a", "true", policy.Drop)), one + ".rules[0].name"},
		{own(rule("a\nb", "true", policy.Drop)), one + ".rules[0].name"},
		{own(rule("a\u202eb", "true", policy.Drop)), one + ".rules[0].name"},
		{own(rule(strings.Repeat("a", 81), "true", policy.Drop)), one + ".rules[0].name"},
		{own(rule("a", "true", policy.Drop), rule("a", "false", policy.Drop)), one + ".rules[1].name"},
		{own(rule("a", " \n", policy.Drop)), one + ".rules[0].when"},
		{own(rule("a", "true", "")), one + ".rules[0].do"},
		{policy.Policy{Version: 1, Channels: map[dagcbor.CID]policy.Channel{{}: {}}}, "channels"},
	} {
		err := c.policy.Check()
		wantField(t, err, c.field)
		if _, err := policy.Compile(c.policy); err == nil {
			t.Errorf("%s: compiles", c.field)
		}
		if _, err := c.policy.Encode(); err == nil {
			t.Errorf("%s: is encoded", c.field)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, raw := range []string{
		``, `{`, `[]`, `null`, `{"v":1}{}`, `{"v":1,"v":1}`, `{"V":1}`, `{"v":1,"globals":{}}`, `{"v":1,"global":null}`,
		`{"v":"1"}`, `{"v":1,"channels":{"":{}}}`, `{"v":1,"channels":{"bafy":{}}}`, `{"v":1,"global":{"quiet":{}}}`,
		`{"v":1,"global":{"rules":[{"name":"a","when":"true","do":"notify","else":"drop"}]}}`,
		`{"v":1,"global":{"\u212aind":{}}}`, `{"v":1,"channels":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 101),
		strings.Repeat(" ", 4<<20) + `{"v":1}`,
	} {
		if p, err := policy.Decode([]byte(raw)); err == nil {
			t.Errorf("%.80s is read as %+v", raw, p)
		}
	}
}

func FuzzDecodePolicy(f *testing.F) {
	raw, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":1,"global":{"zone":"UTC","quiet":{"from":"22:00","to":"07:00"},"kinds":{"offer":"drop"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := policy.Decode(raw)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		q, err := policy.Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if third, err := q.Encode(); err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%v: %s, then %s", err, again, third)
		}
		if c, err := policy.Compile(p); err == nil {
			c.Decide(full(), acme, noon)
			c.Effective(card)
		}
	})
}

// Whatever a rule says, it is refused or it is asked, and neither panics.
func FuzzRule(f *testing.F) {
	for _, c := range costlyRules() {
		f.Add(c.when)
	}
	f.Add(`event.amount > 100 && event.kind in ["receipt"]`)
	f.Fuzz(func(t *testing.T, when string) {
		c, err := policy.Compile(forAcme(policy.Global{Rules: []policy.Rule{rule("r", when, policy.Drop)}}, policy.Channel{}))
		if err != nil {
			return
		}
		e := event(channel.KindMessage)
		if d := c.Decide(e, acme, noon); d.Action == "" || len(d.Why) == 0 {
			t.Fatalf("%+v", d)
		}
	})
}
