package archive_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/sim/figure"
)

// BenchmarkFigureCardsOffline prints how fast a stranger verifies the file of a
// card of 100 versions, as a share of the rate of the bare signature checks it
// contains: two a version and one an entry of the two key logs.
func BenchmarkFigureCardsOffline(b *testing.B) {
	now := cardtest.Start.Add(time.Hour)
	person, vendor := cardtest.NewParty("person", cardtest.Start), cardtest.NewParty("vendor", cardtest.Start)
	keys := cardtest.Keyring(now, person, vendor)
	var chain relcard.Chain
	body := cardtest.Body(person.DID(), vendor.DID(), cardtest.Start)
	for range 100 {
		s, err := body.Sign(person.Signer(), now)
		if err == nil {
			s, err = s.Sign(vendor.Signer(), now)
		}
		if err == nil {
			chain, err = chain.Apply(s, keys, now)
		}
		if err != nil {
			b.Fatal(err)
		}
		if body, err = chain.Next(now); err != nil {
			b.Fatal(err)
		}
	}
	bundle := archive.Bundle{Logs: []archive.KeyLog{
		{DID: person.DID(), Log: person.Log.Bytes()}, {DID: vendor.DID(), Log: vendor.Log.Bytes()},
	}}
	for _, v := range chain.Versions() {
		bundle.Versions = append(bundle.Versions, v.Signed)
	}
	var file bytes.Buffer
	if err := archive.Export(&file, bundle); err != nil {
		b.Fatal(err)
	}
	const checks = 2*100 + 2
	ratio := figure.Ratio(func() {
		if _, _, err := archive.Import(bytes.NewReader(file.Bytes()), now); err != nil {
			b.Fatal(err)
		}
	}, figure.Verify())
	figure.Info(os.Stdout, "cards-offline-file-bytes", file.Len())
	figure.AtLeast(os.Stdout, "cards-offline-100-versions-per-bare-checks", checks/ratio, 0.5)
}
