package termupdate_test

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// A vendor says which agreements it accepts; somebody who has never heard of
// it believes the update by itself.
func Example() {
	at := time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)
	log, err := webvh.Create(webvh.Genesis{
		Domain: "cars.example", Update: key("update"), Next: public("next"), Sign: public("sign"),
	}, at.AddDate(0, -1, 0))
	if err != nil {
		panic(err)
	}
	strict, _ := terms.Lookup("SD-BASE")
	u := termupdate.Update{
		Version: termupdate.BodyVersion, Type: termupdate.BodyType,
		Vendor:     relcard.Party{DID: log.DID(), Name: "Wasatch Cars"},
		Seq:        1,
		Accepts:    []terms.Ref{strict.Ref},
		Requests:   termupdate.Anyone,
		Categories: []intentcast.Category{{Taxonomy: "parley", Value: "travel/car-rental"}},
		Route:      route(),
		Time:       identity.At(at), Expires: identity.At(at.AddDate(0, 0, 3)),
	}
	signed, err := u.Sign(identity.NewSigner(log.DID(), log.VersionID(), key("sign")), log.Bytes(), at)
	if err != nil {
		panic(err)
	}
	wire, err := signed.Encode()
	if err != nil {
		panic(err)
	}

	got, err := termupdate.DecodeSigned(wire)
	if err != nil {
		panic(err)
	}
	v, err := got.Verify(at.Add(time.Minute))
	if err != nil {
		panic(err)
	}
	ledger := termupdate.NewLedger(0, nil)
	fmt.Println(ledger.Apply(v, at.Add(time.Minute)))
	entry, _ := ledger.Lookup(log.DID())
	fmt.Println(entry.Update.Vendor.Name, "accepts", entry.Update.Accepts[0])
	// Output:
	// <nil>
	// Wasatch Cars accepts SD-BASE (parley.roster 1)
}
