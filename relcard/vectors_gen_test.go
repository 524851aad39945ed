package relcard_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/terms"
)

// vectorNow is the clock at which all vectors are judged: after the person
// replaced its keys at vectorRotated.
var (
	vectorRotated = now.Add(24 * time.Hour)
	vectorNow     = now.Add(72 * time.Hour)
)

// generator makes the published vectors.
type generator struct {
	*testing.T
	person, vendor, third *cardtest.Party
	old                   identity.Signer // the person's, before the rotation
	keys                  relcard.Keyring
}

func generateVectors(t *testing.T) map[string]any {
	g := &generator{T: t, person: cardtest.NewParty("person", cardtest.Start), vendor: cardtest.NewParty("vendor", cardtest.Start), third: cardtest.NewParty("third", cardtest.Start)}
	g.old = g.person.Signer()
	g.person.Rotate(vectorRotated)
	g.keys = cardtest.Keyring(vectorNow, g.person, g.vendor, g.third)
	file := func(about string, cases []vector) vectorFile { return vectorFile{vectorFormat, about, cases} }
	return map[string]any{
		"keys.json":     g.keyFile(),
		"bodies.json":   file("Encoded card bodies, by themselves.", g.bodies()),
		"cards.json":    file("One version of a card with its envelopes, against the logs in keys.json.", g.cards()),
		"chains.json":   file("Versions of one card, applied in this order; reason and state are those after the last.", g.chains()),
		"archives.json": file("Cards as files, to be verified with nothing else.", g.archives()),
	}
}

func (g *generator) keyFile() keyFile {
	f := keyFile{Format: vectorFormat, About: `The seed of each key is SHA-256 of "parley test key: NAME", NAME as given here. These keys guard nothing.`}
	for _, p := range []*cardtest.Party{g.person, g.vendor, g.third} {
		log := strings.Split(strings.TrimSuffix(string(p.Log.Bytes()), "\n"), "\n")
		pk := partyKeys{Name: p.Name, DID: p.DID(), Log: log}
		for i, line := range log {
			for _, use := range []string{"update", "sign"} {
				k := keyOf(fmt.Sprintf("%s %s %d", p.Name, use, i+1))
				if k.InVersion = versionID(line); !strings.Contains(line, k.Multikey) {
					g.Fatalf("%s is not in version %s", k.Name, k.InVersion)
				}
				pk.Keys = append(pk.Keys, k)
			}
		}
		f.Parties = append(f.Parties, pk)
	}
	for _, name := range []string{"once person", "once vendor"} {
		k := keyOf(name)
		f.Parties = append(f.Parties, partyKeys{Name: name, DID: identity.NewKeySigner(cardtest.Key(name)).DID(), Keys: []vectorKey{k}})
	}
	return f
}

func versionID(line string) string {
	_, rest, _ := strings.Cut(line, `"versionId":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func keyOf(name string) vectorKey {
	key := cardtest.Key(name)
	return vectorKey{Name: name, Seed: key.Seed(), Multikey: identity.Multikey(key.Public().(ed25519.PublicKey))}
}

func (g *generator) body() relcard.Body {
	return cardtest.Body(g.person.DID(), g.vendor.DID(), cardtest.Start)
}

func (g *generator) bodies() (all []vector) {
	accept := func(name, text string, b relcard.Body) {
		raw, id, err := b.Encode()
		if err != nil {
			g.Fatal(err)
		}
		all = append(all, vector{Name: name, Text: text, Body: raw, Accept: true, CID: id, Means: &b})
	}
	full := g.body()
	accept("full", "an agreement with every field set", full)
	bare := relcard.Body{Version: 2, Type: "relcard", Status: relcard.StatusAgreed, Person: full.Person, Vendor: relcard.Party{DID: g.vendor.DID()}, Terms: full.Terms, Time: full.Time}
	accept("bare", "an agreement on terms and nothing else", bare)
	before := full
	before.Version, before.Proffer, before.Location, before.Term = 1, dagcbor.CID{}, "", nil
	accept("version-1", "an agreement of the version before", before)
	once := bare
	once.Person.DID, once.Vendor.DID = identity.NewKeySigner(cardtest.Key("once person")).DID(), identity.NewKeySigner(cardtest.Key("once vendor")).DID()
	accept("one-time-keys", "both parties are did:key", once)
	for _, a := range terms.All() {
		b := bare
		b.Terms = a.Ref
		accept("terms-"+strings.ToLower(a.Ref.ID), "an agreement under "+a.Ref.ID, b)
	}
	end := bare
	end.Seq, end.Prev, end.Status, end.End = 1, dagcbor.Sum([]byte("a version")), relcard.StatusEnded, &relcard.End{By: identity.RoleVendor, Reason: "closing down"}
	accept("end", "an end by the vendor", end)

	refuse := func(name, text string, reason relcard.Reason, raw []byte) {
		all = append(all, vector{Name: name, Text: text, Body: raw, Reason: reason})
	}
	for _, c := range refusals {
		b := g.body()
		c.change(&b)
		raw, err := encodeUnchecked(b)
		if err != nil || len(raw) > 16<<10 {
			continue // has no encoding at all, or one too long to publish
		}
		want := c.want
		if !utf8.ValidString(b.Person.Name) {
			want = relcard.ErrEncoding // seen before any field is
		}
		refuse(slug(c.name), c.name+" ("+c.where+")", want, raw)
	}
	g.malformed(refuse)
	withLines := end
	withLines.Lines, withLines.Total = full.Lines[1:], &full.Lines[1].Price
	raw, err := encodeUnchecked(withLines)
	if err != nil {
		g.Fatal(err)
	}
	refuse("end-with-lines", "an end that also sells something", relcard.ErrField, raw)
	return all
}

// malformed adds bytes that are not the one encoding of a body.
func (g *generator) malformed(refuse func(name, text string, reason relcard.Reason, raw []byte)) {
	b := g.body()
	good, _, err := b.Encode()
	if err != nil {
		g.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if bytes.Count(good, []byte(old)) != 1 {
			g.Fatalf("%q is not once in the card", old)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	grown := func(entry string) []byte { return append(append([]byte{good[0] + 1}, entry...), good[1:]...) }
	seq := "\x63seq\x00"
	for _, c := range []struct {
		name, text string
		raw        []byte
	}{
		{"trailing-byte", "a byte after the body", append(bytes.Clone(good), 0)},
		{"truncated", "the last byte is missing", good[:len(good)-1]},
		{"unknown-field", `a field "a" that no version has`, grown("\x61a\x01")},
		{"float", "a float in an unknown field", grown("\x61a\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00")},
		{"float-seq", "seq is 0.0", replace(seq, "\x63seq\xfb\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"negative-zero-seq", "seq is -0.0", replace(seq, "\x63seq\xfb\x80\x00\x00\x00\x00\x00\x00\x00")},
		{"long-integer", "seq is 0 in two bytes", replace(seq, "\x63seq\x18\x00")},
		{"negative-seq", "seq is -1", replace(seq, "\x63seq\x20")},
		{"text-seq", "seq is text", replace(seq, "\x63seq\x610")},
		{"null-seq", "seq is null", replace(seq, "\x63seq\xf6")},
		{"capital-key", `the key "Seq" in place of "seq"`, replace(seq, "\x63Seq\x00")},
		{"duplicate-key", "seq is there twice", append(append([]byte{good[0] + 1}, good[1:]...), []byte(seq)...)},
		{"unsorted-keys", "two keys in the wrong order", swapKeys(good)},
		{"null-name", "the vendor's name is null and not left out", replace("\x6bAlpine Cars", "\xf6")},
		{"empty-name", "the vendor's name is empty and not left out", replace("\x6bAlpine Cars", "\x60")},
		{"indefinite-text", "the vendor's name has indefinite length", replace("\x6bAlpine Cars", "\x7f\x6bAlpine Cars\xff")},
		{"bytes-for-text", "the vendor's name is a byte string", replace("\x6bAlpine Cars", "\x4bAlpine Cars")},
		{"tag", "the vendor's name carries a tag", replace("\x6bAlpine Cars", "\xc1\x6bAlpine Cars")},
		{"cid-raw-codec", "the offer's CID is of the raw codec", replace(tagged(b.Offer), "\xd8\x2a\x58\x25\x00\x01\x55"+tagged(b.Offer)[7:])},
		{"cid-without-prefix", "the offer's CID lacks its zero byte", replace(tagged(b.Offer), "\xd8\x2a\x58\x24"+tagged(b.Offer)[5:])},
		{"deep", "a thousand nested arrays", bytes.Repeat([]byte{0x81}, 1000)},
		{"empty", "no bytes at all", []byte{}},
	} {
		refuse(c.name, c.text, relcard.ErrEncoding, c.raw)
	}
}

func tagged(id dagcbor.CID) string {
	b, err := id.MarshalCBOR()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// swapKeys exchanges the first two entries of a body: v and the one after it.
func swapKeys(good []byte) []byte {
	const v, seq = "\x61v\x01", "\x63seq\x00"
	rest := bytes.Replace(good[1+len(v):], []byte(seq), nil, 1)
	return append([]byte{good[0]}, seq+v+string(rest)...)
}

func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-")
}

func (g *generator) sign(b relcard.Body, at time.Time, by ...identity.Signer) relcard.Signed {
	g.Helper()
	s := must[relcard.Signed](g)(b.Sign(by[0], at))
	for _, signer := range by[1:] {
		s = must[relcard.Signed](g)(s.Sign(signer, at))
	}
	return s
}

func (g *generator) encode(s relcard.Signed) []byte { return must[[]byte](g)(s.Encode()) }
