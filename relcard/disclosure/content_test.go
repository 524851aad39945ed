package disclosure_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

func full() disclosure.Item {
	return disclosure.Item{ID: 7, Path: "addresses/home", Digest: digest("x"), Purpose: []string{"delivery", "my-own-use"}, From: at(1), Until: at(90), Replaces: 3}
}

// examples are valid contents with every field set.
func examples() map[string]encoder {
	return map[string]encoder{
		"disclose":       disclosure.Disclose{Version: 1, Items: []disclosure.Item{full(), {ID: 9, Path: "name", Digest: digest("y"), Purpose: []string{"contact"}}}},
		"retract":        disclosure.Retract{Version: 1, Items: ids(1, 2, 9), Reason: "no longer needed"},
		"receipt":        disclosure.Receipt{Version: 1, Verdict: disclosure.Recorded},
		"receipt-refuse": disclosure.Receipt{Version: 1, Verdict: disclosure.Refused, Reason: "no such place"},
		"demand-delete":  disclosure.Demand{Version: 1, What: disclosure.WantDelete, Items: ids(1, 2), Deadline: at(30), Basis: "GDPR art. 17", Reason: "we part"},
		"demand-copy":    disclosure.Demand{Version: 1, What: disclosure.WantCopy, Deadline: at(30)},
		"deleted":        disclosure.Comply{Version: 1, Did: disclosure.DidDelete},
		"copied":         disclosure.Comply{Version: 1, Did: disclosure.DidCopy, Digest: digest("copy")},
		"refused":        disclosure.Comply{Version: 1, Did: disclosure.DidRefuse, Reason: "invoices are kept for ten years"},
		"partly":         disclosure.Comply{Version: 1, Did: disclosure.DidPartly, Items: ids(1), Reason: "invoices are kept for ten years"},
	}
}

// decodeAs decodes b as what c is.
func decodeAs(c encoder, b []byte) (encoder, error) {
	switch c.(type) {
	case disclosure.Disclose:
		return disclosure.DecodeDisclose(b)
	case disclosure.Retract:
		return disclosure.DecodeRetract(b)
	case disclosure.Receipt:
		return disclosure.DecodeReceipt(b)
	case disclosure.Demand:
		return disclosure.DecodeDemand(b)
	}
	return disclosure.DecodeComply(b)
}

func TestContentsRoundTrip(t *testing.T) {
	for name, c := range examples() {
		b := must[[]byte](t)(c.Encode())
		got := must[encoder](t)(decodeAs(c, b))
		if !reflect.DeepEqual(got, c) {
			t.Errorf("%s: %+v came back as %+v", name, c, got)
		}
		if len(b) > statement.MaxContent {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
	bare := must[[]byte](t)(disclosure.Receipt{Verdict: disclosure.Recorded}.Encode())
	if !bytes.Equal(bare, must[[]byte](t)(examples()["receipt"].Encode())) {
		t.Error("Encode does not set the version")
	}
}

// The largest disclose statement fits into a statement.
func TestTheLargestDiscloseFits(t *testing.T) {
	it := full()
	it.Path = strings.Repeat(strings.Repeat("a", 23)+"/", 3) + strings.Repeat("b", 24)
	it.Purpose = nil
	for i := range 8 {
		it.Purpose = append(it.Purpose, strings.Repeat("p", 31)+string(rune('a'+i)))
	}
	var d disclosure.Disclose
	for i := range disclosure.MaxItems {
		it.ID, it.Replaces = uint64(1<<20-disclosure.MaxItems+i), uint64(1000+i)
		d.Items = append(d.Items, it)
	}
	if b, err := d.Encode(); err != nil {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

type refusal struct {
	name  string
	c     encoder
	want  disclosure.Reason
	where string
}

func item(change func(*disclosure.Item)) disclosure.Disclose {
	it := full()
	change(&it)
	return disclosure.Disclose{Version: 1, Items: []disclosure.Item{it}}
}

// refusals are contents that break one rule each.
func refusals() []refusal {
	first := disclosure.Item{ID: 7, Path: "name", Digest: digest("x"), Purpose: []string{"contact"}}
	second := first
	second.ID = 8
	replacing := func(a, b uint64) disclosure.Disclose {
		x, y := first, second
		x.Replaces, y.Replaces = a, b
		return disclosure.Disclose{Version: 1, Items: []disclosure.Item{x, y}}
	}
	many := disclosure.Disclose{Version: 1}
	for i := range disclosure.MaxItems + 1 {
		first.ID = uint64(i + 1)
		many.Items = append(many.Items, first)
	}
	first.ID = 7
	long := make([]uint64, 1025)
	for i := range long {
		long[i] = uint64(i + 1)
	}
	f := disclosure.ErrField
	receipt := func(v disclosure.Verdict, reason string) disclosure.Receipt {
		return disclosure.Receipt{Version: 1, Verdict: v, Reason: reason}
	}
	return []refusal{
		{"no items", disclosure.Disclose{Version: 1}, f, "items: 0"},
		{"too many items", many, f, "items: 33"},
		{"item zero", item(func(it *disclosure.Item) { it.ID, it.Replaces = 0, 0 }), f, "items[0].id"},
		{"item too high", item(func(it *disclosure.Item) { it.ID = 1<<20 + 1 }), f, "items[0].id"},
		{"items fall", disclosure.Disclose{Version: 1, Items: []disclosure.Item{second, first}}, f, "items[1].id"},
		{"items repeat", disclosure.Disclose{Version: 1, Items: []disclosure.Item{first, first}}, f, "items[1].id"},
		{"no path", item(func(it *disclosure.Item) { it.Path = "" }), f, "path"},
		{"path with an empty part", item(func(it *disclosure.Item) { it.Path = "addresses//home" }), f, "path"},
		{"path from the root", item(func(it *disclosure.Item) { it.Path = "/addresses" }), f, "path"},
		{"path of five parts", item(func(it *disclosure.Item) { it.Path = "a/b/c/d/e" }), f, "path"},
		{"path with capitals", item(func(it *disclosure.Item) { it.Path = "addresses/Home" }), f, "path"},
		{"path with dots", item(func(it *disclosure.Item) { it.Path = "addresses/.." }), f, "path"},
		{"path with a blank", item(func(it *disclosure.Item) { it.Path = "my home" }), f, "path"},
		{"path with a hyphen at its edge", item(func(it *disclosure.Item) { it.Path = "addresses/-home" }), f, "path"},
		{"path too long", item(func(it *disclosure.Item) { it.Path = strings.Repeat(strings.Repeat("a", 30)+"/", 3) + "aaaa" }), f, "path"},
		{"no digest", item(func(it *disclosure.Item) { it.Digest = nil }), f, "digest"},
		{"short digest", item(func(it *disclosure.Item) { it.Digest = it.Digest[:31] }), f, "digest"},
		{"no purpose", item(func(it *disclosure.Item) { it.Purpose = nil }), f, "purpose"},
		{"nine purposes", item(func(it *disclosure.Item) { it.Purpose = strings.Split("abcdefghi", "") }), f, "purpose"},
		{"purpose twice", item(func(it *disclosure.Item) { it.Purpose = []string{"billing", "billing"} }), f, "purpose[1]"},
		{"purpose that is no word", item(func(it *disclosure.Item) { it.Purpose = []string{"Any Use"} }), f, "purpose[0]"},
		{"over before it begins", item(func(it *disclosure.Item) { it.From = it.Until }), f, "until"},
		{"replaces itself", item(func(it *disclosure.Item) { it.Replaces = it.ID }), f, "replaces"},
		{"replaces one beside it", replacing(0, 7), f, "items[1].replaces"},
		{"replaces one twice", replacing(3, 3), f, "items[1].replaces"},
		{"content version 2", disclosure.Disclose{Version: 2, Items: []disclosure.Item{first}}, disclosure.ErrVersion, "v: 2"},

		{"retract nothing", disclosure.Retract{Version: 1}, f, "items"},
		{"retract zero", disclosure.Retract{Version: 1, Items: ids(0)}, f, "items[0]"},
		{"retract twice", disclosure.Retract{Version: 1, Items: ids(2, 2)}, f, "items[1]"},
		{"retract too much", disclosure.Retract{Version: 1, Items: long}, f, "items: 1025"},
		{"reason too long", disclosure.Retract{Version: 1, Items: ids(1), Reason: strings.Repeat("a", 1001)}, f, "reason"},
		{"reason with a line break", disclosure.Retract{Version: 1, Items: ids(1), Reason: "a\nb"}, f, "reason"},
		{"reason that turns around", disclosure.Retract{Version: 1, Items: ids(1), Reason: "a\u202eb"}, f, "reason"},
		{"reason with blanks at its edge", disclosure.Retract{Version: 1, Items: ids(1), Reason: " a"}, f, "reason"},

		{"no verdict", receipt("", ""), f, "verdict"},
		{"unknown verdict", receipt("maybe", ""), f, "verdict"},
		{"refusal without a reason", receipt(disclosure.Refused, ""), f, "reason"},

		{"demand of nothing known", disclosure.Demand{Version: 1, What: "burn", Deadline: at(1)}, f, "what"},
		{"demand without a deadline", disclosure.Demand{Version: 1, What: disclosure.WantCopy}, f, "deadline"},
		{"demand of falling items", disclosure.Demand{Version: 1, What: disclosure.WantCopy, Items: ids(2, 1), Deadline: at(1)}, f, "items[1]"},
		{"basis with a control character", disclosure.Demand{Version: 1, What: disclosure.WantCopy, Deadline: at(1), Basis: "a\x00"}, f, "basis"},

		{"nothing done", disclosure.Comply{Version: 1}, f, "did"},
		{"deleted with a copy", disclosure.Comply{Version: 1, Did: disclosure.DidDelete, Digest: digest("x")}, f, "digest"},
		{"deleted some", disclosure.Comply{Version: 1, Did: disclosure.DidDelete, Items: ids(1)}, f, "items"},
		{"copied without a copy", disclosure.Comply{Version: 1, Did: disclosure.DidCopy}, f, "digest"},
		{"copy of a short digest", disclosure.Comply{Version: 1, Did: disclosure.DidCopy, Digest: digest("x")[1:]}, f, "digest"},
		{"partly nothing", disclosure.Comply{Version: 1, Did: disclosure.DidPartly, Reason: "x"}, f, "items"},
		{"partly without a reason", disclosure.Comply{Version: 1, Did: disclosure.DidPartly, Items: ids(1)}, f, "reason"},
		{"refused without a reason", disclosure.Comply{Version: 1, Did: disclosure.DidRefuse}, f, "reason"},
	}
}

func TestContentsAreRefused(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			check := func(what string, err error) {
				if disclosure.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
					t.Errorf("%s: %v, want %s and %q", what, err, c.want, c.where)
				}
			}
			if c.want != disclosure.ErrVersion { // which Encode sets
				_, err := c.c.Encode()
				check("encode", err)
			}
			if raw, err := dagcbor.Marshal(c.c); err == nil { // no time has no encoding
				_, err := decodeAs(c.c, raw)
				check("decode", err)
			}
		})
	}
}

func TestOtherBytesAreRefused(t *testing.T) {
	good := must[[]byte](t)(examples()["retract"].Encode())
	for name, c := range map[string]struct {
		raw  []byte
		want disclosure.Reason
	}{
		"nothing":         {nil, disclosure.ErrEncoding},
		"a byte too many": {append(bytes.Clone(good), 0), disclosure.ErrEncoding},
		"cut":             {good[:len(good)-1], disclosure.ErrEncoding},
		"another kind":    {must[[]byte](t)(examples()["receipt"].Encode()), disclosure.ErrEncoding},
		"too much":        {make([]byte, statement.MaxContent+1), disclosure.ErrSize},
		"version 2":       {must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 2, "more": true})), disclosure.ErrVersion},
		"unknown field":   {must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 1, "items": ids(1), "more": true})), disclosure.ErrEncoding},
		"empty reason":    {must[[]byte](t)(dagcbor.Marshal(map[string]any{"v": 1, "items": ids(1), "reason": ""})), disclosure.ErrEncoding},
	} {
		if _, err := disclosure.DecodeRetract(c.raw); disclosure.ReasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestPurposesAreWords(t *testing.T) {
	for w := range disclosure.Purposes() {
		if _, err := item(func(it *disclosure.Item) { it.Purpose = []string{w} }).Encode(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range examples() {
		raw, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, c := range refusals() {
		if raw, err := dagcbor.Marshal(c.c); err == nil {
			f.Add(raw)
		}
	}
	kinds := []encoder{disclosure.Disclose{}, disclosure.Retract{}, disclosure.Receipt{}, disclosure.Demand{}, disclosure.Comply{}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, kind := range kinds {
			c, err := decodeAs(kind, raw)
			if err != nil {
				if disclosure.ReasonOf(err) == "" {
					t.Fatalf("refused without a reason: %v", err)
				}
				continue
			}
			if again, err := c.Encode(); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("accepted what Encode would not write: %v", err)
			}
		}
	})
}

func TestContentsAsJSON(t *testing.T) {
	for name, c := range examples() {
		if b, err := json.Marshal(c); err != nil || !strings.Contains(string(b), `"v":1`) {
			t.Errorf("%s: %s %v", name, b, err)
		}
	}
}
