package statement_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

// generateVectors makes the published vectors. They are judged at the clock
// now, after the person replaced its keys at rotated.
func generateVectors(t *testing.T) map[string]any {
	file := func(about string, cases []vector) vectorFile { return vectorFile{vectorFormat, about, cases} }
	parties := keyFile{Format: vectorFormat, About: "The parties' key logs. They are made from the keys of the card's vectors, whose seeds are published there, and guard nothing."}
	for _, p := range []*cardtest.Party{person, vendor, third} {
		log := strings.Split(strings.TrimSuffix(string(p.Log.Bytes()), "\n"), "\n")
		parties.Parties = append(parties.Parties, partyKeys{Name: p.Name, DID: p.DID(), Log: log})
	}
	return map[string]any{
		"keys.json":   parties,
		"bodies.json": file("Encoded statements, by themselves.", bodies(t)),
		"signed.json": file("Statements with their envelopes, against the logs in keys.json.", signedCases(t)),
		"logs.json":   file("Statements of one side, followed in this order; reason and head are those after the last.", logs(t)),
	}
}

func bodies(t *testing.T) (all []vector) {
	accept := func(name, text string, b statement.Body) {
		raw, id, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, vector{Name: name, Text: text, Body: raw, Accept: true, CID: id, Means: &b})
	}
	full := body()
	accept("full", "every field set", full)
	first := statement.Head{}.Next(identity.RolePerson, person.DID(), vendor.DID(), statement.Head{}, start)
	first.Kind, first.Content = "proffer", []byte{0xa0}
	accept("first", "the first of a relationship, with an empty content", first)
	once := first
	once.Person, once.Vendor = identity.NewKeySigner(cardtest.Key("once person")).DID(), identity.NewKeySigner(cardtest.Key("once vendor")).DID()
	accept("one-time-keys", "both parties are did:key", once)
	theirs := full
	theirs.By, theirs.Kind = identity.RoleVendor, "receipt"
	accept("by-the-vendor", "the vendor's", theirs)

	refuse := func(name string, want statement.Reason, raw []byte) {
		all = append(all, vector{Name: slug(name), Text: name, Body: raw, Reason: want})
	}
	for _, c := range refusals {
		b := body()
		c.change(&b)
		raw, err := dagcbor.Marshal(b)
		if err == nil && len(raw) < 16<<10 && utf8.ValidString(string(b.Kind)) {
			refuse(c.name, c.want, raw)
		}
	}
	good, _, err := full.Encode()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if bytes.Count(good, []byte(old)) != 1 {
			t.Fatalf("%q is not once in the statement", old)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	refuse("no bytes at all", statement.ErrEncoding, []byte{})
	refuse("trailing byte", statement.ErrEncoding, append(bytes.Clone(good), 0))
	refuse("the last byte is missing", statement.ErrEncoding, good[:len(good)-1])
	refuse("unknown field", statement.ErrEncoding, append([]byte{good[0] + 1, 0x61, 'a', 1}, good[1:]...))
	refuse("seq in two bytes", statement.ErrEncoding, replace("\x63seq\x01", "\x63seq\x18\x01"))
	refuse("seq is a float", statement.ErrEncoding, replace("\x63seq\x01", "\x63seq\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"))
	refuse("seq is null", statement.ErrEncoding, replace("\x63seq\x01", "\x63seq\xf6"))
	refuse("a key in capitals", statement.ErrEncoding, replace("\x63seq\x01", "\x63Seq\x01"))
	refuse("time with an offset", statement.ErrEncoding, replace("\x742026-03-01T08:00:00Z", "\x78\x192026-03-01T08:00:00+00:00"))
	refuse("next version with a key of its own", statement.ErrVersion, append(append([]byte{good[0] + 1}, "\x61v\x02\x61z\x01"...), good[4:]...))
	return all
}

func signedCases(t *testing.T) (all []vector) {
	good := signed(t)
	add := func(name, text string, raw []byte, want statement.Reason) {
		v := vector{Name: name, Text: text, Now: identity.At(now), Signed: raw, Accept: want == "", Reason: want}
		if v.Accept {
			v.CID = must(statement.DecodeSigned(raw)).ID()
		}
		all = append(all, v)
	}
	add("signed", "signed by the person, who has replaced its keys since", must(good.Encode()), "")
	b := body()
	add("new-key", "signed with the person's new key after the rotation", must(must(b.Sign(person.Signer(), rotated)).Encode()), "")
	b.By = identity.RoleVendor
	add("vendor", "signed by the vendor", must(must(b.Sign(vendor.Signer(), start)).Encode()), "")
	for _, c := range verifications(t) {
		add(slug(c.name), c.name, must(c.s.Encode()), c.want)
	}
	raw := must(good.Encode())
	add("wrapper-version", "the signed statement is of version 2", bytes.Replace(raw, []byte("\x61v\x01\x63env"), []byte("\x61v\x02\x63env"), 1), statement.ErrVersion)
	add("wrapper-trailing", "a byte after the signed statement", append(bytes.Clone(raw), 0), statement.ErrEncoding)
	return all
}

func logs(t *testing.T) (all []vector) {
	log := logOf(t, oldPerson, identity.RolePerson, 4)
	add := func(name, text string, want statement.Reason, log ...statement.Signed) {
		v := vector{Name: name, Text: text, Now: identity.At(now), Accept: want == "", Reason: want}
		var head statement.Head
		var err error
		for _, s := range log {
			v.Log = append(v.Log, must(s.Encode()))
			st := must(s.Verify(keys, now))
			head, err = head.Follow(&st)
		}
		if reasonOf(err) != want {
			t.Fatalf("%s: %v", name, err)
		}
		v.Head = &head
		all = append(all, v)
	}
	again := opened(t, log)[1].Body
	again.Kind = "another"
	other := must(again.Sign(oldPerson, start.Add(time.Hour)))
	otherHead := statement.Head{Count: 2, Last: other.ID()}
	b := otherHead.Next(identity.RolePerson, person.DID(), vendor.DID(), statement.Head{}, start.Add(time.Hour))
	b.Kind, b.Content = "note", again.Content
	after := must(b.Sign(oldPerson, start.Add(time.Hour)))
	add("log", "four statements", "", log...)
	add("gap", "one is missing", statement.ErrGap, log[0], log[2])
	add("not-the-first", "a log that begins in the middle", statement.ErrGap, log[1])
	add("repeat", "one comes twice", statement.ErrPast, log[0], log[1], log[0])
	add("told-twice", "the second is told again in another way: its number is known, and its id is not the same", statement.ErrPast, log[0], log[1], other)
	add("fork", "one that follows the second telling", statement.ErrFork, log[0], log[1], after)
	return all
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
