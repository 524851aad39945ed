package termupdate_test

import (
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
)

// badUpdates are a good update with one thing wrong each, and the field that
// the error must name.
var badUpdates = []struct {
	name, field string
	spoil       func(*termupdate.Update)
}{
	{"unknown version", "v", func(u *termupdate.Update) { u.Version = 2 }},
	{"unknown type", "type", func(u *termupdate.Update) { u.Type = "offer" }},
	{"vendor is a did:key", "vendor.did", func(u *termupdate.Update) {
		u.Vendor.DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	}},
	{"vendor is no DID", "vendor.did", func(u *termupdate.Update) { u.Vendor.DID = "cars.example" }},
	{"vendor too long", "vendor.did", func(u *termupdate.Update) { u.Vendor.DID += identity.DID(strings.Repeat(":a", 300)) }},
	{"vendor without a name", "vendor.name", func(u *termupdate.Update) { u.Vendor.Name = "" }},
	{"control character in the name", "vendor.name", func(u *termupdate.Update) { u.Vendor.Name = "a\x1b[31mb" }},
	{"seq beyond 53 bits", "seq", func(u *termupdate.Update) { u.Seq = 1 << 53 }},
	{"unknown agreement", "accepts[1]", func(u *termupdate.Update) { u.Accepts[1].ID = "SD-FREE" }},
	{"agreement with another hash", "accepts[0]", func(u *termupdate.Update) { u.Accepts[0].SHA256 = u.Accepts[1].SHA256 }},
	{"agreement twice", "accepts[3]", func(u *termupdate.Update) { u.Accepts = append(u.Accepts, u.Accepts[0]) }},
	{"too many agreements", "accepts", func(u *termupdate.Update) { u.Accepts = make([]terms.Ref, 33) }},
	{"null for the list of agreements", "accepts", func(u *termupdate.Update) { u.Accepts = nil }},
	{"unknown audience", "requests", func(u *termupdate.Update) { u.Requests = "friends" }},
	{"no audience", "requests", func(u *termupdate.Update) { u.Requests = "" }},
	{"too many categories", "categories", func(u *termupdate.Update) { u.Categories = make([]intentcast.Category, 17) }},
	{"category in capitals", "categories[1].value", func(u *termupdate.Update) { u.Categories[1].Value = "Travel" }},
	{"no taxonomy", "categories[0].taxonomy", func(u *termupdate.Update) { u.Categories[0].Taxonomy = "" }},
	{"category twice", "categories[2]", func(u *termupdate.Update) { u.Categories = append(u.Categories, u.Categories[0]) }},
	{"region not ISO 3166-2", "regions[0]", func(u *termupdate.Update) { u.Regions[0] = "Utah" }},
	{"region is a country", "regions[1]", func(u *termupdate.Update) { u.Regions[1] = "US" }},
	{"region twice", "regions[1]", func(u *termupdate.Update) { u.Regions[1] = u.Regions[0] }},
	{"too many regions", "regions", func(u *termupdate.Update) { u.Regions = make([]string, 65) }},
	{"no route", "route.peer", func(u *termupdate.Update) { u.Route = intentcast.Route{} }},
	{"peer as a CID", "route.peer", func(u *termupdate.Update) {
		u.Route.Peer = "bafzaajaiaejcboc7cwqwuu6sbkmo3dmctldi73fmqumhovkamzqvxzslg5jkdjpe"
	}},
	{"key too short", "route.key", func(u *termupdate.Update) { u.Route.Key = u.Route.Key[1:] }},
	{"route by way of a mailbox", "route.slot", func(u *termupdate.Update) { u.Route.Slot = make([]byte, 32) }},
	{"too many addresses", "route.addrs", func(u *termupdate.Update) { u.Route.Addrs = make([]string, 5) }},
	{"address that is none", "route.addrs[1]", func(u *termupdate.Update) { u.Route.Addrs[1] = "192.0.2.7:4001" }},
	{"address too long", "route.addrs[0]", func(u *termupdate.Update) { u.Route.Addrs[0] = "/dns/" + strings.Repeat("a", 256) }},
	{"address with a peer", "route.addrs[0]", func(u *termupdate.Update) { u.Route.Addrs[0] += "/p2p/" + u.Route.Peer }},
	{"address twice", "route.addrs[1]", func(u *termupdate.Update) { u.Route.Addrs[1] = u.Route.Addrs[0] }},
	{"site without TLS", "site", func(u *termupdate.Update) { u.Site = "http://cars.example" }},
	{"site without a host", "site", func(u *termupdate.Update) { u.Site = "https:///terms" }},
	{"site with a password", "site", func(u *termupdate.Update) { u.Site = "https://a:b@cars.example" }},
	{"site with a script", "site", func(u *termupdate.Update) { u.Site = "javascript:alert(1)" }},
	{"site not in its usual writing", "site", func(u *termupdate.Update) { u.Site = "https://cars.example/a b" }},
	{"site too long", "site", func(u *termupdate.Update) { u.Site = "https://cars.example/" + strings.Repeat("a", 256) }},
	{"expires before it begins", "expires", func(u *termupdate.Update) { u.Expires = u.Time }},
	{"lives longer than 7 days", "expires", func(u *termupdate.Update) {
		u.Expires = identity.At(u.Time.Std().Add(termupdate.MaxLife + time.Second))
	}},
}
