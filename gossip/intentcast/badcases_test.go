package intentcast_test

import (
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// badIntents are the Park City intent with one thing wrong each, and the field
// that the error must name.
var badIntents = []struct {
	name, field string
	spoil       func(*intentcast.Intent)
}{
	{"unknown version", "v", func(in *intentcast.Intent) { in.Version = 2 }},
	{"unknown type", "type", func(in *intentcast.Intent) { in.Type = "offer" }},
	{"author is no did:key", "author", func(in *intentcast.Intent) { in.Author = "did:webvh:abc:example.com" }},
	{"unknown status", "status", func(in *intentcast.Intent) { in.Status = "paused" }},
	{"first of its line is withdrawn", "status", func(in *intentcast.Intent) { in.Status = intentcast.StatusWithdrawn }},
	{"root in the first of its line", "root", func(in *intentcast.Intent) { in.Root = dagcbor.Sum(nil) }},
	{"prev in the first of its line", "prev", func(in *intentcast.Intent) { in.Prev = dagcbor.Sum(nil) }},
	{"successor without a root", "root", func(in *intentcast.Intent) { in.Seq = 1 }},
	{"successor without a prev", "prev", func(in *intentcast.Intent) { in.Seq, in.Root = 1, dagcbor.Sum(nil) }},
	{"second does not succeed the root", "prev", func(in *intentcast.Intent) {
		in.Seq, in.Root, in.Prev = 1, dagcbor.Sum(nil), dagcbor.Sum([]byte{1})
	}},
	{"third succeeds the root", "prev", func(in *intentcast.Intent) {
		in.Seq, in.Root, in.Prev = 2, dagcbor.Sum(nil), dagcbor.Sum(nil)
	}},
	{"seq too large", "seq", func(in *intentcast.Intent) { in.Seq = 1<<20 + 1 }},
	{"withdrawn but still asking", "text", func(in *intentcast.Intent) {
		in.Seq, in.Root, in.Prev, in.Status = 1, dagcbor.Sum(nil), dagcbor.Sum(nil), intentcast.StatusWithdrawn
	}},
	{"lives longer than 7 days", "expires", func(in *intentcast.Intent) {
		in.Expires = identity.At(in.Created.Std().Add(intentcast.MaxLife + time.Second))
	}},
	{"expires before it is made", "expires", func(in *intentcast.Intent) { in.Expires = in.Created }},
	{"taxonomy in capitals", "category.taxonomy", func(in *intentcast.Intent) { in.Category.Taxonomy = "GPC" }},
	{"empty part of a category", "category.value", func(in *intentcast.Intent) { in.Category.Value = "travel//cars" }},
	{"category too deep", "category.value", func(in *intentcast.Intent) { in.Category.Value = strings.Repeat("a/", 8) + "a" }},
	{"geohash too fine", "place.geohash", func(in *intentcast.Intent) { in.Place.Geohash = "9x0qsz" }},
	{"geohash not base 32", "place.geohash", func(in *intentcast.Intent) { in.Place.Geohash = "9x0a" }},
	{"radius too wide", "place.radius", func(in *intentcast.Intent) { in.Place.Radius = intentcast.MaxRadius + 1 }},
	{"radius around nothing", "place.radius", func(in *intentcast.Intent) { in.Place.Geohash = "" }},
	{"region not ISO 3166-2", "place.region", func(in *intentcast.Intent) { in.Place.Region = "Utah" }},
	{"text too long", "text", func(in *intentcast.Intent) { in.Text = strings.Repeat("a", 2049) }},
	{"control character", "text", func(in *intentcast.Intent) { in.Text = "a\x1b[31mb" }},
	{"C1 control character", "items[0].name", func(in *intentcast.Intent) { in.Items[0].Name = "a\u0085b" }},
	{"newline in a name", "items[0].name", func(in *intentcast.Intent) { in.Items[0].Name = "a\nb" }},
	{"language not BCP 47", "lang", func(in *intentcast.Intent) { in.Language = "english" }},
	{"language not in its usual writing", "lang", func(in *intentcast.Intent) { in.Language = "EN_us" }},
	{"language of no text", "lang", func(in *intentcast.Intent) { in.Text = "" }},
	{"no items", "items", func(in *intentcast.Intent) { in.Items = nil }},
	{"too many items", "items", func(in *intentcast.Intent) { in.Items = make([]intentcast.Want, intentcast.MaxItems+1) }},
	{"item names nothing", "items[0]", func(in *intentcast.Intent) { in.Items[0] = intentcast.Want{Quantity: "1"} }},
	{"GTIN of 9 digits", "items[0].gtin", func(in *intentcast.Intent) { in.Items[0].GTIN = "123456789" }},
	{"GTIN with a letter", "items[0].gtin", func(in *intentcast.Intent) { in.Items[0].GTIN = "1234567x" }},
	{"no quantity", "items[0].qty", func(in *intentcast.Intent) { in.Items[0].Quantity = "" }},
	{"quantity zero", "items[0].qty", func(in *intentcast.Intent) { in.Items[0].Quantity = "0.00" }},
	{"quantity below zero", "items[0].qty", func(in *intentcast.Intent) { in.Items[0].Quantity = "-1" }},
	{"quantity with an exponent", "items[0].qty", func(in *intentcast.Intent) { in.Items[0].Quantity = "1e3" }},
	{"two currencies", "items[0].max", func(in *intentcast.Intent) {
		in.Budget, in.Items[0].MaxPrice = usd("100"), &money.Money{Currency: "EUR", Amount: "90"}
	}},
	{"price below zero", "items[0].known", func(in *intentcast.Intent) { in.Items[0].KnownPrice = usd("-1") }},
	{"amount that is no decimal", "budget", func(in *intentcast.Intent) { in.Budget = usd("1,000") }},
	{"currency that is none", "budget", func(in *intentcast.Intent) { in.Budget = &money.Money{Currency: "usd", Amount: "1"} }},
	{"constraint without a property", "items[0].wishes.require[0].property", func(in *intentcast.Intent) {
		in.Items[0].Wishes.Require[0].Property = ""
	}},
	{"unknown type of value", "seller.require[0].op", constraint("size", "volume", "eq", "1")},
	{"unknown operator", "seller.require[0].op", constraint("size", intentcast.TypeNumber, "about", "1")},
	{"text in order", "seller.require[0].op", constraint("size", intentcast.TypeText, intentcast.OpLt, "m")},
	{"truth in a list", "seller.require[0].op", constraint("new", intentcast.TypeBool, intentcast.OpIn, "true")},
	{"truth that is neither", "seller.require[0].values[0]", constraint("new", intentcast.TypeBool, intentcast.OpEq, "yes")},
	{"number that is none", "seller.require[0].values[0]", constraint("seats", intentcast.TypeNumber, intentcast.OpGe, "two")},
	{"time that is none", "seller.require[0].values[0]", constraint("until", intentcast.TypeTime, intentcast.OpLe, "noon")},
	{"two values for one", "seller.require[0].values", constraint("seats", intentcast.TypeNumber, intentcast.OpEq, "1", "2")},
	{"value for exists", "seller.require[0].values", constraint("seats", intentcast.TypeNumber, intentcast.OpExists, "1")},
	{"unit of a text", "seller.prefer[0].unit", func(in *intentcast.Intent) {
		in.Seller.Prefer = []intentcast.Constraint{{Property: "a", Type: intentcast.TypeText, Op: intentcast.OpEq, Values: []string{"b"}, Unit: "kg"}}
	}},
	{"exclusion of nothing", "exclude[1].property", func(in *intentcast.Intent) { in.Exclude[1].Property = "" }},
	{"window that ends first", "window", func(in *intentcast.Intent) { in.Window.From, in.Window.Until = in.Window.Until, in.Window.From }},
	{"membership twice", "memberships[3]", func(in *intentcast.Intent) { in.Memberships = append(in.Memberships, in.Memberships[0]) }},
	{"no terms", "terms", func(in *intentcast.Intent) { in.Terms = nil }},
	{"terms twice", "terms[2]", func(in *intentcast.Intent) { in.Terms = append(in.Terms, in.Terms[0]) }},
	{"unknown terms", "terms[0]", func(in *intentcast.Intent) { in.Terms[0].ID = "SD-FREE" }},
	{"terms with another hash", "terms[0]", func(in *intentcast.Intent) { in.Terms[0].SHA256 = in.Terms[1].SHA256 }},
	{"too many responders", "responders", func(in *intentcast.Intent) { in.MaxResponders = 1001 }},
	{"no reply route", "reply", func(in *intentcast.Intent) { in.Reply = nil }},
	{"reply key too short", "reply.key", func(in *intentcast.Intent) { in.Reply.Key = in.Reply.Key[1:] }},
	{"slot too short", "reply.slot", func(in *intentcast.Intent) { in.Reply.Slot = in.Reply.Slot[1:] }},
	{"peer that is none", "reply.peer", func(in *intentcast.Intent) { in.Reply.Peer = "12D3KooW" }},
	{"peer as a CID", "reply.peer", func(in *intentcast.Intent) {
		in.Reply.Peer = "bafzaajaiaejcboc7cwqwuu6sbkmo3dmctldi73fmqumhovkamzqvxzslg5jkdjpe"
	}},
	{"too many addresses", "reply.addrs", func(in *intentcast.Intent) { in.Reply.Addrs = make([]string, 5) }},
	{"address that is none", "reply.addrs[1]", func(in *intentcast.Intent) { in.Reply.Addrs[1] = "192.0.2.7:4001" }},
	{"address with a peer", "reply.addrs[0]", func(in *intentcast.Intent) { in.Reply.Addrs[0] += "/p2p/" + in.Reply.Peer }},
	{"commitment of another length", "private[0].sha256", func(in *intentcast.Intent) {
		in.Private = []intentcast.Commitment{{Name: "hotel", SHA256: make([]byte, 31)}}
	}},
}

func usd(amount string) *money.Money { return &money.Money{Currency: "USD", Amount: amount} }

func constraint(property string, typ intentcast.ValueType, op intentcast.Op, values ...string) func(*intentcast.Intent) {
	return func(in *intentcast.Intent) {
		in.Seller.Require = []intentcast.Constraint{{Property: property, Type: typ, Op: op, Values: values}}
	}
}

var badOffers = []struct {
	name, why string
	at        time.Duration // after now, when it is looked at; 0: in time
	spoil     func(*intentcast.Offer)
}{
	{"for another intent", "for another intent", 0, func(o *intentcast.Offer) { o.Intent = dagcbor.Sum(nil) }},
	{"sealed to another person", "sealed to another person", 0, func(o *intentcast.Offer) { o.Recipient = make([]byte, 32) }},
	{"expired", "expired", 72 * time.Hour, func(*intentcast.Offer) {}},
	{"from the future", "from the future", -time.Hour, func(*intentcast.Offer) {}},
	{"total a cent too high", "total is not the sum", 0, func(o *intentcast.Offer) { o.Total.Amount = "319.51" }},
	{"terms not asked for", "terms not among the intent's", 0, func(o *intentcast.Offer) {
		a, _ := terms.Lookup("SD-BASE-ATP")
		o.Terms = a.Ref
	}},
	{"answers an item not wanted", "answers an item not wanted", 0, func(o *intentcast.Offer) { o.Lines[0].Want = 1 }},
	{"older than the intent", "field created", 0, func(o *intentcast.Offer) {
		o.Created = identity.At(now.Add(-time.Hour))
	}},
	{"unknown version", "field v", 0, func(o *intentcast.Offer) { o.Version = 0 }},
	{"unknown type", "field type", 0, func(o *intentcast.Offer) { o.Type = "intentcast" }},
	{"no recipient", "field recipient", 0, func(o *intentcast.Offer) { o.Recipient = []byte{1} }},
	{"vendor without a name", "field vendor.name", 0, func(o *intentcast.Offer) { o.Vendor.Name = "" }},
	{"no lines", "field lines", 0, func(o *intentcast.Offer) { o.Lines = []intentcast.OfferLine{} }},
	{"quantity zero", "field lines[0].line.qty", 0, func(o *intentcast.Offer) { o.Lines[0].Line.Quantity = "0" }},
	{"price below zero", "field lines[0].line.price", 0, func(o *intentcast.Offer) { o.Lines[0].Line.Price.Amount = "-1" }},
	{"two currencies", "field extras[0].price", 0, func(o *intentcast.Offer) { o.Extras[0].Price.Currency = "EUR" }},
	{"total in another currency", "field total", 0, func(o *intentcast.Offer) { o.Total.Currency = "EUR" }},
	{"attribute of no type", "field lines[0].attrs[1].type", 0, func(o *intentcast.Offer) { o.Lines[0].Attributes[1].Type = "" }},
	{"terms with another hash", "field terms", 0, func(o *intentcast.Offer) { o.Terms.SHA256 = strings.Repeat("0", 64) }},
	{"no route for the answer", "field route.peer", 0, func(o *intentcast.Offer) { o.Route = intentcast.Route{} }},
}
