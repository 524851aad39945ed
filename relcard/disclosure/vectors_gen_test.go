package disclosure_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

func contentVectors(t *testing.T) (all []vector) {
	cases := examples()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		all = append(all, vector{Name: name, Kind: kindOf(c), Content: must[[]byte](t)(c.Encode()), Accept: true, Means: c})
	}
	for _, r := range refusals() {
		raw, err := dagcbor.Marshal(r.c)
		if err != nil {
			continue // has no encoding at all
		}
		all = append(all, vector{Name: strings.ReplaceAll(r.name, " ", "-"), Text: r.name + " (" + r.where + ")", Kind: kindOf(r.c), Content: raw, Reason: r.want})
	}
	good := must[[]byte](t)(examples()["retract"].Encode())
	for _, c := range []struct {
		name string
		raw  []byte
		want disclosure.Reason
	}{
		{"trailing-byte", append(bytes.Clone(good), 0), disclosure.ErrEncoding},
		{"truncated", good[:len(good)-1], disclosure.ErrEncoding},
		{"long-integer", bytes.Replace(good, []byte("\x61v\x01"), []byte("\x61v\x18\x01"), 1), disclosure.ErrEncoding},
		{"version-2-with-a-new-field", must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 2, "more": true})), disclosure.ErrVersion},
		{"unknown-field", must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 1, "items": ids(1), "more": true})), disclosure.ErrEncoding},
		{"empty-reason", must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 1, "items": ids(1), "reason": ""})), disclosure.ErrEncoding},
	} {
		all = append(all, vector{Name: c.name, Kind: disclosure.KindRetract, Content: c.raw, Reason: c.want})
	}
	return all
}

func openingVectors(t *testing.T) (all []vector) {
	salt := []byte("sixteen bytes...")
	open := func(id uint64, value string) disclosure.Opening {
		return must[disclosure.Opening](t)(disclosure.NewOpening(bytes.NewReader(salt), id, []byte(value)))
	}
	add := func(name, text string, o, shown disclosure.Opening, want disclosure.Reason) {
		it := disclosure.Item{ID: 7, Path: "addresses/home", Digest: o.Digest(), Purpose: []string{"delivery"}}
		all = append(all, vector{Name: name, Text: text, Item: &it, Opening: &shown, Accept: want == "", Reason: want})
	}
	home := open(7, address)
	for name, value := range map[string]string{"address": address, "text": `"+1 435 555 0100"`, "number": `-1.5e-7`, "unicode": `"Zoë \"Z\" Ōe"`, "list": `[1,[],{}]`} {
		o := open(7, value)
		add(name, "the value "+value, o, o, "")
	}
	slices.SortFunc(all, func(a, b vector) int { return strings.Compare(a.Name, b.Name) })
	add("other-value", "the value of another piece", home, open(7, `"x"`), disclosure.ErrOpening)
	add("other-item", "an opening of another item", home, open(8, address), disclosure.ErrOpening)
	salted := home
	salted.Salt = []byte("sixteen others..")
	add("other-salt", "another salt", home, salted, disclosure.ErrOpening)
	short := home
	short.Salt = salt[:15]
	add("short-salt", "a salt of 15 bytes", home, short, disclosure.ErrField)
	moved := disclosure.Opening{Item: 7, Salt: append(bytes.Clone(salt), '{'), Value: []byte(address[1:])}
	add("moved-border", "the first byte of the value counted to the salt", home, moved, disclosure.ErrField)
	loose := disclosure.Opening{Item: 7, Salt: salt, Value: []byte(`{"b":1, "a":2}`)}
	add("not-canonical", "JSON that is not in its canonical form", loose, loose, disclosure.ErrField)
	long := disclosure.Opening{Item: 7, Salt: salt, Value: []byte(`"` + strings.Repeat("x", disclosure.MaxValue) + `"`)}
	add("too-long", "a value of more than 4096 bytes", long, long, disclosure.ErrSize)
	return all
}

func ledgerVectors(t *testing.T) (all []vector) {
	add := func(name, text string, k *talk, days ...int) {
		for _, d := range days {
			l := k.fold(day(d))
			items, demands := summary(l)
			v := vector{Name: name, Text: text, Now: at(d), Accept: true, Items: items, Demands: demands, Broken: len(l.Problems)}
			if len(days) > 1 {
				v.Name += "-" + at(d).String()[:10]
			}
			encode := func(log []statement.Statement) (raw [][]byte) {
				for _, s := range log {
					raw = append(raw, must[[]byte](t)(s.Signed.Encode()))
				}
				return raw
			}
			v.Person, v.Vendor = encode(k.logs[identity.RolePerson]), encode(k.logs[identity.RoleVendor])
			all = append(all, v)
		}
	}
	k := newTalk(t)
	first := k.say(day(0), disclose(home(1, 0)))
	add("shared", "an address is given, and no receipt has come", k, 0)
	k.skip(day(0), identity.RoleVendor)
	k.say(day(0), recorded, first)
	add("recorded", "the vendor gives a receipt, after a statement of another kind", k, 0)
	next := home(2, 1)
	next.From = at(20)
	k.say(day(5), recorded, k.say(day(5), disclose(next)))
	add("change-from-a-date", "another address from the 21st on", k, 10, 20)
	k.say(day(6), refused, k.say(day(6), disclose(home(3, 2))))
	add("refused-change", "a further change that the vendor refuses changes nothing", k, 20)
	k.say(day(21), disclose(home(4, 3)))
	add("undo", "and one that no receipt has come for", k, 21)
	k.say(day(22), recorded, k.say(day(22), disclosure.Retract{Items: ids(4)}))
	add("retracted", "the newest is taken back; the old one does not come back", k, 22)
	d := k.say(day(23), disclosure.Demand{What: disclosure.WantDelete, Deadline: at(53), Basis: "GDPR art. 17"})
	add("demand", "all are to be deleted", k, 23, 54)
	k.say(day(54), disclosure.Comply{Did: disclosure.DidPartly, Items: ids(1, 4), Reason: "the others are on invoices"}, d)
	add("partly", "some are deleted", k, 54)
	k.say(day(55), disclosure.Comply{Did: disclosure.DidDelete}, d)
	add("deleted", "all are", k, 55)
	for _, name := range slices.Sorted(maps.Keys(second(broken(t)))) {
		k, cases, _ := broken(t)
		cases[name](k)
		add("broken-"+strings.ReplaceAll(name, " ", "-"), "the last statement has no effect: "+name, k, 1)
	}
	return all
}

func second[A, B, C any](_ A, b B, _ C) B { return b }
