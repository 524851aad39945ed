package policy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
)

type kinds = map[channel.Kind]policy.Action

func rule(name, when string, do policy.Action) policy.Rule {
	return policy.Rule{Name: name, When: when, Do: do}
}

func TestDecide(t *testing.T) {
	bigBills := []policy.Rule{rule("big bills", "event.amount > 100", policy.Notify)}
	noThirdParty := policy.Global{NoThirdParty: true}
	thirdParty := func(e channel.Event) channel.Event { e.Data.ThirdParty = "Globex"; return e }
	for _, c := range []struct {
		name      string
		global    policy.Global
		channel   policy.Channel
		event     channel.Event
		want      policy.Action
		why       string // of the last step that decides
		overrides []string
	}{
		{name: "nothing said", event: event(channel.KindOffer), want: policy.Digest,
			why: "nothing is said of kind offer: the default → digest"},
		{name: "global kind", global: policy.Global{Kinds: kinds{channel.KindOffer: policy.Drop}}, event: event(channel.KindOffer), want: policy.Drop,
			why: "all channels have an action for kind offer → drop"},
		{name: "global rule before global kind", event: event(channel.KindReceipt), want: policy.Notify,
			global: policy.Global{Rules: bigBills, Kinds: kinds{channel.KindReceipt: policy.Digest}},
			why:    `rule of all channels "big bills": event.amount > 100 → notify`},
		{name: "channel kind before global rule", event: event(channel.KindReceipt), want: policy.Inbox,
			global: policy.Global{Rules: bigBills}, channel: policy.Channel{Kinds: kinds{channel.KindReceipt: policy.Inbox}},
			why: "Acme's channel has its own action for kind receipt → inbox", overrides: []string{"global.rules[0]"}},
		{name: "channel rule before channel kind", event: event(channel.KindReceipt), want: policy.Notify,
			channel: policy.Channel{Rules: bigBills, Kinds: kinds{channel.KindReceipt: policy.Drop}},
			why:     `rule of Acme's channel "big bills": event.amount > 100 → notify`},
		{name: "channel kind over global kind", event: event(channel.KindOffer), want: policy.Notify,
			global: policy.Global{Kinds: kinds{channel.KindOffer: policy.Drop}}, channel: policy.Channel{Kinds: kinds{channel.KindOffer: policy.Notify}},
			why: "Acme's channel has its own action for kind offer → notify", overrides: []string{"global.kinds.offer"}},
		{name: "same as the global says", event: event(channel.KindOffer), want: policy.Drop,
			global: policy.Global{Kinds: kinds{channel.KindOffer: policy.Drop}}, channel: policy.Channel{Kinds: kinds{channel.KindOffer: policy.Drop}},
			why: "Acme's channel has its own action for kind offer → drop"},
		{name: "closed", event: event(channel.KindReceipt), want: policy.Drop,
			channel: policy.Channel{Closed: true, Rules: bigBills}, why: "Acme's channel is closed → drop"},
		{name: "no third-party mail", event: thirdParty(event(channel.KindOffer)), want: policy.Drop, global: noThirdParty,
			channel: policy.Channel{Rules: []policy.Rule{rule("all", "true", policy.Notify)}},
			why:     "this is third-party mail from Globex: the global preference for no third-party mail → drop"},
		{name: "a channel that takes third-party mail", event: thirdParty(event(channel.KindOffer)), want: policy.Digest, global: noThirdParty,
			channel: policy.Channel{Overrides: policy.Overrides{ThirdParty: true}},
			why:     "nothing is said of kind offer: the default → digest", overrides: []string{"global.no_third_party"}},
		{name: "the vendor's own mail", event: event(channel.KindOffer), want: policy.Digest, global: noThirdParty,
			why: "nothing is said of kind offer: the default → digest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.event.Check(); err != nil {
				t.Fatal(err)
			}
			d := compile(t, forAcme(c.global, c.channel)).Decide(c.event, acme, noon)
			if d.Action != c.want || !slices.Equal(d.Overrides, c.overrides) {
				t.Errorf("%s, overriding %q; want %s, %q", d.Action, d.Overrides, c.want, c.overrides)
			}
			if last := lastDeciding(d); last.Text != c.why {
				t.Errorf("because %q, want %q", last.Text, c.why)
			}
		})
	}
}

func lastDeciding(d policy.Decision) policy.Step {
	for _, s := range slices.Backward(d.Why) {
		if s.Decides {
			return s
		}
	}
	return policy.Step{}
}

// A dry run is Decide over an event made up: it tells all that was considered.
func TestExplain(t *testing.T) {
	c := compile(t, forAcme(
		policy.Global{
			NoThirdParty: true, Zone: "Europe/Berlin", Quiet: &policy.Quiet{From: "22:00", To: "07:00"},
			Kinds: kinds{channel.KindOffer: policy.Drop},
		},
		policy.Channel{
			Rules: []policy.Rule{
				rule("big bills", "event.amount >\n  100", policy.Notify),
				rule("not on Fridays", "now.getDayOfWeek() == 5", policy.Notify),
			},
			Overrides: policy.Overrides{ThirdParty: true},
		}))
	e := event(channel.KindOffer)
	e.Data.ThirdParty = "Globex"
	got := c.Decide(e, acme, noon.Add(10*time.Hour)).Explain()
	want := `inbox
   1. Acme's channel takes third-party mail (this is from Globex), over the global preference for no third-party mail
   2. rule of Acme's channel "big bills": event.amount > 100 — fails, so does not match: the event has no amount
*  3. rule of Acme's channel "not on Fridays": now.getDayOfWeek() == 5 → notify
   4. Acme's channel goes before all channels' action for kind offer, which is drop
*  5. it is 23:00, within quiet hours (22:00 to 07:00) → inbox
overridden: global.no_third_party, global.kinds.offer`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRecallsAreNotQuietedInPassing(t *testing.T) {
	night := noon.Add(11 * time.Hour)
	quiet := &policy.Quiet{From: "22:00", To: "07:00"}
	always := func(do policy.Action, when string) []policy.Rule { return []policy.Rule{rule("r", when, do)} }
	for _, c := range []struct {
		name    string
		global  policy.Global
		channel policy.Channel
		want    policy.Action
	}{
		{"quiet hours", policy.Global{Quiet: quiet}, policy.Channel{}, policy.Notify},
		{"no third-party mail", policy.Global{NoThirdParty: true}, policy.Channel{}, policy.Notify},
		{"a global rule for everything", policy.Global{Rules: always(policy.Drop, "true")}, policy.Channel{}, policy.Notify},
		{"a channel's rule for everything", policy.Global{}, policy.Channel{Rules: always(policy.Digest, `event.kind != "order"`)}, policy.Notify},
		{"a rule for recalls", policy.Global{Rules: always(policy.Inbox, `event.kind == "recall"`)}, policy.Channel{}, policy.Inbox},
		{"a rule for recalls among others", policy.Global{}, policy.Channel{Rules: always(policy.Drop, `event.kind in ["recall", "offer"]`)}, policy.Drop},
		{"a rule for one article", policy.Global{}, policy.Channel{Rules: always(policy.Drop, `event.gtin == "4006381333931"`)}, policy.Drop},
		{"a rule for another article", policy.Global{}, policy.Channel{Rules: always(policy.Drop, `event.gtin == "4006381333932"`)}, policy.Notify},
		{"the channel's own action", policy.Global{}, policy.Channel{Kinds: kinds{channel.KindRecall: policy.Inbox}}, policy.Inbox},
		{"a closed channel", policy.Global{}, policy.Channel{Closed: true}, policy.Drop},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(channel.KindRecall)
			e.Data.ThirdParty = "The manufacturer"
			if d := compile(t, forAcme(c.global, c.channel)).Decide(e, acme, night); d.Action != c.want {
				t.Errorf("%s, want %s\n%s", d.Action, c.want, d.Explain())
			}
		})
	}
}

func TestQuietHours(t *testing.T) {
	over := &policy.Quiet{From: "22:00", To: "07:00"}
	within := &policy.Quiet{From: "13:00", To: "14:30"}
	for _, c := range []struct {
		quiet *policy.Quiet
		utc   string // Berlin is an hour ahead until 29 March 2026, then two
		want  policy.Action
	}{
		{over, "2026-03-20T20:59:59Z", policy.Notify},
		{over, "2026-03-20T21:00:00Z", policy.Inbox},
		{over, "2026-03-20T23:30:00Z", policy.Inbox},
		{over, "2026-03-21T05:59:59Z", policy.Inbox},
		{over, "2026-03-21T06:00:00Z", policy.Notify},
		{over, "2026-03-29T05:00:00Z", policy.Notify}, // 07:00 in summer time
		{over, "2026-03-29T04:59:00Z", policy.Inbox},
		{within, "2026-03-20T12:00:00Z", policy.Inbox},
		{within, "2026-03-20T13:29:59Z", policy.Inbox},
		{within, "2026-03-20T13:30:00Z", policy.Notify},
	} {
		now, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		global := policy.Global{Zone: "Europe/Berlin", Quiet: c.quiet}
		if d := compile(t, forAcme(global, policy.Channel{})).Decide(event(channel.KindOrder), acme, now); d.Action != c.want {
			t.Errorf("%v at %s: %s, want %s", *c.quiet, c.utc, d.Action, c.want)
		}
		loud := policy.Channel{Overrides: policy.Overrides{Quiet: true}}
		d := compile(t, forAcme(global, loud)).Decide(event(channel.KindOrder), acme, now)
		if d.Action != policy.Notify || slices.Contains(d.Overrides, "global.quiet") != (c.want == policy.Inbox) {
			t.Errorf("%v at %s, overridden: %s, %q", *c.quiet, c.utc, d.Action, d.Overrides)
		}
	}
}

// Whatever the policy, a decision is an action whose reason is the last step
// that decides, it is the same each time, Effective agrees with it where no
// rule has a say, and a recall is quieted only where that was asked for.
func TestDecisionsOfAnyPolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		c, err := policy.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		e := event(rapid.SampledFrom(channel.Kinds()).Draw(t, "kind"))
		if rapid.Bool().Draw(t, "third party") {
			e.Data.ThirdParty = "Globex"
		}
		now := noon.Add(time.Duration(rapid.IntRange(0, 23).Draw(t, "hour")) * time.Hour)
		d := c.Decide(e, acme, now)
		if !reflect.DeepEqual(d, c.Decide(e, acme, now)) {
			t.Fatal("another decision the second time")
		}
		if last := lastDeciding(d); d.Action == "" || last.Action != d.Action {
			t.Fatalf("%s, and the last step that decides is %+v", d.Action, last)
		}
		ch := p.Channels[card]
		if asked := ch.Closed || len(ch.Rules)+len(p.Global.Rules) > 0 || ch.Kinds[channel.KindRecall] != ""; e.Kind == channel.KindRecall && !asked && d.Action != policy.Notify {
			t.Fatalf("a recall is quieted:\n%s", d.Explain())
		}
		if len(ch.Rules)+len(p.Global.Rules) == 0 {
			agree(t, p, c, e, now, d)
		}
	})
}

func agree(t *rapid.T, p policy.Policy, c *policy.Compiled, e channel.Event, now time.Time, d policy.Decision) {
	row := c.Effective(card)[slices.Index(channel.Kinds(), e.Kind)]
	quiet := p.Global.Quiet != nil && strings.Contains(d.Explain(), "within quiet hours")
	want := row.Action
	switch {
	case e.Data.ThirdParty != "" && row.ThirdParty == policy.Drop:
		want = policy.Drop
	case quiet:
		want = row.Quiet
	}
	if d.Action != want {
		t.Fatalf("table says %+v, decision is\n%s", row, d.Explain())
	}
}

func drawPolicy(t *rapid.T) policy.Policy {
	action := rapid.SampledFrom([]policy.Action{policy.Notify, policy.Inbox, policy.Digest, policy.Drop})
	drawKinds := rapid.MapOf(rapid.SampledFrom(channel.Kinds()), action)
	rules := func(label string) (rs []policy.Rule) {
		when := rapid.SampledFrom([]string{"true", "false", "event.amount > 100", `event.kind == "recall"`, `event.third_party != ""`, "1 / channel.unread == 1"})
		for i := range rapid.IntRange(0, 3).Draw(t, label) {
			rs = append(rs, rule(string(rune('a'+i)), when.Draw(t, "when"), action.Draw(t, "do")))
		}
		return rs
	}
	g := policy.Global{NoThirdParty: rapid.Bool().Draw(t, "no third party"), Zone: "Europe/Berlin",
		Kinds: drawKinds.Draw(t, "global kinds"), Rules: rules("global rules")}
	delete(g.Kinds, channel.KindRecall)
	if rapid.Bool().Draw(t, "quiet") {
		g.Quiet = &policy.Quiet{From: "22:00", To: "07:00"}
	}
	c := policy.Channel{Closed: rapid.IntRange(0, 9).Draw(t, "closed") == 0, Kinds: drawKinds.Draw(t, "kinds"), Rules: rules("rules"),
		Overrides: policy.Overrides{ThirdParty: rapid.Bool().Draw(t, "takes third party"), Quiet: rapid.Bool().Draw(t, "loud")}}
	return policy.Policy{Version: 1, Global: g, Channels: map[dagcbor.CID]policy.Channel{card: c}}
}

func TestEffective(t *testing.T) {
	c := compile(t, forAcme(
		policy.Global{NoThirdParty: true, Quiet: &policy.Quiet{From: "22:00", To: "07:00"},
			Kinds: kinds{channel.KindOffer: policy.Drop, channel.KindMessage: policy.Digest},
			Rules: []policy.Rule{rule("spam", `event.title.contains("won")`, policy.Drop)}},
		policy.Channel{Kinds: kinds{channel.KindOffer: policy.Notify},
			Rules:     []policy.Rule{rule("big bills", "event.amount > 100", policy.Notify)},
			Overrides: policy.Overrides{ThirdParty: true}}))
	both := []string{"big bills", "spam"}
	third := []string{"global.no_third_party"}
	want := []policy.Effect{
		{channel.KindMessage, policy.Digest, policy.Digest, policy.Digest, "global.kinds", third, both},
		{channel.KindOffer, policy.Notify, policy.Inbox, policy.Notify, "channel.kinds", []string{"global.kinds.offer", "global.no_third_party"}, both[:1]},
		{channel.KindOrder, policy.Notify, policy.Inbox, policy.Notify, "default", third, both},
		{channel.KindRecall, policy.Notify, policy.Notify, policy.Notify, "default", third, both[:1]},
		{channel.KindReceipt, policy.Inbox, policy.Inbox, policy.Inbox, "default", third, both},
		{channel.KindRenewal, policy.Notify, policy.Inbox, policy.Notify, "default", third, both},
	}
	if got := c.Effective(card); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	other := c.Effective(dagcbor.Sum([]byte("another card")))
	if row := other[1]; row.Action != policy.Drop || row.ThirdParty != policy.Drop || row.From != "global.kinds" {
		t.Errorf("a channel of which nothing is said: %+v", row)
	}
	for _, row := range compile(t, forAcme(policy.Global{}, policy.Channel{Closed: true})).Effective(card) {
		if row.Action != policy.Drop || row.From != "channel.closed" {
			t.Errorf("closed: %+v", row)
		}
	}
}
