package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/negotiation"
)

// A person and a vendor who are never on at the same time come to a card twice,
// by a proffer and by an intent. Others keep the mail, and a shop of the same
// trade keeps the intent: whoever listens to a topic keeps what is told there.
func TestNeverOnTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("runs six nodes, two of them in turns")
	}
	ctx, dir := t.Context(), t.TempDir()
	begin := func(name string, args ...string) *proc { return newProc(t, filepath.Join(dir, name), name, args...) }
	others := []*proc{begin("quinn"), begin("rosa"), begin("grocer", "--vendor", "Grocer", "--domain", "grocer.example")}
	for i, p := range others {
		p.meet(others[:i]...)
	}
	others[2].stock("Broom", "8.90")

	baker := begin("baker", "--vendor", "Baker", "--domain", "baker.example")
	try(baker.api().SetRules(ctx, market.Rules{Answer: market.ModeAuto, Accepts: roster("SD-BASE")}))(t)
	baker.stock("Bread", "3.20")
	baker.meet(others...)
	wait := func(what string, cond func() bool) { t.Helper(); eventually(t, 2*time.Minute, what, cond) }
	// mailed reports whether all that p has sent is with the other side or kept for it.
	mailed := func(p *proc) bool {
		for _, l := range try(p.api().Letters(ctx, dagcbor.CID{}))(t) {
			if l.State == "queued" {
				return false
			}
		}
		return true
	}
	var shop view.Vendor
	wait("quinn knows where the baker's mail is kept", func() bool {
		for _, v := range try(others[0].api().Vendors(ctx))(t) {
			if v.Name == "Baker" {
				shop = v
			}
		}
		return shop.Keepers > 0
	})
	baker.stop()

	pat := begin("pat")
	pat.meet(others...)
	wait("pat knows the baker", func() bool { return len(try(pat.api().Vendors(ctx))(t)) > 0 })
	talk := try(pat.api().Proffer(ctx, view.ProfferWant{Vendor: shop.DID, Agreements: []string{"SD-BASE"}}))(t).ID
	intent := try(pat.api().Cast(ctx, wanting("Bread")))(t).Root
	wait("the grocer keeps the intent", func() bool { return len(try(others[2].api().Intents(ctx, false))(t)) > 0 })
	wait("the proffer is kept", func() bool { return mailed(pat) })
	pat.stop()

	baker.start()
	wait("the baker accepts the proffer", func() bool {
		v, err := baker.api().Negotiation(ctx, talk)
		return err == nil && v.State == negotiation.StateAccepted
	})
	wait("the baker has offered bread", func() bool {
		return slices.ContainsFunc(try(baker.api().Letters(ctx, dagcbor.CID{}))(t), func(l view.Letter) bool { return l.Kind == "offer" })
	})
	wait("what it said is kept", func() bool { return mailed(baker) })
	baker.stop()

	pat.start()
	var offers []view.Offer
	wait("pat has the offer", func() bool { offers = try(pat.api().Offers(ctx, intent))(t); return len(offers) == 1 })
	try(pat.api().Accept(ctx, offers[0].ID))(t)
	wait("the proffer has become a card", func() bool {
		return try(pat.api().Negotiation(ctx, talk))(t).State == negotiation.StateAgreed
	})
	wait("what pat said is kept", func() bool { return mailed(pat) })
	pat.stop()

	baker.start()
	active := func(p *proc) (n int) {
		for _, c := range try(p.api().Cards(ctx))(t) {
			if c.State == "active" {
				n++
			}
		}
		return n
	}
	wait("both cards are in force at the baker's", func() bool { return active(baker) == 2 })
	wait("its signature is kept", func() bool { return mailed(baker) })
	baker.stop()

	pat.start()
	wait("both are in force at pat's", func() bool { return active(pat) == 2 })
}
