package profile_test

import (
	"encoding/json"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

func TestWhatAPersonTypes(t *testing.T) {
	for _, c := range []struct {
		path              profile.Path
		typed, want, line string // line is "" where it is what was typed
	}{
		{"emails/home", " jo@example.org ", `{"address":"jo@example.org","contexts":{"private":true}}`, "jo@example.org"},
		{"emails/shop", "jo@example.org", `{"address":"jo@example.org"}`, ""},
		{"phones/mobile", "+1 616 555 0100", `{"features":{"mobile":true},"number":"+1 616 555 0100"}`, ""},
		{"phones/work", "1-800-FLOWERS", `{"contexts":{"work":true},"number":"1-800-FLOWERS"}`, ""},
		{"name", "Jo Doe", `{"components":[{"kind":"given","value":"Jo"},{"kind":"surname","value":"Doe"}],"full":"Jo Doe","isOrdered":true}`, ""},
		{"name", "Dr. Jo Ann van der Berg Jr.", `{"components":[{"kind":"title","value":"Dr."},{"kind":"given","value":"Jo"},{"kind":"given2","value":"Ann"},{"kind":"surname","value":"van der Berg"},{"kind":"generation","value":"Jr."}],"full":"Dr. Jo Ann van der Berg Jr.","isOrdered":true}`, ""},
		{"name", "Madonna", `{"full":"Madonna"}`, ""},
		{"name", "山田 太郎", `{"full":"山田 太郎"}`, ""},
		{"name", "Doe, Jo", `{"full":"Doe, Jo"}`, ""},
		{"name", "Pablo Diego José Francisco de Paula", `{"full":"Pablo Diego José Francisco de Paula"}`, ""},
		{"addresses/home", "12 Elm St, Grand Rapids, MI 49503, US", `{"components":[{"kind":"number","value":"12"},{"kind":"separator","value":" "},{"kind":"name","value":"Elm St"},{"kind":"locality","value":"Grand Rapids"},{"kind":"region","value":"MI"},{"kind":"separator","value":" "},{"kind":"postcode","value":"49503"},{"kind":"country","value":"US"}],"contexts":{"private":true},"countryCode":"US","defaultSeparator":", ","full":"12 Elm St, Grand Rapids, MI 49503, US","isOrdered":true}`, ""},
		{"addresses/billing", "12 Elm St, Apt 4, Grand Rapids, MI 49503-1234", `{"components":[{"kind":"number","value":"12"},{"kind":"separator","value":" "},{"kind":"name","value":"Elm St"},{"kind":"apartment","value":"Apt 4"},{"kind":"locality","value":"Grand Rapids"},{"kind":"region","value":"MI"},{"kind":"separator","value":" "},{"kind":"postcode","value":"49503-1234"}],"contexts":{"billing":true},"defaultSeparator":", ","full":"12 Elm St, Apt 4, Grand Rapids, MI 49503-1234","isOrdered":true}`, ""},
		{"addresses/x", "1 Rue de la Paix, 75002 Paris, FR", `{"countryCode":"FR","full":"1 Rue de la Paix, 75002 Paris, FR"}`, ""},
		{"addresses/x", "Rose Cottage\nNear Wells\nSomerset", `{"full":"Rose Cottage\nNear Wells\nSomerset"}`, "Rose Cottage, Near Wells, Somerset"},
		{"addresses/x", "12 Elm St, Behind the church, Wells, XX 49503", `{"full":"12 Elm St, Behind the church, Wells, XX 49503"}`, ""},
		{"birthday", "1990-04-01", `{"date":{"day":1,"month":4,"year":1990},"kind":"birth"}`, ""},
		{"birthday", "1990-04", `{"date":{"month":4,"year":1990},"kind":"birth"}`, ""},
		{"birthday", "1990", `{"date":{"year":1990},"kind":"birth"}`, ""},
		{"birthday", "--04-01", `{"date":{"day":1,"month":4},"kind":"birth"}`, ""},
		{"nicknames/x", "Joey", `{"name":"Joey"}`, ""},
		{"organizations/work", "Works, Ltd", `{"contexts":{"work":true},"name":"Works, Ltd"}`, ""},
		{"titles/work", "Fitter", `{"name":"Fitter"}`, ""},
		{"speakToAs", "they/them", `{"pronouns":{"1":{"pronouns":"they/them"}}}`, ""},
		{"onlineServices/mastodon", "@jo@social.example", `{"service":"mastodon","user":"@jo@social.example"}`, "mastodon: @jo@social.example"},
		{"onlineServices/matrix", "matrix:u/jo:example.org", `{"service":"matrix","uri":"matrix:u/jo:example.org"}`, "matrix: matrix:u/jo:example.org"},
		{"preferredLanguages/1", "nl-BE", `{"language":"nl-BE"}`, ""},
		{"links/blog", "https://jo.example/", `{"uri":"https://jo.example/"}`, ""},
		{"payments/visa", "Visa ending 1234", `{"label":"Visa ending 1234"}`, ""},
		{"notes/door", "Ring twice\nthen wait", `{"note":"Ring twice\nthen wait"}`, "Ring twice, then wait"},
	} {
		p, err := profile.Profile{}.SetText(c.path, c.typed)
		if err != nil {
			t.Errorf("%s %q: %v", c.path, c.typed, err)
			continue
		}
		got, _ := p.Get(c.path)
		if string(got.Value) != c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.path, c.typed, got.Value, c.want)
		}
		if c.line == "" {
			c.line = c.typed
		}
		if s := profile.Text(got); s != c.line {
			t.Errorf("%s %q shows as %q", c.path, c.typed, s)
		}
	}
}

func TestBadTextIsRefused(t *testing.T) {
	for _, c := range [][2]string{
		{"emails/home", "jo"}, {"emails/home", ""}, {"emails/home", "jo@example.org, bo@example.org"}, {"phones/home", "soon"},
		{"birthday", "1 April 1990"}, {"birthday", "1990-02-30"}, {"birthday", "90"}, {"links/x", "jo.example"}, {"preferredLanguages/1", "Dutch"},
		{"payments/visa", "4111 1111 1111 1111"}, {"name", "Jo\nDoe\x07"}, {"shoe", "42"}, {"emails", "jo@example.org"},
	} {
		if p, err := (profile.Profile{}).SetText(profile.Path(c[0]), c[1]); err == nil || len(p.List()) != 0 {
			t.Errorf("%s %q: taken", c[0], c[1])
		}
	}
}

func TestTextOfWhatHasNoFullForm(t *testing.T) {
	for _, c := range [][3]string{
		{"name", `{"components":[{"kind":"surname","value":"Doe"},{"kind":"given","value":"Jo"}]}`, "Jo Doe"},
		{"name", `{"components":[{"kind":"surname","value":"Doe"},{"kind":"separator","value":", "},{"kind":"given","value":"Jo"},{"kind":"given2","value":"A"}],"isOrdered":true}`, "Doe, Jo A"},
		{"addresses/x", `{"components":[{"kind":"locality","value":"Wells"},{"kind":"name","value":"Elm St"}]}`, "Elm St, Wells"},
		{"addresses/x", `{"coordinates":"geo:42.96,-85.67"}`, "geo:42.96,-85.67"},
		{"addresses/x", `{"countryCode":"US"}`, "US"},
		{"organizations/x", `{"name":"Works","units":[{"name":"Fitting"},{"name":"Night"}]}`, "Works, Fitting, Night"},
		{"speakToAs", `{"grammaticalGender":"common"}`, "common"},
		{"birthday", `{"date":{"@type":"Timestamp","utc":"1990-04-01T01:02:03Z"},"kind":"birth"}`, "1990-04-01T01:02:03Z"},
		{"payments/x", `{"ref":"tok_1"}`, "tok_1"},
		{"emails/x", `{"not":"a piece"}`, `{"not":"a piece"}`},
	} {
		if s := profile.Text(profile.Piece{Path: profile.Path(c[0]), Value: json.RawMessage(c[1])}); s != c[2] {
			t.Errorf("%s %s shows as %q", c[0], c[1], s)
		}
	}
}
