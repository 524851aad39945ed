package relcard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// What is signed under a version after the newest at hand can't be judged yet;
// what names a version that there never was is wrong.
func TestKeyAhead(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	shop := cardtest.NewParty("shop", now)
	first, short := shop.Log.VersionID(), cardtest.Keyring(now, shop)
	shop.Rotate(now.Add(time.Hour))
	second, long := shop.Log.VersionID(), cardtest.Keyring(now.Add(time.Hour), shop)
	if _, err := short.SigningKeys(shop.DID(), second); !errors.Is(err, relcard.ErrKeyAhead) {
		t.Errorf("the next version: %v", err)
	}
	for what, version := range map[string]string{
		"another first version": "1" + second[1:], "a third of no form": "3-x", "none": "", "a number": "7",
	} {
		if _, err := short.SigningKeys(shop.DID(), version); err == nil || errors.Is(err, relcard.ErrKeyAhead) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, version := range []string{first, second} {
		if p, err := long.SigningKeys(shop.DID(), version); err != nil || len(p.Keys) != 1 {
			t.Errorf("version %s: %v", version, err)
		}
	}
	if _, err := short.SigningKeys("did:webvh:other", second); err == nil || errors.Is(err, relcard.ErrKeyAhead) {
		t.Errorf("a log that is not there: %v", err)
	}
}
