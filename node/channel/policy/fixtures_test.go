package policy_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/relcard/money"
)

var (
	noon = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC) // 13:00 in Berlin, a Friday
	card = dagcbor.Sum([]byte("the card with Acme"))
	acme = policy.Context{
		Vendor: did("acme"), Name: "Acme", Card: card, Terms: "SD-BASE", Category: "insurance",
		Since: noon.AddDate(-1, 0, 0), Unread: 3,
	}
)

func did(name string) identity.DID {
	seed := sha256.Sum256([]byte(name))
	return identity.KeyDID(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

// event returns a valid event of kind k.
func event(k channel.Kind) channel.Event {
	e := channel.Event{
		ID: "e1", Source: acme.Vendor, Kind: k, Subject: "o-77", Time: identity.At(noon.Add(-time.Minute)),
		Data: channel.Data{Title: "About your " + string(k)},
	}
	switch k {
	case channel.KindReceipt:
		e.Data.Amount = money.Money{Currency: "EUR", Amount: "120.00"}
	case channel.KindRecall:
		e.Data.GTIN = "4006381333931"
	case channel.KindRenewal:
		e.Data.Renews = identity.At(noon.AddDate(0, 0, 10))
	}
	return e
}

func compile(t testing.TB, p policy.Policy) *policy.Compiled {
	t.Helper()
	p.Version = 1
	c, err := policy.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// forAcme is a policy with one channel.
func forAcme(g policy.Global, c policy.Channel) policy.Policy {
	return policy.Policy{Version: 1, Global: g, Channels: map[dagcbor.CID]policy.Channel{card: c}}
}

func wantField(t testing.TB, err error, field string) {
	t.Helper()
	var f *channel.FieldError
	if !errors.As(err, &f) || f.Field != field {
		t.Fatalf("error is %v, want one of field %s", err, field)
	}
}
