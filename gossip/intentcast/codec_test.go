package intentcast

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// The tables of codec.go are what the types' own tags say, in canonical order.
func TestTablesFollowTheTags(t *testing.T) {
	compareTable(t, intentFields)
	compareTable(t, wantFields)
	compareTable(t, wishesFields)
	compareTable(t, constraintFields)
	compareTable(t, exclusionFields)
	compareTable(t, placeFields)
	compareTable(t, categoryFields)
	compareTable(t, moneyFields)
	compareTable(t, windowFields)
	compareTable(t, termsFields)
	compareTable(t, commitmentFields)
	compareTable(t, routeFields)
	compareTable(t, holderFields)
	compareTable(t, envelopeFields)
	compareTable(t, messageFields)
}

type tableKey struct {
	key      string
	optional bool
}

func compareTable[T any](t *testing.T, fields []field[T]) {
	t.Helper()
	typ := reflect.TypeFor[T]()
	var want, got []tableKey
	for i := range typ.NumField() {
		if tag, ok := typ.Field(i).Tag.Lookup("cbor"); ok {
			name, options, _ := strings.Cut(tag, ",")
			want = append(want, tableKey{name, options != ""})
		}
	}
	slices.SortFunc(want, func(a, b tableKey) int {
		return cmp.Or(cmp.Compare(len(a.key), len(b.key)), cmp.Compare(a.key, b.key))
	})
	for _, f := range fields {
		got = append(got, tableKey{f.key, f.optional})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v\n got %v\nwant %v", typ, got, want)
	}
}

func readIntent(b []byte) (Intent, error) {
	var in Intent
	r := newReader(b)
	readMap(r, &in, intentFields)
	return in, r.end()
}

// sameVerdict is the promise of wire.go: what the reader accepts, package
// dagcbor accepts as the same value; what dagcbor accepts and the rules allow,
// the reader accepts.
func sameVerdict(t interface{ Fatalf(string, ...any) }, b []byte) {
	fast, fastErr := readIntent(b)
	var slow Intent
	slowErr := dagcbor.Unmarshal(b, &slow)
	switch {
	case fastErr == nil && slowErr != nil:
		t.Fatalf("%x\nread, but: %v", b, slowErr)
	case fastErr == nil && !reflect.DeepEqual(fast, slow):
		t.Fatalf("%x\nread as %+v\n  not as %+v", b, fast, slow)
	case fastErr != nil && slowErr == nil && slow.Check() == nil:
		t.Fatalf("%x\na good intent, not read: %v", b, fastErr)
	}
}

func FuzzReadIntent(f *testing.F) {
	for _, b := range seedBodies(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameVerdict(t, b) })
}

// seedBodies are the bodies of the published vectors.
func seedBodies(t testing.TB) (bodies [][]byte) {
	for _, wire := range vectorWires(t, "casts.json") {
		if m, err := decodeMessage(wire, MaxCast); err == nil {
			bodies = append(bodies, m.Body)
		}
	}
	if len(bodies) < 50 {
		t.Fatalf("only %d bodies among the vectors", len(bodies))
	}
	return bodies
}

// A change of single bytes anywhere in a good body is judged alike by both.
func TestChangedBodiesAreJudgedAlike(t *testing.T) {
	bodies := seedBodies(t)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(bodies).Draw(t, "body"))
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				b[i] = rapid.Byte().Draw(t, "byte")
			case 1:
				b = slices.Insert(b, i, rapid.Byte().Draw(t, "byte"))
			default:
				if b = slices.Delete(b, i, i+1); len(b) == 0 {
					return
				}
			}
		}
		sameVerdict(t, b)
	})
}

func TestTimesAreReadAsByIdentity(t *testing.T) {
	texts := rapid.OneOf(
		rapid.StringMatching(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z`),
		rapid.StringMatching(`(000[01]|2024|1900|2000)-(0[0-3]|1[0-3])-(0[01]|2[89]|3[0-2])T(00|2[34]):(00|59|60):(00|59|60)Z`),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := texts.Draw(t, "text")
		want, err := identity.ParseTime(s)
		got, ok := parseTime(s)
		if ok != (err == nil) || (ok && !identity.At(got).Std().Equal(want.Std())) {
			t.Fatalf("%q: read as %v, %v; identity says %v, %v", s, got, ok, want, err)
		}
	})
}

// Whatever is decoded is encoded to the very bytes it came from.
func FuzzDecodeCast(f *testing.F) {
	for _, wire := range vectorWires(f, "casts.json") {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCast(b)
		if err != nil {
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x\nencoded again as %x, %v", b, again, err)
		}
	})
}

func FuzzDecodeOffer(f *testing.F) {
	for _, wire := range vectorWires(f, "offers.json") {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeOffer(b)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x\nencoded again as %x, %v", b, again, err)
		}
		if err := s.Offer.Check(); err != nil {
			t.Fatalf("decoded, but: %v", err)
		}
	})
}
