package relcard_test

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

func (g *generator) cards() (all []vector) {
	b := g.body()
	good := g.sign(b, now, g.vendor.Signer(), g.old)
	id := dagcbor.Sum(good.Raw)
	accept := func(name, text string, s relcard.Signed, state relcard.State) {
		all = append(all, vector{Name: name, Text: text, Now: identity.At(vectorNow), Signed: g.encode(s), Accept: true, State: state, CID: dagcbor.Sum(s.Raw)})
	}
	accept("both", "signed by both; the person has replaced its keys since", good, relcard.StateActive)
	accept("vendor-only", "proposed by the vendor", relcard.Signed{Raw: good.Raw, Vendor: good.Vendor}, relcard.StateProposed)
	accept("person-only", "proposed by the person", relcard.Signed{Raw: good.Raw, Person: good.Person}, relcard.StateProposed)
	accept("new-key", "signed with the person's new key after the rotation", g.sign(b, vectorRotated, g.person.Signer()), relcard.StateProposed)

	with := func(e identity.Envelope) relcard.Signed {
		return relcard.Signed{Raw: good.Raw, Person: &e, Vendor: good.Vendor}
	}
	by := func(s identity.Signer, r identity.Role, at time.Time) relcard.Signed {
		return with(must[identity.Envelope](g)(identity.Sign(s, id, r, at)))
	}
	changed := func(change func(e *identity.Envelope)) relcard.Signed {
		e := *good.Person
		e.Signature = bytes.Clone(e.Signature)
		change(&e)
		return with(e)
	}
	for _, c := range []struct {
		name, text string
		want       relcard.Reason
		s          relcard.Signed
	}{
		{"nobody", "no envelope at all", relcard.ErrSignature, relcard.Signed{Raw: good.Raw}},
		{"third-party", "countersigned by a third party with a valid log", relcard.ErrSigner, by(g.third.Signer(), identity.RolePerson, now)},
		{"vendor-for-person", "the vendor signs in the person's place", relcard.ErrSigner, by(g.vendor.Signer(), identity.RolePerson, now)},
		{"wrong-role", "the person signs as vendor", relcard.ErrSigner, by(g.old, identity.RoleVendor, now)},
		{"author-role", "the person signs as author", relcard.ErrSigner, by(g.old, identity.RoleAuthor, now)},
		{"wrong-domain", "signed under the domain tag parley/sig/2", relcard.ErrSignature, changed(g.otherDomain)},
		{"other-body", "an envelope over another body", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Body = dagcbor.Sum(nil) })},
		{"bit-flipped", "one bit of the signature is flipped", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Signature[0] ^= 1 })},
		{"short-signature", "a signature of 63 bytes", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Signature = e.Signature[:63] })},
		{"no-signature", "an envelope without a signature", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Signature = nil })},
		{"time-changed", "the envelope's time is changed", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Time = identity.At(now.Add(time.Second)) })},
		{"envelope-version", "an envelope of version 2", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.Version = 2 })},
		{"unknown-key-version", "a key version the log does not have", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.KeyVersion = "7" + e.KeyVersion[1:] })},
		{"no-key-version", "no key version for a signer with a log", relcard.ErrSignature, changed(func(e *identity.Envelope) { e.KeyVersion = "" })},
		{"key-too-late", "signed with the old key at the time of the rotation", relcard.ErrSignature, by(g.old, identity.RolePerson, vectorRotated)},
		{"key-too-early", "signed with the new key, dated before the rotation", relcard.ErrSignature, by(g.person.Signer(), identity.RolePerson, now)},
		{"before-body", "dated an hour before the body", relcard.ErrClock, by(g.old, identity.RolePerson, cardtest.Start.Add(-time.Hour))},
		{"future", "dated an hour in the future", relcard.ErrClock, by(g.person.Signer(), identity.RolePerson, vectorNow.Add(time.Hour))},
	} {
		all = append(all, vector{Name: c.name, Text: c.text, Now: identity.At(vectorNow), Signed: g.encode(c.s), Reason: c.want})
	}
	later := g.body()
	later.Time, later.Fulfil = identity.At(vectorNow.Add(time.Hour)), nil
	all = append(all, vector{Name: "future-body", Text: "the body is dated an hour in the future", Now: identity.At(vectorNow),
		Signed: g.encode(g.sign(later, vectorNow.Add(time.Hour), g.vendor.Signer())), Reason: relcard.ErrClock})
	wrapped := g.encode(good)
	all = append(all, vector{Name: "wrapper-version", Text: "the signed card is of version 2", Now: identity.At(vectorNow),
		Signed: bytes.Replace(wrapped, []byte("\x61v\x01\x64body"), []byte("\x61v\x02\x64body"), 1), Reason: relcard.ErrVersion},
		vector{Name: "wrapper-trailing", Text: "a byte after the signed card", Now: identity.At(vectorNow), Signed: append(wrapped, 0), Reason: relcard.ErrEncoding})
	return all
}

// otherDomain signs e as another protocol would.
func (g *generator) otherDomain(e *identity.Envelope) {
	e.Signature = nil
	msg := must[[]byte](g)(dagcbor.Marshal(*e))
	e.Signature = ed25519.Sign(cardtest.Key("person sign 1"), append([]byte("parley/sig/2\n"), msg...))
}

func (g *generator) chains() (all []vector) {
	first := g.sign(g.body(), now, g.vendor.Signer(), g.old)
	c := must[relcard.Chain](g)(relcard.Chain{}.Apply(first, g.keys, vectorNow))
	at := vectorRotated.Add(time.Hour)
	p, v := g.person.Signer(), g.vendor.Signer()
	change := func(c relcard.Chain, place string) relcard.Body {
		b := must[relcard.Body](g)(c.Next(at))
		b.Jurisdiction = place
		return b
	}
	end := must[relcard.Body](g)(c.End(identity.RolePerson, "moved away", at))
	ended := g.sign(end, at, p)
	forked := change(c, "US-CO")

	add := func(name, text string, want relcard.Reason, versions ...relcard.Signed) {
		got := vector{Name: name, Text: text, Now: identity.At(vectorNow), Accept: want == "", Reason: want}
		var c relcard.Chain
		var err error
		for _, s := range versions {
			c, err = c.Apply(s, g.keys, vectorNow)
			got.Versions = append(got.Versions, g.encode(s))
		}
		if relcard.ReasonOf(err) != want {
			g.Fatalf("%s: %v", name, err)
		}
		got.State = c.State()
		if a, ok := c.Agreed(); ok && got.State != relcard.StateFrozen {
			got.Agreed = a.ID
		}
		all = append(all, got)
	}
	half := relcard.Signed{Raw: first.Raw, Vendor: first.Vendor}
	add("proposed", "the vendor proposes", "", half)
	add("countersigned", "the vendor proposes and the person countersigns", "", half, relcard.Signed{Raw: first.Raw, Person: first.Person})
	add("repeated", "the same versions again change nothing", "", first, half, first)
	add("amending", "a change is proposed", "", first, g.sign(change(c, "US-CO"), at, p))
	add("amended", "a change is agreed", "", first, g.sign(change(c, "US-CO"), at, p, v))
	c2 := must[relcard.Chain](g)(c.Apply(g.sign(change(c, "US-CO"), at, p), g.keys, vectorNow))
	add("counter-proposal", "the vendor answers a proposal with its own, and the person agrees", "", first, g.sign(change(c, "US-CO"), at, p), g.sign(change(c2, "US-NV"), at, v, p))
	add("crossed", "two proposals cross; neither is in force and nothing has forked", "", first, g.sign(change(c, "US-CO"), at, p), g.sign(change(c, "US-NV"), at, v))
	add("ended", "the person ends it alone", "", first, ended)
	add("ended-acknowledged", "the person ends it and the vendor acknowledges", "", first, ended, g.sign(end, at, p, v))
	add("ended-across", "an end crosses a proposal of the other side and stands", "", first, g.sign(change(c, "US-NV"), at, v), g.sign(end, at, p, v))
	add("both-end", "both end it at once", "", first, ended, g.sign(must[relcard.Body](g)(c.End(identity.RoleVendor, "", at)), at, v))

	add("fork-by-vendor", "the vendor signs two versions after the same one; both are kept and the card is frozen", relcard.ErrFork, first, g.sign(forked, at, v), g.sign(change(c, "US-NV"), at, v))
	add("fork-by-both", "both sign two versions after the same one", relcard.ErrFork, first, g.sign(forked, at, v, p), g.sign(change(c, "US-NV"), at, p, v))
	add("fork-end-and-change", "the person ends the card and agrees to a change beside it", relcard.ErrFork, first, ended, g.sign(forked, at, v, p))
	add("fork-repeated", "a repeat does not thaw a frozen card", relcard.ErrFork, first, g.sign(forked, at, v), g.sign(change(c, "US-NV"), at, v), first)

	after := func(v relcard.Signed, by ...identity.Signer) relcard.Signed {
		c := must[relcard.Chain](g)(c.Apply(v, g.keys, vectorNow))
		return g.sign(change(c, "US-WY"), at, by...)
	}
	x, y := g.sign(change(c, "US-CO"), at, p), g.sign(change(c, "US-NV"), at, v)
	add("fork-apart", "two proposals cross, and each is followed by an agreement", relcard.ErrFork, first, x, y, after(x, p, v), after(y, v, p))

	altered := func(change func(b *relcard.Body)) relcard.Body { b := forked; change(&b); return b }
	add("seq-skipped", "seq is not one more than that of the version before", relcard.ErrSuccession, first, g.sign(altered(func(b *relcard.Body) { b.Seq = 2 }), at, p))
	add("prev-unknown", "the version before is not there", relcard.ErrOrphan, first, g.sign(altered(func(b *relcard.Body) { b.Prev = dagcbor.Sum(nil) }), at, p))
	add("party-changed", "another vendor takes the place of the first", relcard.ErrSuccession, first, g.sign(altered(func(b *relcard.Body) { b.Vendor.DID = g.third.DID() }), at, p))
	add("older", "dated before the version it follows", relcard.ErrClock, first, g.sign(altered(func(b *relcard.Body) { b.Time = identity.At(cardtest.Start.Add(-time.Hour)) }), at, p))
	add("other-card", "the first version of another card", relcard.ErrSuccession, first, g.sign(altered(func(b *relcard.Body) { b.Seq, b.Prev = 0, dagcbor.CID{} }), at, p))
	add("end-with-other-terms", "an end that changes the terms", relcard.ErrSuccession, first, g.sign(func() relcard.Body { b := end; b.Terms = cardtest.Terms("SD-BASE-ATP-S3P"); return b }(), at, p))
	add("after-end", "a change after the end", relcard.ErrEnded, first, ended, g.sign(altered(func(b *relcard.Body) { b.Seq, b.Prev = 2, dagcbor.Sum(ended.Raw) }), at, p))
	unsigned := g.sign(end, at, p, v)
	unsigned.Person = nil
	add("end-not-signed", "the vendor acknowledges an end that the person has not signed", relcard.ErrSignature, first, unsigned)
	return all
}

func (g *generator) archives() (all []vector) {
	first := g.sign(g.body(), now, g.vendor.Signer(), g.old)
	c := must[relcard.Chain](g)(relcard.Chain{}.Apply(first, g.keys, vectorNow))
	at := vectorRotated.Add(time.Hour)
	end := g.sign(must[relcard.Body](g)(c.End(identity.RoleVendor, "", at)), at, g.vendor.Signer())
	change := func(place string) relcard.Signed {
		b := must[relcard.Body](g)(c.Next(at))
		b.Jurisdiction = place
		return g.sign(b, at, g.person.Signer())
	}
	logs := []archive.KeyLog{{DID: g.person.DID(), Log: g.person.Log.Bytes()}, {DID: g.vendor.DID(), Log: g.vendor.Log.Bytes()}}
	car := func(logs []archive.KeyLog, versions ...relcard.Signed) []byte {
		var out bytes.Buffer
		if err := archive.Export(&out, archive.Bundle{Versions: versions, Logs: logs}); err != nil {
			g.Fatal(err)
		}
		return out.Bytes()
	}
	add := func(name, text string, file []byte, state relcard.State, want relcard.Reason) {
		v := vector{Name: name, Text: text, Now: identity.At(vectorNow), CAR: file, Accept: want == "", Reason: want, State: state}
		if v.Accept {
			v.CID = dagcbor.Sum(first.Raw)
		}
		all = append(all, v)
	}
	good := car(logs, first)
	add("active", "a card in force", good, relcard.StateActive, "")
	add("proposed", "a card the vendor proposed", car(logs[1:], relcard.Signed{Raw: first.Raw, Vendor: first.Vendor}), relcard.StateProposed, "")
	add("amending-and-ended", "a card with a change proposed, ended by the vendor", car(logs, first, change("FR"), end), relcard.StateEnded, "")
	add("frozen", "a card the person forked", car(logs, first, change("FR"), change("DE")), relcard.StateFrozen, "")

	add("log-missing", "the vendor's key log is not there", car(logs[:1], first), "", relcard.ErrSignature)
	third := archive.KeyLog{DID: g.third.DID(), Log: g.third.Log.Bytes()}
	add("log-of-a-stranger", "the key log of somebody who is no party", car(append(slices.Clone(logs), third), first), "", relcard.ErrArchive)
	add("log-exchanged", "another party's log under the vendor's DID", car([]archive.KeyLog{logs[0], {DID: logs[1].DID, Log: third.Log}}, first), "", relcard.ErrSignature)
	add("log-cut", "the person's log lacks the version that it signed under", car([]archive.KeyLog{{DID: logs[0].DID, Log: logs[0].Log[:200]}, logs[1]}, first), "", relcard.ErrSignature)
	add("trailing-byte", "a byte after the last block", append(bytes.Clone(good), 0), "", relcard.ErrArchive)
	add("truncated", "the last byte is missing", good[:len(good)-1], "", relcard.ErrArchive)
	empty := []byte{0xa0}
	block := append(append([]byte{37}, dagcbor.Sum(empty).Bytes()...), empty...)
	add("extra-block", "a block that nothing names", append(bytes.Clone(good), block...), "", relcard.ErrArchive)
	at1 := bytes.Index(good, first.Raw) // the body's block
	size := 36 + len(first.Raw)
	head := at1 - 36 - 2
	if size < 128 || size >= 1<<14 {
		g.Fatal("the body's section has another length prefix")
	}
	body := good[head : at1+len(first.Raw)]
	add("missing-block", "the body is not there", append(bytes.Clone(good[:head]), good[at1+len(first.Raw):]...), "", relcard.ErrArchive)
	add("duplicate-block", "the body is there twice", append(bytes.Clone(good), body...), "", relcard.ErrArchive)
	add("moved-block", "the body comes last", append(append(bytes.Clone(good[:head]), good[at1+len(first.Raw):]...), body...), "", relcard.ErrArchive)
	wrong := bytes.Clone(good)
	wrong[at1+10] ^= 1
	add("wrong-hash", "a bit of the body is flipped", wrong, "", relcard.ErrArchive)
	add("empty", "no bytes at all", []byte{}, "", relcard.ErrArchive)
	return all
}
