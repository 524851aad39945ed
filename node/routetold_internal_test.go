package node

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

func goodRoute(t testing.TB) routeBody {
	t.Helper()
	key, err := seal.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return routeBody{
		Version: 1, Type: routeType, Person: "did:webvh:Qm:pairwise.invalid", Vendor: "did:webvh:Qm:shop.example",
		By: identity.RolePerson, Seq: 1, Time: identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)),
		Route: intentcast.Route{Peer: "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS", Slot: bytes.Repeat([]byte{7}, 32), Key: key.Public()},
	}
}

// Each rule of a route letter's body, broken.
func TestBadRoutes(t *testing.T) {
	for want, spoil := range map[string]func(*routeBody){
		"version 2":      func(b *routeBody) { b.Version = 2 },
		"type":           func(b *routeBody) { b.Type = "card" },
		"by \"author\"":  func(b *routeBody) { b.By = identity.RoleAuthor },
		"seq is missing": func(b *routeBody) { b.Seq = 0 },
		"peer":           func(b *routeBody) { b.Route.Peer = "nobody" },
		"key":            func(b *routeBody) { b.Route.Key = b.Route.Key[1:] },
		"holders":        func(b *routeBody) { b.Route.Holders = make([]intentcast.RouteHolder, 4) },
	} {
		b := goodRoute(t)
		if raw, err := encode(b); err != nil {
			t.Fatal(err)
		} else if _, err := decodeRoute(raw); err != nil {
			t.Fatalf("a good one: %v", err)
		}
		spoil(&b)
		raw, err := encode(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRoute(raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %s, got %v", want, err)
		}
	}
}

// What is read as a route letter's body is its one encoding, and keeps the
// rules that need no relationship.
func FuzzDecodeRoute(f *testing.F) {
	raw, err := encode(goodRoute(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := decodeRoute(raw)
		if err != nil {
			return
		}
		if again, err := dagcbor.Marshal(b); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x\nencoded again as %x, %v", raw, again, err)
		}
		if b.Seq == 0 || b.Route.CheckHolders() != nil || checkRoute(&b.Route) != nil {
			t.Fatalf("taken: %+v", b)
		}
	})
}
