package termupdate_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
)

func TestUpdateTravels(t *testing.T) {
	v := newVendor(t, "rental", 2)
	u := v.update(t, 7, now)
	s, err := termupdate.DecodeSigned(encode(t, v.sign(t, u)))
	if err != nil {
		t.Fatal(err)
	}
	got := verified(t, s, now)
	if !reflect.DeepEqual(&got.Update, u) {
		t.Errorf("read\n%+v, written\n%+v", got.Update, *u)
	}
	if got.ID != s.ID() || got.Rank != (termupdate.Rank{Key: 3, Seq: 7}) || !bytes.Equal(s.Log, v.log.Bytes()) {
		t.Errorf("id %s, rank %+v, log of %d bytes", got.ID, got.Rank, len(s.Log))
	}
	if vendor, rank, err := s.Claims(); vendor != v.did() || rank != got.Rank || err != nil {
		t.Errorf("claims %s %+v, %v", vendor, rank, err)
	}
	if !got.Update.AcceptsRef(refs(t, "SD-BASE-A")[0]) || got.Update.AcceptsRef(refs(t, "SD-BASE-AT")[0]) {
		t.Error("it accepts other agreements than it says")
	}
}

// A vendor that accepts nothing for now says so by an empty list, which has
// one encoding whether it was made as nil or not.
func TestClosedVendor(t *testing.T) {
	v := newVendor(t, "rental", 0)
	u := v.update(t, 1, now)
	u.Accepts = nil
	s := v.sign(t, u)
	u.Accepts = slices.Delete(refs(t, "SD-BASE"), 0, 1)
	if other := v.sign(t, u); other.ID() != s.ID() {
		t.Error("nil and empty differ")
	}
	if got := verified(t, s, now); got.Update.Accepts == nil || len(got.Update.Accepts) != 0 {
		t.Errorf("accepts %v", got.Update.Accepts)
	}
}

func TestSignRefuses(t *testing.T) {
	v := newVendor(t, "rental", 1)
	for _, tt := range []struct {
		name, why string
		sign      func() error
	}{
		{"a body that is not well formed", "regions[0]", func() error {
			u := v.update(t, 1, now)
			u.Regions[0] = "Utah"
			_, err := u.Sign(v.signer(t), v.log.Bytes(), now)
			return err
		}},
		{"another's body", "signature", func() error {
			other := newVendor(t, "other", 1)
			_, err := v.update(t, 1, now).Sign(other.signer(t), other.log.Bytes(), now)
			return err
		}},
		{"with a key that was rotated out", "stands in version", func() error {
			old := newVendor(t, "rental", 0)
			_, err := v.update(t, 1, now).Sign(old.signer(t), v.log.Bytes(), now)
			return err
		}},
		{"with a key the log does not list", "signature", func() error {
			thief := identity.NewSigner(v.did(), v.log.VersionID(), key("thief"))
			_, err := v.update(t, 1, now).Sign(thief, v.log.Bytes(), now)
			return err
		}},
		{"after it is over", "expired", func() error {
			_, err := v.update(t, 1, now).Sign(v.signer(t), v.log.Bytes(), hour(24*3))
			return err
		}},
		{"long before it begins", "env.time", func() error {
			_, err := v.update(t, 1, hour(1)).Sign(v.signer(t), v.log.Bytes(), now)
			return err
		}},
		{"without a log", "key log", func() error {
			_, err := v.update(t, 1, now).Sign(v.signer(t), nil, now)
			return err
		}},
	} {
		if err := tt.sign(); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v, want something of %q", tt.name, err, tt.why)
		}
	}
}

// What is too much is refused with what to do about it.
func TestSignRefusesWhatDoesNotFit(t *testing.T) {
	v := newVendor(t, "rental", 20)
	u := v.update(t, 1, now)
	if _, err := u.Sign(v.signer(t), v.log.Bytes(), now); !errors.Is(err, termupdate.ErrSize) || !strings.Contains(err.Error(), "name fewer") {
		t.Errorf("20 rotations: %v", err)
	}
	long := newVendor(t, "rental", 40)
	if _, err := u.Sign(long.signer(t), long.log.Bytes(), now); !errors.Is(err, termupdate.ErrSize) {
		t.Errorf("40 rotations: %v", err)
	}
}

func TestSignedSharesNothingWithItsBody(t *testing.T) {
	v := newVendor(t, "rental", 0)
	u, log := v.update(t, 1, now), v.log.Bytes()
	s, err := u.Sign(v.signer(t), log, now)
	if err != nil {
		t.Fatal(err)
	}
	u.Route.Key[0]++
	u.Accepts[0].ID, log[0] = "changed", 'x'
	verified(t, s, now)
}

func TestVerifyByTheClock(t *testing.T) {
	s := newVendor(t, "rental", 1)
	u := s.sign(t, s.update(t, 1, now))
	for _, tt := range []struct {
		at   time.Time
		want error
	}{
		{now, nil},
		{now.Add(-termupdate.MaxSkew), nil},
		{now.Add(-termupdate.MaxSkew - time.Second), termupdate.Future},
		{hour(3*24 - 1), nil},
		{hour(3 * 24), termupdate.Expired},
	} {
		if _, err := u.Verify(tt.at); !errors.Is(err, tt.want) {
			t.Errorf("at %s: %v, want %v", tt.at, err, tt.want)
		}
	}
}

// Only the log that ends with the version signed under goes with a signature:
// neither a shorter nor a longer one can be put in its place.
func TestVerifyWithAnotherLog(t *testing.T) {
	v := newVendor(t, "rental", 2)
	s := v.sign(t, v.update(t, 1, now))
	shorter, longer := newVendor(t, "rental", 1), newVendor(t, "rental", 3)
	for name, log := range map[string][]byte{
		"shorter": shorter.log.Bytes(), "longer": longer.log.Bytes(), "another's": newVendor(t, "other", 2).log.Bytes(),
		"none": {}, "broken": bytes.Replace(v.log.Bytes(), []byte("z6Mk"), []byte("z6Mm"), 1),
	} {
		other := s
		other.Log = log
		if _, err := other.Verify(now); err == nil {
			t.Errorf("%s: it verifies", name)
		}
	}
}

// A log that asks for witnesses would need their proofs beside it.
func TestVerifyWithWitnesses(t *testing.T) {
	l, err := webvh.Create(webvh.Genesis{
		Domain: "cars.example", Update: key("u"), Next: public("n"), Sign: public("rental sign 0"),
		Witness: webvh.Witness{Threshold: 1, Keys: []ed25519.PublicKey{public("witness")}},
	}, now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{"rental", l}
	_, err = v.update(t, 1, now).Sign(v.signer(t), l.Bytes(), now)
	if !errors.Is(err, identity.ErrSignature) {
		t.Errorf("%v", err)
	}
}

// The sizes that the design counts on: a vendor who rotates its keys twice a
// year for six years still fits beside ten agreements.
func TestSizes(t *testing.T) {
	for _, rotations := range []int{0, 1, 3, 6, 12} {
		v := newVendor(t, "rental", rotations)
		u := v.update(t, 1, now)
		u.Accepts = refs(t, "SD-BASE", "SD-BASE-DP", "SD-BASE-A", "SD-BASE-A-DP", "SD-BASE-AT", "SD-BASE-AT-DP",
			"SD-BASE-ATP", "SD-BASE-ATP-DP", "PDC-INTENT", "PDC-AI")
		s := v.sign(t, u)
		wire := encode(t, s)
		few := encode(t, v.sign(t, v.update(t, 1, now)))
		t.Logf("%2d rotations: %5d bytes with 10 agreements, %5d with 3; log %5d bytes", rotations, len(wire), len(few), len(s.Log))
		if len(wire) > termupdate.MaxUpdate {
			t.Errorf("%d rotations: %d bytes", rotations, len(wire))
		}
	}
}
