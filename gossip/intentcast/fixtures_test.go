package intentcast_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
)

var now = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

// signer returns the did:key signer of a name, the same in every run.
func signer(name string) identity.Signer {
	seed := sha256.Sum256([]byte(name))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}

func route(name string) intentcast.Route {
	slot := sha256.Sum256([]byte("slot " + name))
	key := bytes.Repeat(slot[:], intentcast.ReplyKeySize/len(slot))
	return intentcast.Route{
		Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
		Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1", "/ip4/192.0.2.7/tcp/4001"},
		Slot:  slot[:], Key: key,
	}
}

func parkCity() intentcast.Intent {
	return example.ParkCity(signer("skier").DID(), route("skier"), now)
}

func stroller() intentcast.Intent {
	return example.Stroller(signer("parent").DID(), route("parent"), now)
}

// cast signs in by the named signer at its own creation.
func cast(t testing.TB, in intentcast.Intent, by string) *intentcast.Cast {
	t.Helper()
	c, err := intentcast.Sign(in, signer(by), in.Created.Std())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(t testing.TB, c interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rental is an offer for the Park City intent: five days at 61.50 and a fee.
func rental(c *intentcast.Cast) intentcast.Offer {
	return intentcast.Offer{
		Version: intentcast.BodyVersion, Type: intentcast.OfferType,
		Intent: c.ID, Recipient: c.Intent.Reply.KeyHash(),
		Vendor:  relcard.Party{DID: signer("rental").DID(), Name: "Wasatch Cars"},
		Created: identity.At(now.Add(time.Minute)), Expires: identity.At(now.Add(48 * time.Hour)),
		Lines: []intentcast.OfferLine{{
			Want: 0,
			Line: relcard.Line{Name: "Outlander 4WD", SKU: "SUV-4", Quantity: "5", Unit: "DAY", Price: money.Money{Currency: "USD", Amount: "61.50"}},
			Attributes: []intentcast.Attribute{
				{Property: example.Drive, Type: intentcast.TypeText, Value: example.FourWheel},
				{Property: example.Body, Type: intentcast.TypeText, Value: example.SUV},
			},
		}},
		Extras:      []relcard.Extra{{Property: "airport fee", Price: money.Money{Currency: "USD", Amount: "12.00"}}},
		Total:       money.Money{Currency: "USD", Amount: "319.50"},
		Memberships: []string{"Avis Wizard"},
		Fulfil:      c.Intent.Window,
		Terms:       c.Intent.Terms[0],
		Text:        "Skis fit inside.",
		Route:       route("rental"),
	}
}

type keyPair struct {
	private ed25519.PrivateKey
	public  []ed25519.PublicKey
}

func vendorKey() keyPair {
	seed := sha256.Sum256([]byte("vendor key"))
	private := ed25519.NewKeyFromSeed(seed[:])
	return keyPair{private, []ed25519.PublicKey{private.Public().(ed25519.PublicKey)}}
}
