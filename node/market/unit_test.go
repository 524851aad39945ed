package market

import (
	"math/big"
	"strings"
	"testing"
	"unicode"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/relcard/money"
)

var genDecimal = rapid.StringMatching(`(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?`)

func (f fixed) big() *big.Int {
	n := new(big.Int).SetUint64(f.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(f.lo))
}

// Fixed numbers are what the decimal library says they are.
func TestFixedAgreesWithDecimal(t *testing.T) {
	unit := decimal.New(1, 18)
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDecimal.Draw(t, "a"), genDecimal.Draw(t, "b")
		da, db := decimal.RequireFromString(a), decimal.RequireFromString(b)
		fa, okA := parseFixed(a)
		fb, okB := parseFixed(b)
		if !okA || !okB {
			t.Fatalf("%s or %s was refused", a, b)
		}
		if fa.big().Cmp(da.Mul(unit).BigInt()) != 0 || fa.cmp(fb) != da.Cmp(db) {
			t.Fatalf("%s is %s", a, fa.big())
		}
		if s, ok := fa.plain(); !ok || money.CheckDecimal(s) != nil || !decimal.RequireFromString(s).Equal(da) {
			t.Fatalf("%s writes as %s", a, s)
		}
		if sum, ok := fa.plus(fb); !ok || sum.big().Cmp(da.Add(db).Mul(unit).BigInt()) != 0 || sum.minus(fb) != fa {
			t.Fatalf("%s + %s is %s", a, b, sum.big())
		}
		product, ok := fa.times(fb)
		exact := da.Mul(db).Mul(unit).BigInt()
		if ok != (exact.BitLen() <= 128) || (ok && product.big().Cmp(exact) != 0) {
			t.Fatalf("%s × %s is %s, %v; want %s", a, b, product.big(), ok, exact)
		}
	})
}

func TestParseFixedTakesWhatBodiesCarry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,17}\.?[0-9]{0,11}`), rapid.String()).Draw(t, "s")
		_, ok := parseFixed(s)
		if want := money.CheckDecimal(s) == nil && !strings.HasPrefix(s, "-"); ok != want {
			t.Fatalf("%q: %v, want %v", s, ok, want)
		}
	})
}

func TestFixedText(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "19.9": "19.90", "19.90": "19.90", "20.00": "20", "0.001": "0.001", "999999999999999.999999999": "999999999999999.999999999"} {
		f, _ := parseFixed(in)
		if got, ok := f.plain(); !ok || got != want {
			t.Errorf("%s writes as %s", in, got)
		}
	}
	if got := (fixed{hi: 1 << 63}).text("USD"); got != "an unwritable sum of USD" {
		t.Error(got)
	}
	if _, ok := (fixed{lo: 1}).plain(); ok {
		t.Error("18 decimal places were written")
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  Onsite \t Parking ": "onsite parking", "already folded": "already folded", "": "", " ": "",
		"STRASSE": "strasse", "Straße": "strasse", "Ⅳ ﬁne": "iv fine", "e\u0301": "é", "É": "é", "a\u00a0b": "a b", "zero\u200bwidth\ufeff": "zerowidth", "ΣΑΣ": "σασ",
		"e\u200b\u0301": "é", "\u13a0\uab70": "\u13a0\u13a0", "\uffa0": "",
	} {
		if got := fold(in); got != want {
			t.Errorf("fold(%q) is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"Prepaid fuel": "prepaid_fuel", "prepaid-fuel": "prepaid_fuel", "prepaid_fuel": "prepaid_fuel", "x": "x"} {
		if got := property(in); got != want {
			t.Errorf("property(%q) is %q", in, got)
		}
	}
}

func TestFoldIsItsOwnFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := fold(s); fold(once) != once {
			t.Fatalf("%q folds to %q, then %q", s, once, fold(once))
		}
	})
}

func TestFoldOfEveryLetter(t *testing.T) {
	for r := rune(0); r <= 0x1ffff; r++ {
		if !unicode.IsLetter(r) || unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hangul, r) {
			continue
		}
		once := fold(string(r))
		if fold(once) != once {
			t.Errorf("%U folds to %+q, then %+q", r, once, fold(once))
		}
		if up := unicode.ToUpper(r); unicode.ToLower(up) == r && fold(string(up)) != once {
			t.Errorf("%U and its capital %U fold to %+q and %+q", r, up, once, fold(string(up)))
		}
	}
}

func TestMixedScript(t *testing.T) {
	for s, want := range map[string]bool{
		"insurance": false, "insur\u0430nce": true, "страховка": false, "доставка delivery": false, "αβγ": false, "αbγ": true, "naïve": false, "保険 insurance": false, "": false,
	} {
		if mixedScript(s) != want {
			t.Errorf("mixedScript(%q) is %v", s, !want)
		}
	}
}

func TestGTIN(t *testing.T) {
	for in, want := range map[string]string{
		"96385074": "00000096385074", "036000291452": "00036000291452", "4006381333931": "04006381333931", "04006381333931": "04006381333931",
	} {
		if got, err := gtin14(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1", "96385075", "4006381333932", "400638133393", "４００６３８１３３３９３１", "040063813339310", "-4006381333931"} {
		if got, err := gtin14(in); err == nil {
			t.Errorf("%q is %s", in, got)
		}
	}
}

// Published pairs of geohash and place (Niemeyer's own, and two towns).
func TestGeohashCells(t *testing.T) {
	for hash, at := range map[string][2]float64{
		"u4pruydqqvj": {57.64911, 10.40744}, "dpeh": {42.9634, -85.6681}, "9x0x": {40.6461, -111.4980}, "ezs42": {42.605, -5.603}, "6gkzwgjzn820": {-25.382708, -49.265506},
	} {
		c, ok := cell(hash)
		if !ok || float64(c.DistanceToLatLng((Area{Lat: at[0], Lon: at[1]}).point())) > 1e-6 {
			t.Errorf("%s does not hold %v: %v", hash, at, c)
		}
	}
	for _, bad := range []string{"", "a", "9x0i", "u4pruydqqvj00", "ü"} {
		if _, ok := cell(bad); ok {
			t.Errorf("%q is a cell", bad)
		}
	}
}

func TestAreaServes(t *testing.T) {
	grandRapids := Area{Lat: 42.9634, Lon: -85.6681, Metres: 5_000}
	for _, tt := range []struct {
		name  string
		area  Area
		place intentcast.Place
		want  bool
	}{
		{"a circle in the cell", grandRapids, intentcast.Place{Geohash: "dpeh"}, true},
		{"a circle in another cell", grandRapids, intentcast.Place{Geohash: "dpek0"}, false},
		{"a circle that reaches the next cell", Area{Lat: 42.9634, Lon: -85.6681, Metres: 80_000}, intentcast.Place{Geohash: "dpek"}, true},
		{"circles 39 km apart that touch", Area{Lat: 42.79, Lon: -86.11, Metres: 20_000}, intentcast.Place{Geohash: "dpeh6", Radius: 25_000}, true},
		{"circles 39 km apart that do not", Area{Lat: 42.79, Lon: -86.11, Metres: 5_000}, intentcast.Place{Geohash: "dpeh6", Radius: 5_000}, false},
		{"a cell and a circle beside it", Area{Geohash: "dpek"}, intentcast.Place{Geohash: "dpeh6", Radius: 60_000}, true},
		{"a cell and a circle far from it", Area{Geohash: "9x0x"}, intentcast.Place{Geohash: "dpeh6", Radius: 60_000}, false},
		{"a finer cell", Area{Geohash: "dpeh6t"}, intentcast.Place{Geohash: "dpeh"}, true},
		{"a coarser cell", Area{Geohash: "DP"}, intentcast.Place{Geohash: "dpeh"}, true},
		{"another cell", Area{Geohash: "dpej"}, intentcast.Place{Geohash: "dpeh"}, false},
		{"a region", Area{Region: "US-MI"}, intentcast.Place{Region: "US-MI"}, true},
		{"its country", Area{Region: "US"}, intentcast.Place{Region: "US-MI"}, true},
		{"another region", Area{Region: "US-M"}, intentcast.Place{Region: "US-MI"}, false},
		{"a region against a cell", Area{Region: "US-MI"}, intentcast.Place{Geohash: "dpeh"}, false},
		{"a circle against a region", grandRapids, intentcast.Place{Region: "US-MI"}, false},
		{"across the date line", Area{Lat: -17, Lon: 179.99, Metres: 30_000}, intentcast.Place{Geohash: "2hbp", Radius: 60_000}, true},
	} {
		if err := tt.area.Check(); err != nil {
			t.Fatal(err)
		}
		if got := tt.area.serves(&tt.place); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestTokens(t *testing.T) {
	if got := strings.Join(tokens("The Quesadillas & a 4WD glass; QUESADILLA, jalapeño 保険"), "|"); got != "the|quesadilla|4wd|glass|jalapeño|保険" {
		t.Error(got)
	}
}

// A times test has no place in the tables above: times compare as instants.
func TestTimesCompareAsInstants(t *testing.T) {
	at := func(s string) []fact {
		f, err := newFact(intentcast.Attribute{Property: "made", Type: intentcast.TypeTime, Value: s})
		if err != nil {
			t.Fatal(err)
		}
		return []fact{f}
	}
	before, err := newTest(intentcast.Constraint{Property: "made", Type: intentcast.TypeTime, Op: intentcast.OpLt, Values: []string{"1969-12-31T23:59:59Z"}})
	if err != nil {
		t.Fatal(err)
	}
	if !before.met(at("1969-12-31T23:59:58Z")) || before.met(at("1970-01-01T00:00:00Z")) || before.met(at("1969-12-31T23:59:59Z")) {
		t.Error("times before 1970 are out of order")
	}
	if got := before.words(); got != "“made” lt 1969-12-31T23:59:59Z" {
		t.Error(got)
	}
}

// Words can't be found on a map: the reason says so, and not that the place is
// elsewhere.
func TestWordsAloneAreInNoArea(t *testing.T) {
	for words, p := range map[string]intentcast.Place{
		"in words only": {Name: "Park City"},
		"outside":       {Name: "Park City", Region: "US-UT"},
		"is outside":    {Geohash: "u4pr"},
	} {
		if got := outsideText(&p); !strings.Contains(got, words) {
			t.Errorf("%+v: %s", p, got)
		}
	}
}
