package channel_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/relcard/money"
)

func TestEventJSON(t *testing.T) {
	got := string(encoded(t, eventOf(channel.KindOffer)))
	want := `{"data":{"amount":{"amt":"19.90","cur":"EUR"},"due":"2026-03-29T12:00:00Z","third_party":"Globex",` +
		`"title":"Boots, half the price","url":"https://acme.example/o?a=1&b=2"},` +
		`"datacontenttype":"application/json","id":"e-offer","source":"` + string(acme.DID()) + `",` +
		`"specversion":"1.0","subject":"o-77","time":"2026-03-20T12:00:00Z","type":"net.parley.offer"}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEventRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		raw, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := channel.DecodeEvent(raw)
		if err != nil || got != e {
			t.Fatalf("%v: %+v, was %+v", err, got, e)
		}
	})
}

// The project's events are those of the CloudEvents project's own library, in
// both directions.
func TestCloudEventsSDK(t *testing.T) {
	for _, e := range events() {
		var theirs cloudevents.Event
		if err := json.Unmarshal(encoded(t, e), &theirs); err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		if err := theirs.Validate(); err != nil {
			t.Errorf("%s: %v", e.Kind, err)
		}
		if theirs.ID() != e.ID || theirs.Source() != string(e.Source) || theirs.Type() != e.Kind.Type() ||
			theirs.Subject() != e.Subject || !theirs.Time().Equal(e.Time.Std()) || len(theirs.Extensions()) != 0 {
			t.Errorf("%s is read as %s", e.Kind, theirs)
		}
		back, err := json.Marshal(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := channel.DecodeEvent(back); err != nil || got != e {
			t.Errorf("%v: %+v, was %+v", err, got, e)
		}
	}

	made := cloudevents.New()
	made.SetID("r-1")
	made.SetSource(string(acme.DID()))
	made.SetType("net.parley.receipt")
	made.SetTime(now)
	data := map[string]any{"title": "Thank you", "amount": money.Money{Currency: "EUR", Amount: "5"}}
	if err := made.SetData(cloudevents.ApplicationJSON, data); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := channel.DecodeEvent(raw); err != nil || e.Kind != channel.KindReceipt || e.Data.Amount.Amount != "5" {
		t.Errorf("%v: %+v", err, e)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	type change = func(*channel.Event)
	text := func(s string) change { return func(e *channel.Event) { e.Data.Text = s } }
	title := func(s string) change { return func(e *channel.Event) { e.Data.Title = s } }
	link := func(s string) change { return func(e *channel.Event) { e.Data.URL = s } }
	gtin := func(s string) change { return func(e *channel.Event) { e.Data.GTIN = s } }
	eur := money.Money{Currency: "EUR", Amount: "1"}
	for _, c := range []struct {
		kind   channel.Kind
		change change
		field  string
	}{
		{channel.KindOffer, func(e *channel.Event) { e.Kind = "advert" }, "type"},
		{channel.KindOffer, func(e *channel.Event) { e.ID = "" }, "id"},
		{channel.KindOffer, func(e *channel.Event) { e.ID = strings.Repeat("i", 129) }, "id"},
		{channel.KindOffer, func(e *channel.Event) { e.Source = "https://acme.example" }, "source"},
		{channel.KindOffer, func(e *channel.Event) { e.Source = "did:web:acme.example" }, "source"},
		{channel.KindOffer, func(e *channel.Event) { e.Subject = "a\nb" }, "subject"},
		{channel.KindOffer, func(e *channel.Event) { e.Time = identity.Time{} }, "time"},
		{channel.KindOffer, func(e *channel.Event) {
			e.Data.Due = identity.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
		}, "data.due"},
		{channel.KindOffer, title(""), "data.title"},
		{channel.KindOffer, title(strings.Repeat("t", 201)), "data.title"},
		{channel.KindOffer, title("two\nlines"), "data.title"},
		{channel.KindOffer, title("edge "), "data.title"},
		{channel.KindOffer, title("moc.\u202eelpmaxe"), "data.title"},
		{channel.KindOffer, title("\x1b[31mred"), "data.title"},
		{channel.KindOffer, title("a\xffb"), "data.title"},
		{channel.KindOffer, text(strings.Repeat("t", 4097)), "data.text"},
		{channel.KindOffer, text("a\rb"), "data.text"},
		{channel.KindOffer, func(e *channel.Event) { e.Data.Amount.Currency = "Euro" }, "data.amount"},
		{channel.KindOffer, func(e *channel.Event) { e.Data.Amount.Amount = "1e9" }, "data.amount"},
		{channel.KindOffer, func(e *channel.Event) { e.Data.ThirdParty = strings.Repeat("t", 201) }, "data.third_party"},
		{channel.KindOffer, link("http://acme.example"), "data.url"},
		{channel.KindOffer, link("javascript:alert(1)"), "data.url"},
		{channel.KindOffer, link("https:acme.example"), "data.url"},
		{channel.KindOffer, link("https:///path"), "data.url"},
		{channel.KindOffer, link("https://:443/"), "data.url"},
		{channel.KindOffer, link("https://acme.example@globex.example/"), "data.url"},
		{channel.KindOffer, link("https://аcme.example/"), "data.url"}, // a Cyrillic а
		{channel.KindOffer, link("https://acme.example/" + strings.Repeat("p", 1024)), "data.url"},
		{channel.KindReceipt, func(e *channel.Event) { e.Data.Amount = money.Money{} }, "data.amount"},
		{channel.KindReceipt, func(e *channel.Event) { e.Data.Gone = true }, "data.gone"},
		{channel.KindOrder, func(e *channel.Event) { e.Data.Gone, e.Subject = true, "" }, "data.gone"},
		{channel.KindMessage, func(e *channel.Event) { e.Data.Amount = eur }, "data.amount"},
		{channel.KindMessage, func(e *channel.Event) { e.Data.Renews = identity.At(now) }, "data.renews"},
		{channel.KindRenewal, func(e *channel.Event) { e.Data.Renews = identity.Time{} }, "data.renews"},
		{channel.KindRecall, func(e *channel.Event) { e.Data.GTIN, e.Data.Serial = "", "" }, "data.gtin"},
		{channel.KindRecall, func(e *channel.Event) { e.Data.Amount = eur }, "data.amount"},
		{channel.KindRecall, gtin("4006381333932"), "data.gtin"},
		{channel.KindRecall, gtin("400638133393"), "data.gtin"},
		{channel.KindRecall, gtin("123"), "data.gtin"},
		{channel.KindRecall, gtin("40063813339a1"), "data.gtin"},
		{channel.KindOffer, gtin("4006381333931"), "data.gtin"},
		{channel.KindOffer, func(e *channel.Event) { e.Data.Serial = "L-1" }, "data.serial"},
	} {
		e := eventOf(c.kind)
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		c.change(&e)
		wantField(t, e.Check(), c.field)
		if _, err := e.Encode(); err == nil {
			t.Errorf("%s: is encoded", c.field)
		}
		raw, err := json.Marshal(e)
		if err != nil {
			continue // no JSON has it
		}
		if got, err := channel.DecodeEvent(raw); err == nil {
			t.Errorf("%s: is read as %+v", c.field, got)
		}
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	good := string(encoded(t, eventOf(channel.KindOffer)))
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, raw := range map[string]string{
		"nothing":            "",
		"broken off":         good[:len(good)-1],
		"more after it":      good + "{}",
		"a batch":            "[" + good + "]",
		"null":               "null",
		"extension":          swap(`"id":`, `"partitionkey":"x","id":`),
		"binary data":        swap(`"data":{`, `"data_base64":"e30=","x":{`),
		"unknown data":       swap(`"title":`, `"pixel":"https://t.example","title":`),
		"name twice":         swap(`"id":`, `"id":"first","id":`),
		"name in capitals":   swap(`"id":`, `"ID":`),
		"name in long s":     swap(`"subject":`, `"\u017fubject":`),
		"null within":        swap(`"subject":"o-77"`, `"subject":null`),
		"another version":    swap(`"1.0"`, `"0.3"`),
		"no version":         swap(`"specversion":"1.0",`, ``),
		"another content":    swap(`"application/json"`, `"application/xml"`),
		"another type":       swap(`net.parley.offer`, `com.example.offer`),
		"unknown kind":       swap(`net.parley.offer`, `net.parley.advert`),
		"time with fraction": swap(`"time":"2026-03-20T12:00:00Z"`, `"time":"2026-03-20T12:00:00.5Z"`),
		"time elsewhere":     swap(`"time":"2026-03-20T12:00:00Z"`, `"time":"2026-03-20T13:00:00+01:00"`),
		"amount as number":   swap(`"amt":"19.90"`, `"amt":19.90`),
		"too long":           strings.Repeat(" ", channel.MaxEvent) + good,
		"deep":               swap(`"title":`, `"x":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+`,"title":`),
		"half a character":   swap(`Boots`, `\ud83d`),
	} {
		if e, err := channel.DecodeEvent([]byte(raw)); err == nil {
			t.Errorf("%s is read as %+v", name, e)
		}
	}
	if _, err := channel.DecodeEvent([]byte(" \n" + good)); err != nil {
		t.Errorf("blanks: %v", err)
	}
}

// The longest texts there may be fit into an event, however they are escaped.
func TestLongestEventFits(t *testing.T) {
	e := eventOf(channel.KindRecall)
	e.Data.Title, e.Data.Serial = strings.Repeat(`"`, 200), strings.Repeat(`\`, 200)
	e.Data.Text, e.Data.ThirdParty = "."+strings.Repeat("\n", 4094)+".", strings.Repeat(`"`, 200)
	e.Data.URL = "https://acme.example/" + strings.Repeat("p", 1003)
	if raw := encoded(t, e); len(raw) > channel.MaxEvent {
		t.Errorf("%d bytes", len(raw))
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range events() {
		raw := encoded(f, e)
		f.Add(raw)
		f.Add(bytes.Replace(raw, []byte(":"), []byte(" : "), 3))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := channel.DecodeEvent(raw)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil {
			t.Fatal(err) // no layout of an event is shorter than the canonical one
		}
		if got, err := channel.DecodeEvent(again); err != nil || got != e {
			t.Fatalf("%v: %+v, was %+v", err, got, e)
		}
		var theirs cloudevents.Event
		if err := json.Unmarshal(again, &theirs); err != nil || theirs.Validate() != nil {
			t.Fatalf("no CloudEvent: %v %v", err, theirs.Validate())
		}
	})
}
