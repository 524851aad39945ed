package relcard_test

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/money"
)

var (
	person = cardtest.NewParty("person", cardtest.Start)
	vendor = cardtest.NewParty("vendor", cardtest.Start)
	third  = cardtest.NewParty("third", cardtest.Start)
)

func body() relcard.Body { return cardtest.Body(person.DID(), vendor.DID(), cardtest.Start) }

func usd(amount string) money.Money { return money.Money{Currency: "USD", Amount: amount} }

// refusals are changes to a valid first version, each of which makes it
// invalid for the reason named, in the place named.
var refusals = []struct {
	name   string
	change func(*relcard.Body)
	want   relcard.Reason
	where  string
}{
	{"unknown version", func(b *relcard.Body) { b.Version = 3 }, relcard.ErrVersion, "version 3"},
	{"version 1 with a location", func(b *relcard.Body) { b.Version, b.Location = 1, "Park City" }, relcard.ErrVersion, "version 1"},
	{"term of nothing", func(b *relcard.Body) { b.Term = &relcard.Term{} }, relcard.ErrField, "term"},
	{"term of two units", func(b *relcard.Body) { b.Term = &relcard.Term{Every: "P1M2D"} }, relcard.ErrField, "term.every"},
	{"renewal of no period", func(b *relcard.Body) { b.Term = &relcard.Term{Until: b.Time, Renews: true} }, relcard.ErrField, "term.renews"},
	{"location of two lines", func(b *relcard.Body) { b.Location = "Park\nCity" }, relcard.ErrField, "location"},
	{"version none", func(b *relcard.Body) { b.Version = 0 }, relcard.ErrVersion, "version 0"},
	{"another type", func(b *relcard.Body) { b.Type = "offer" }, relcard.ErrVersion, "offer"},
	{"prev at the start", func(b *relcard.Body) { b.Prev = dagcbor.Sum(nil) }, relcard.ErrField, "prev"},
	{"no prev later", func(b *relcard.Body) { b.Seq = 1 }, relcard.ErrField, "prev"},
	{"seq beyond bound", func(b *relcard.Body) { b.Seq, b.Prev = 1<<20+1, dagcbor.Sum(nil) }, relcard.ErrField, "seq"},
	{"unknown status", func(b *relcard.Body) { b.Status = "paused" }, relcard.ErrField, "status"},
	{"no status", func(b *relcard.Body) { b.Status = "" }, relcard.ErrField, "status"},
	{"ended without end", func(b *relcard.Body) { b.Seq, b.Prev, b.Status = 1, dagcbor.Sum(nil), relcard.StatusEnded }, relcard.ErrField, "end"},
	{"end of an agreed one", func(b *relcard.Body) { b.End = &relcard.End{By: identity.RolePerson} }, relcard.ErrField, "end"},
	{"starts with an end", func(b *relcard.Body) {
		b.Status, b.End = relcard.StatusEnded, &relcard.End{By: identity.RolePerson}
	}, relcard.ErrField, "status"},
	{"no time", func(b *relcard.Body) { b.Time = identity.Time{} }, relcard.ErrField, "time"},
	{"no person", func(b *relcard.Body) { b.Person.DID = "" }, relcard.ErrField, "person.did"},
	{"a method not in use", func(b *relcard.Body) { b.Vendor.DID = "did:web:example.org" }, relcard.ErrField, "vendor.did"},
	{"did with a fragment", func(b *relcard.Body) { b.Vendor.DID += "#key-1" }, relcard.ErrField, "vendor.did"},
	{"did:key of no key", func(b *relcard.Body) { b.Person.DID = "did:key:z6Mk" }, relcard.ErrField, "person.did"},
	{"same party twice", func(b *relcard.Body) { b.Vendor.DID = b.Person.DID }, relcard.ErrField, "vendor.did"},
	{"name too long", func(b *relcard.Body) { b.Vendor.Name = strings.Repeat("a", 201) }, relcard.ErrField, "vendor.name"},
	{"name with a line break", func(b *relcard.Body) { b.Vendor.Name = "Alpine\nCars" }, relcard.ErrField, "vendor.name"},
	{"name written backwards", func(b *relcard.Body) { b.Vendor.Name = "Alpine\u202esraC" }, relcard.ErrField, "vendor.name"},
	{"name with blank edges", func(b *relcard.Body) { b.Person.Name = " Ann" }, relcard.ErrField, "person.name"},
	{"name not UTF-8", func(b *relcard.Body) { b.Person.Name = "\xff" }, relcard.ErrField, "person.name"},
	{"terms id unknown", func(b *relcard.Body) { b.Terms.ID = "SD-MINE" }, relcard.ErrTerms, "SD-MINE"},
	{"terms under another hash", func(b *relcard.Body) { b.Terms.SHA256 = strings.Repeat("ab", 32) }, relcard.ErrTerms, "hash"},
	{"terms by id alone", func(b *relcard.Body) { b.Terms.SHA256, b.Terms.Registry, b.Terms.Version = "", "", "" }, relcard.ErrTerms, "registry"},
	{"offer without intent", func(b *relcard.Body) { b.Intent = dagcbor.CID{} }, relcard.ErrField, "intent"},
	{"jurisdiction of three letters", func(b *relcard.Body) { b.Jurisdiction = "USA" }, relcard.ErrField, "jurisdiction"},
	{"jurisdiction in small letters", func(b *relcard.Body) { b.Jurisdiction = "us" }, relcard.ErrField, "jurisdiction"},
	{"jurisdiction with an empty part", func(b *relcard.Body) { b.Jurisdiction = "US-" }, relcard.ErrField, "jurisdiction"},
	{"window without ends", func(b *relcard.Body) { b.Fulfil = &relcard.Window{} }, relcard.ErrField, "fulfil"},
	{"window backwards", func(b *relcard.Body) { b.Fulfil.From, b.Fulfil.Until = b.Fulfil.Until, b.Fulfil.From }, relcard.ErrField, "fulfil"},
	{"line without a name", func(b *relcard.Body) { b.Lines[1].Name = "" }, relcard.ErrField, "lines[1].name"},
	{"gtin of nine digits", func(b *relcard.Body) { b.Lines[0].GTIN = "123456789" }, relcard.ErrField, "lines[0].gtin"},
	{"gtin with a letter", func(b *relcard.Body) { b.Lines[0].GTIN = "1234567X" }, relcard.ErrField, "lines[0].gtin"},
	{"sku too long", func(b *relcard.Body) { b.Lines[0].SKU = strings.Repeat("1", 101) }, relcard.ErrField, "lines[0].sku"},
	{"quantity none", func(b *relcard.Body) { b.Lines[0].Quantity = "0.0" }, relcard.ErrField, "lines[0].qty"},
	{"quantity below zero", func(b *relcard.Body) { b.Lines[0].Quantity = "-1" }, relcard.ErrField, "lines[0].qty"},
	{"quantity with an exponent", func(b *relcard.Body) { b.Lines[0].Quantity = "1e9" }, relcard.ErrField, "lines[0].qty"},
	{"unit with a tab", func(b *relcard.Body) { b.Lines[0].Unit = "da\ty" }, relcard.ErrField, "lines[0].unit"},
	{"price below zero", func(b *relcard.Body) { b.Lines[0].Price = usd("-1") }, relcard.ErrField, "lines[0].price"},
	{"price in no currency", func(b *relcard.Body) { b.Lines[0].Price.Currency = "usd" }, relcard.ErrField, "lines[0].price"},
	{"extra without a property", func(b *relcard.Body) { b.Extras[0].Property = "" }, relcard.ErrField, "extras[0].property"},
	{"extra of no amount", func(b *relcard.Body) { b.Extras[1].Price.Amount = "free" }, relcard.ErrField, "extras[1].price"},
	{"total below zero", func(b *relcard.Body) { b.Total = ptr(usd("-1")) }, relcard.ErrField, "total"},
	{"total a cent off", func(b *relcard.Body) { b.Total = ptr(usd("467.01")) }, relcard.ErrTotal, "467"},
	{"total missing", func(b *relcard.Body) { b.Total = nil }, relcard.ErrTotal, "total"},
	{"total for nothing", func(b *relcard.Body) { b.Lines, b.Extras = nil, nil }, relcard.ErrTotal, "nothing"},
	{"two currencies", func(b *relcard.Body) { b.Lines[1].Price.Currency = "EUR" }, relcard.ErrTotal, "lines[1]"},
	{"extra in another currency", func(b *relcard.Body) { b.Extras[0].Price.Currency = "EUR" }, relcard.ErrTotal, "extras[0]"},
	{"too many lines", func(b *relcard.Body) {
		for len(b.Lines) <= 200 {
			b.Lines = append(b.Lines, b.Lines[0])
		}
	}, relcard.ErrField, "lines: 201"},
	{"too many extras", func(b *relcard.Body) {
		for len(b.Extras) <= 50 {
			b.Extras = append(b.Extras, b.Extras[0])
		}
	}, relcard.ErrField, "extras: 51"},
}

func ptr[T any](v T) *T { return &v }

func TestBodyIsRefused(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			b := body()
			c.change(&b)
			err := b.Check()
			if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
				t.Fatalf("got %v, want reason %s and %q", err, c.want, c.where)
			}
			if _, _, err := b.Encode(); relcard.ReasonOf(err) != c.want {
				t.Errorf("encode: got %v", err)
			}
		})
	}
}

// An end takes effect by one signature, so it may bring nothing else along.
func TestEndCarriesNothingElse(t *testing.T) {
	end := body()
	end.Seq, end.Prev, end.Status, end.End = 1, dagcbor.Sum(nil), relcard.StatusEnded, &relcard.End{By: identity.RolePerson, Reason: "moved away"}
	bare := end
	bare.Intent, bare.Offer, bare.Proffer, bare.Jurisdiction, bare.Location, bare.Term = dagcbor.CID{}, dagcbor.CID{}, dagcbor.CID{}, "", "", nil
	bare.Lines, bare.Total, bare.Extras, bare.Fulfil = nil, nil, nil, nil
	if err := bare.Check(); err != nil {
		t.Fatalf("a bare end: %v", err)
	}
	for name, change := range map[string]func(b *relcard.Body){
		"intent":       func(b *relcard.Body) { b.Intent = end.Intent },
		"offer":        func(b *relcard.Body) { b.Offer = end.Offer },
		"jurisdiction": func(b *relcard.Body) { b.Jurisdiction = end.Jurisdiction },
		"proffer":      func(b *relcard.Body) { b.Proffer = end.Proffer },
		"location":     func(b *relcard.Body) { b.Location = end.Location },
		"term":         func(b *relcard.Body) { b.Term = end.Term },
		"lines":        func(b *relcard.Body) { b.Lines, b.Total = end.Lines, end.Total },
		"total":        func(b *relcard.Body) { b.Total = end.Total },
		"extras":       func(b *relcard.Body) { b.Extras = end.Extras },
		"fulfil":       func(b *relcard.Body) { b.Fulfil = end.Fulfil },
		"by an author": func(b *relcard.Body) { b.End = &relcard.End{By: identity.RoleAuthor} },
		"by nobody":    func(b *relcard.Body) { b.End = &relcard.End{} },
		"a long reason": func(b *relcard.Body) {
			b.End = &relcard.End{By: identity.RolePerson, Reason: strings.Repeat("x", 1001)}
		},
	} {
		b := bare
		change(&b)
		if err := b.Check(); relcard.ReasonOf(err) != relcard.ErrField {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTotalIsComparedByValue(t *testing.T) {
	for _, total := range []string{"467", "467.0", "467.000000000"} {
		b := body()
		b.Total = ptr(usd(total))
		if err := b.Check(); err != nil {
			t.Errorf("total %s: %v", total, err)
		}
	}
	b := body() // thirds of a unit, exactly
	b.Extras = nil
	b.Lines = []relcard.Line{{Name: "cloth", Quantity: "0.333", Unit: "m", Price: usd("0.10")}}
	b.Total = ptr(usd("0.0333"))
	if err := b.Check(); err != nil {
		t.Errorf("small amounts: %v", err)
	}
	b.Total = ptr(usd("0.03"))
	if err := b.Check(); relcard.ReasonOf(err) != relcard.ErrTotal {
		t.Errorf("a rounded total: %v", err)
	}
}
