package channel_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/relcard/money"
)

var (
	now   = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	card  = dagcbor.Sum([]byte("a card"))
	acme  = signer("acme")
	other = signer("globex")
)

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("channel test key: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func signer(name string) identity.Signer { return identity.NewKeySigner(key(name)) }

// events is a valid event of each kind, in the order of Kinds, with all that
// the kind may have.
func events() []channel.Event {
	price := money.Money{Currency: "EUR", Amount: "19.90"}
	day := func(n int) identity.Time { return identity.At(now.AddDate(0, 0, n)) }
	data := map[channel.Kind]channel.Data{
		channel.KindMessage: {Title: "Über uns", Text: "Zwei Zeilen,\n<b>kein</b> HTML.\t\"Ja\"", Due: day(1), Gone: true},
		channel.KindOffer:   {Title: "Boots, half the price", Amount: price, Due: day(9), ThirdParty: "Globex", URL: "https://acme.example/o?a=1&b=2"},
		channel.KindOrder:   {Title: "On its way", Amount: price, URL: "https://acme.example/o/77"},
		channel.KindRecall:  {Title: "Do not use it", GTIN: "4006381333931", Serial: "L-12 to L-40", ThirdParty: "The manufacturer"},
		channel.KindReceipt: {Title: "Thank you", Amount: money.Money{Currency: "JPY", Amount: "-1200"}, Due: day(730)},
		channel.KindRenewal: {Title: "A year more", Amount: price, Renews: day(30), Due: day(20)},
	}
	var list []channel.Event
	for _, k := range channel.Kinds() {
		list = append(list, channel.Event{
			ID: "e-" + string(k), Source: acme.DID(), Kind: k, Subject: "o-77", Time: identity.At(now), Data: data[k],
		})
	}
	return list
}

func eventOf(k channel.Kind) channel.Event {
	for _, e := range events() {
		if e.Kind == k {
			return e
		}
	}
	panic("no event of kind " + k)
}

func encoded(t testing.TB, e channel.Event) []byte {
	t.Helper()
	raw, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// drawEvent is any valid event.
func drawEvent(t *rapid.T) channel.Event {
	e := rapid.SampledFrom(events()).Draw(t, "event")
	e.ID = rapid.StringMatching(`[!-~]{1,128}`).Draw(t, "id")
	e.Data.Title = rapid.StringMatching(`[a-zäß€"\\&<>😀]{1,50}`).Draw(t, "title")
	e.Data.Text = rapid.StringMatching(`([a-z\n\t"\\ ]{0,500}[a-z.])?`).Filter(func(s string) bool { return s == "" || s[0] > ' ' }).Draw(t, "text")
	e.Time = identity.At(now.Add(time.Duration(rapid.Int64Range(-1e9, 0).Draw(t, "time")) * time.Second))
	return e
}

func wantField(t testing.TB, err error, field string) {
	t.Helper()
	var f *channel.FieldError
	if !errors.As(err, &f) || f.Field != field {
		t.Errorf("error is %v, want one of field %s", err, field)
	}
}
