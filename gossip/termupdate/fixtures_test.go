package termupdate_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

var now = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

// hour is the test's clock, counted from now.
func hour(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }

// vendor is a party with a key log. The same name gives the same keys, and
// with the same times the same log.
type vendor struct {
	name string
	log  *webvh.Log
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) ed25519.PublicKey { return key(name).Public().(ed25519.PublicKey) }

// newVendor has a log that began a year ago and was rotated that often since.
func newVendor(t testing.TB, name string, rotations int) *vendor {
	t.Helper()
	began := now.AddDate(-1, 0, 0)
	l, err := webvh.Create(webvh.Genesis{
		Domain: "cars.example", Update: key(name + " update 0"), Next: public(name + " update 1"), Sign: public(name + " sign 0"),
	}, began)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{name, l}
	for i := range rotations {
		v = v.rotated(t, i, began.AddDate(0, 0, i+1), "")
	}
	return v
}

// rotated returns v with one rotation more, the i-th from 0; other gives the
// new signing key another name.
func (v *vendor) rotated(t testing.TB, i int, at time.Time, other string) *vendor {
	t.Helper()
	l, err := v.log.Rotate(webvh.Rotation{
		Update: key(fmt.Sprintf("%s update %d", v.name, i+1)), Next: public(fmt.Sprintf("%s update %d", v.name, i+2)),
		Sign: public(fmt.Sprintf("%s sign %d%s", v.name, i+1, other)),
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	return &vendor{v.name, l}
}

func (v *vendor) did() identity.DID { return v.log.DID() }

// signer signs under the newest version of v's log.
func (v *vendor) signer(t testing.TB) identity.Signer {
	t.Helper()
	number := bytes.Count(v.log.Bytes(), []byte("\n")) - 1
	return identity.NewSigner(v.did(), v.log.VersionID(), key(fmt.Sprintf("%s sign %d", v.name, number)))
}

// refs are agreements of the roster.
func refs(t testing.TB, ids ...string) []terms.Ref {
	t.Helper()
	var all []terms.Ref
	for _, id := range ids {
		a, ok := terms.Lookup(id)
		if !ok {
			t.Fatalf("no %s in the roster", id)
		}
		all = append(all, a.Ref)
	}
	return all
}

// update is a good update of v.
func (v *vendor) update(t testing.TB, seq uint64, at time.Time) *termupdate.Update {
	t.Helper()
	return &termupdate.Update{
		Version: termupdate.BodyVersion, Type: termupdate.BodyType,
		Vendor:   relcard.Party{DID: v.did(), Name: "Wasatch Cars"},
		Seq:      seq,
		Accepts:  refs(t, "SD-BASE", "SD-BASE-A", "PDC-INTENT"),
		Requests: termupdate.Anyone,
		Categories: []intentcast.Category{
			{Taxonomy: "parley", Value: "travel/car-rental"}, {Taxonomy: "parley", Value: "travel/skiing"},
		},
		Regions: []string{"US-UT", "US-ID"},
		Route:   route(),
		Site:    "https://cars.example/terms",
		Time:    identity.At(at), Expires: identity.At(at.Add(3 * 24 * time.Hour)),
	}
}

func route() intentcast.Route {
	secret := sha256.Sum256([]byte("route"))
	return intentcast.Route{
		Peer:  "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS",
		Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1", "/ip4/192.0.2.7/tcp/4001"},
		Key:   bytes.Repeat(secret[:], intentcast.ReplyKeySize/len(secret)),
	}
}

// holders are two peers that keep letters for the vendor.
func holders() []intentcast.RouteHolder {
	one, two := sha256.Sum256([]byte("slot at one")), sha256.Sum256([]byte("slot at two"))
	return []intentcast.RouteHolder{
		{Peer: "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", Addrs: []string{"/ip4/192.0.2.8/udp/4001/quic-v1"}, Slot: one[:]},
		{Peer: "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", Slot: two[:]},
	}
}

func (v *vendor) sign(t testing.TB, u *termupdate.Update) termupdate.Signed {
	t.Helper()
	s, err := u.Sign(v.signer(t), v.log.Bytes(), u.Time.Std())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// says is the verified update of that number, made at that hour.
func (v *vendor) says(t testing.TB, seq uint64, h int) termupdate.Verified {
	t.Helper()
	return verified(t, v.sign(t, v.update(t, seq, hour(h))), hour(h))
}

func verified(t testing.TB, s termupdate.Signed, at time.Time) termupdate.Verified {
	t.Helper()
	got, err := s.Verify(at)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func encode(t testing.TB, s termupdate.Signed) []byte {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
