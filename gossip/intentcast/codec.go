package intentcast

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// The tables name the keys of each map of an intent in canonical order. A test
// compares them with the `cbor` tags of the types.

var intentFields = []field[Intent]{
	{"v", false, func(r *reader, v *Intent) { v.Version = r.uint() }},
	{"seq", false, func(r *reader, v *Intent) { v.Seq = r.uint() }},
	{"lang", true, func(r *reader, v *Intent) { v.Language = r.text() }},
	{"prev", true, func(r *reader, v *Intent) { v.Prev = r.cid() }},
	{"root", true, func(r *reader, v *Intent) { v.Root = r.cid() }},
	{"text", true, func(r *reader, v *Intent) { v.Text = r.text() }},
	{"type", false, func(r *reader, v *Intent) { v.Type = r.text() }},
	{"items", true, func(r *reader, v *Intent) { v.Items = readList(r, wantFields) }},
	{"place", true, func(r *reader, v *Intent) { v.Place = readNew(r, placeFields) }},
	{"reply", true, func(r *reader, v *Intent) { v.Reply = readNew(r, routeFields) }},
	{"terms", true, func(r *reader, v *Intent) { v.Terms = readList(r, termsFields) }},
	{"author", false, func(r *reader, v *Intent) { v.Author = identity.DID(r.text()) }},
	{"budget", true, func(r *reader, v *Intent) { v.Budget = readNew(r, moneyFields) }},
	{"seller", true, func(r *reader, v *Intent) { readMap(r, &v.Seller, wishesFields) }},
	{"status", false, func(r *reader, v *Intent) { v.Status = Status(r.text()) }},
	{"window", true, func(r *reader, v *Intent) { v.Window = readNew(r, windowFields) }},
	{"created", false, func(r *reader, v *Intent) { v.Created = r.time() }},
	{"exclude", true, func(r *reader, v *Intent) { v.Exclude = readList(r, exclusionFields) }},
	{"expires", false, func(r *reader, v *Intent) { v.Expires = r.time() }},
	{"private", true, func(r *reader, v *Intent) { v.Private = readList(r, commitmentFields) }},
	{"category", false, func(r *reader, v *Intent) { readMap(r, &v.Category, categoryFields) }},
	{"responders", true, func(r *reader, v *Intent) { v.MaxResponders = r.uint() }},
	{"memberships", true, func(r *reader, v *Intent) { v.Memberships = readTexts(r) }},
}

var wantFields = []field[Want]{
	{"max", true, func(r *reader, v *Want) { v.MaxPrice = readNew(r, moneyFields) }},
	{"qty", false, func(r *reader, v *Want) { v.Quantity = r.text() }},
	{"sku", true, func(r *reader, v *Want) { v.SKU = r.text() }},
	{"gtin", true, func(r *reader, v *Want) { v.GTIN = r.text() }},
	{"name", true, func(r *reader, v *Want) { v.Name = r.text() }},
	{"unit", true, func(r *reader, v *Want) { v.Unit = r.text() }},
	{"known", true, func(r *reader, v *Want) { v.KnownPrice = readNew(r, moneyFields) }},
	{"wishes", true, func(r *reader, v *Want) { readMap(r, &v.Wishes, wishesFields) }},
}

var wishesFields = []field[Wishes]{
	{"prefer", true, func(r *reader, v *Wishes) { v.Prefer = readList(r, constraintFields) }},
	{"require", true, func(r *reader, v *Wishes) { v.Require = readList(r, constraintFields) }},
}

var constraintFields = []field[Constraint]{
	{"op", false, func(r *reader, v *Constraint) { v.Op = Op(r.text()) }},
	{"type", false, func(r *reader, v *Constraint) { v.Type = ValueType(r.text()) }},
	{"unit", true, func(r *reader, v *Constraint) { v.Unit = r.text() }},
	{"values", true, func(r *reader, v *Constraint) { v.Values = readTexts(r) }},
	{"property", false, func(r *reader, v *Constraint) { v.Property = r.text() }},
}

var exclusionFields = []field[Exclusion]{
	{"text", true, func(r *reader, v *Exclusion) { v.Text = r.text() }},
	{"property", false, func(r *reader, v *Exclusion) { v.Property = r.text() }},
}

var placeFields = []field[Place]{
	{"name", true, func(r *reader, v *Place) { v.Name = r.text() }},
	{"radius", true, func(r *reader, v *Place) { v.Radius = r.uint() }},
	{"region", true, func(r *reader, v *Place) { v.Region = r.text() }},
	{"geohash", true, func(r *reader, v *Place) { v.Geohash = r.text() }},
}

var categoryFields = []field[Category]{
	{"value", false, func(r *reader, v *Category) { v.Value = r.text() }},
	{"taxonomy", false, func(r *reader, v *Category) { v.Taxonomy = r.text() }},
}

var moneyFields = []field[money.Money]{
	{"amt", false, func(r *reader, v *money.Money) { v.Amount = r.text() }},
	{"cur", false, func(r *reader, v *money.Money) { v.Currency = r.text() }},
}

var windowFields = []field[relcard.Window]{
	{"from", true, func(r *reader, v *relcard.Window) { v.From = r.time() }},
	{"until", true, func(r *reader, v *relcard.Window) { v.Until = r.time() }},
}

var termsFields = []field[terms.Ref]{
	{"id", false, func(r *reader, v *terms.Ref) { v.ID = r.text() }},
	{"sha256", false, func(r *reader, v *terms.Ref) { v.SHA256 = r.text() }},
	{"version", false, func(r *reader, v *terms.Ref) { v.Version = r.text() }},
	{"registry", false, func(r *reader, v *terms.Ref) { v.Registry = r.text() }},
}

var commitmentFields = []field[Commitment]{
	{"name", false, func(r *reader, v *Commitment) { v.Name = r.text() }},
	{"sha256", false, func(r *reader, v *Commitment) { v.SHA256 = r.bytes() }},
}

var routeFields = []field[Route]{
	{"key", false, func(r *reader, v *Route) { v.Key = r.bytes() }},
	{"peer", false, func(r *reader, v *Route) { v.Peer = r.text() }},
	{"slot", true, func(r *reader, v *Route) { v.Slot = r.bytes() }},
	{"addrs", true, func(r *reader, v *Route) { v.Addrs = readTexts(r) }},
	{"holders", true, func(r *reader, v *Route) { v.Holders = readList(r, holderFields) }},
}

var holderFields = []field[RouteHolder]{
	{"peer", false, func(r *reader, v *RouteHolder) { v.Peer = r.text() }},
	{"slot", false, func(r *reader, v *RouteHolder) { v.Slot = r.bytes() }},
	{"addrs", true, func(r *reader, v *RouteHolder) { v.Addrs = readTexts(r) }},
}

var envelopeFields = []field[identity.Envelope]{
	{"v", false, func(r *reader, v *identity.Envelope) { v.Version = r.uint() }},
	{"key", true, func(r *reader, v *identity.Envelope) { v.KeyVersion = r.text() }},
	{"sig", true, func(r *reader, v *identity.Envelope) { v.Signature = r.bytes() }},
	{"body", false, func(r *reader, v *identity.Envelope) { v.Body = r.cid() }},
	{"role", false, func(r *reader, v *identity.Envelope) { v.Role = identity.Role(r.text()) }},
	{"time", false, func(r *reader, v *identity.Envelope) { v.Time = r.time() }},
	{"signer", false, func(r *reader, v *identity.Envelope) { v.Signer = identity.DID(r.text()) }},
}

// message is the wire form of a signed body: the body's own bytes, so that a
// reader hashes what was sent and never what it would have written, and one
// signature over their CID. A cast may carry a stamp beside them.
type message struct {
	Version  uint64            `cbor:"v"`
	Envelope identity.Envelope `cbor:"env"`
	Body     []byte            `cbor:"body"`
	Work     []byte            `cbor:"work,omitempty"`

	body *reader // over Body
}

var messageFields = []field[message]{
	{"v", false, func(r *reader, v *message) { v.Version = r.uint() }},
	{"env", false, func(r *reader, v *message) { readMap(r, &v.Envelope, envelopeFields) }},
	{"body", false, func(r *reader, v *message) { v.body = r.inner(); v.Body = v.body.b }},
	{"work", true, func(r *reader, v *message) { v.Work = r.work() }},
}
