package profile_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

func TestBadValuesNameTheirField(t *testing.T) {
	for _, c := range []struct {
		path         profile.Path
		value, field string
	}{
		{"name", `{}`, "components"},
		{"name", `"Jo"`, ""},
		{"name", `{"full":"Jo"`, ""},
		{"name", `{"full":"Jo","full":"Jo"}`, ""},
		{"name", `{"full":" "}`, "full"},
		{"name", `{"full":7}`, "full"},
		{"name", `{"full":"a\u0000b"}`, "full"},
		{"name", `{"full":"` + strings.Repeat("x", 1025) + `"}`, "full"},
		{"name", `{"@type":"Phone","full":"Jo"}`, "@type"},
		{"name", `{"Full":"Jo"}`, "Full"},
		{"name", `{"full":"Jo","shoe":1}`, "shoe"},
		{"name", `{"components":[]}`, "components"},
		{"name", `{"components":[{"kind":"given"}]}`, "components[0].value"},
		{"name", `{"components":[{"kind":"middle","value":"J"}]}`, "components[0].kind"},
		{"name", `{"components":[{"kind":"given","value":""}]}`, "components[0].value"},
		{"name", `{"components":[{"kind":"given","value":"Jo"},{"kind":"separator","value":" "}]}`, "components"},
		{"name", `{"components":[{"kind":"separator","value":" "}],"isOrdered":true}`, "components"},
		{"name", `{"components":[{"kind":"given","value":"J"},{"kind":"separator","value":""},{"kind":"separator","value":""}],"isOrdered":true}`, "components"},
		{"name", `{"components":[{"kind":"given","value":"Jo"}],"defaultSeparator":" "}`, "defaultSeparator"},
		{"name", `{"full":"Jo","isOrdered":true}`, "isOrdered"},
		{"name", `{"components":[{"kind":"given","value":"Jo","phonetic":"d"}]}`, "phoneticSystem"},
		{"name", `{"components":[{"kind":"given","value":"Jo"}],"sortAs":{"surname":"x"}}`, "sortAs"},
		{"name", `{"components":[{"kind":"given","value":"Jo"}],"sortAs":{"shoe":"x"}}`, "sortAs"},
		{"emails/x", `{"address":"jo"}`, "address"},
		{"emails/x", `{"address":"Jo <jo@example.org>"}`, "address"},
		{"emails/x", `{"address":"jo@example.org\r\nBcc: x@example.org"}`, "address"},
		{"emails/x", `{"address":"` + strings.Repeat("x", 250) + `@a.example"}`, "address"},
		{"emails/x", `{"address":"jo@example.org","contexts":{"shop":true}}`, "contexts.shop"},
		{"emails/x", `{"address":"jo@example.org","contexts":{"work":false}}`, "contexts.work"},
		{"emails/x", `{"address":"jo@example.org","contexts":["work"]}`, "contexts"},
		{"emails/x", `{"address":"jo@example.org","pref":0}`, "pref"},
		{"emails/x", `{"address":"jo@example.org","pref":101}`, "pref"},
		{"emails/x", `{"address":"jo@example.org","pref":1.5}`, "pref"},
		{"emails/x", `{"address":"jo@example.org","pref":"1"}`, "pref"},
		{"phones/x", `{}`, "number"},
		{"phones/x", `{"number":"call me"}`, "number"},
		{"phones/x", `{"number":"tel:"}`, "number"},
		{"phones/x", `{"number":"112","features":{"cell":true}}`, "features.cell"},
		{"addresses/x", `{}`, "components"},
		{"addresses/x", `{"countryCode":"us"}`, "countryCode"},
		{"addresses/x", `{"countryCode":"XX"}`, "countryCode"},
		{"addresses/x", `{"countryCode":"001"}`, "countryCode"},
		{"addresses/x", `{"coordinates":"42,7"}`, "coordinates"},
		{"addresses/x", `{"timeZone":"New York"}`, "timeZone"},
		{"addresses/x", `{"full":"x","phoneticScript":"Latin"}`, "phoneticScript"},
		{"links/x", `{"uri":"example.org"}`, "uri"},
		{"links/x", `{"uri":"javascript:alert(1)"}`, "uri"},
		{"links/x", `{"uri":"https://example.org/a b"}`, "uri"},
		{"links/x", `{"uri":"https://example.org/","kind":"shop"}`, "kind"},
		{"preferredLanguages/x", `{"language":"englisch"}`, "language"},
		{"onlineServices/x", `{"service":"Mastodon"}`, "uri"},
		{"organizations/x", `{"units":[]}`, "units"},
		{"organizations/x", `{"units":[{}]}`, "units[0].name"},
		{"titles/x", `{"name":"Fitter","organizationId":"a/b"}`, "organizationId"},
		{"speakToAs", `{}`, "grammaticalGender"},
		{"speakToAs", `{"pronouns":{"a b":{"pronouns":"they"}}}`, "pronouns"},
		{"speakToAs", `{"pronouns":{"a":{}}}`, "pronouns.a.pronouns"},
		{"birthday", `{"kind":"birth"}`, "date"},
		{"birthday", `{"kind":"wedding","date":{"year":1990}}`, "kind"},
		{"birthday", `{"kind":"birth","date":{}}`, "date"},
		{"birthday", `{"kind":"birth","date":{"year":1990,"month":13}}`, "date.month"},
		{"birthday", `{"kind":"birth","date":{"year":1990,"day":1}}`, "date.day"},
		{"birthday", `{"kind":"birth","date":{"month":4}}`, "date.month"},
		{"birthday", `{"kind":"birth","date":{"year":1991,"month":2,"day":29}}`, "date.day"},
		{"birthday", `{"kind":"birth","date":{"month":4,"day":31}}`, "date.day"},
		{"birthday", `{"kind":"birth","date":{"@type":"Timestamp","utc":"1990-04-01T01:02:03.0Z"}}`, "date.utc"},
		{"payments/x", `{}`, "label"},
	} {
		_, err := profile.NewPiece(c.path, json.RawMessage(c.value))
		var invalid *profile.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != c.field || invalid.Path != c.path {
			t.Errorf("%s %.80s: %v, want the field %q", c.path, c.value, err, c.field)
		}
	}
}

func TestAPaymentIsNoAccountNumber(t *testing.T) {
	var p profile.Profile
	for _, bad := range []string{
		`{"label":"4111 1111 1111 1111"}`,
		`{"label":"Visa 4111-1111-1111-1111 12/27"}`,
		`{"label":"4111 1111 1111 1111 12/27"}`,
		`{"label":"Amex 3782 822463 10005"}`,
		`{"ref":"tok_4111111111111111"}`,
		`{"label":"4111.1111.1111.1111"}`,
		`{"label":"GB29 NWBK 6016 1331 9268 19"}`,
		`{"label":"account DE89370400440532013000 please"}`,
		`{"ref":"gb29nwbk60161331926819"}`,
	} {
		_, err := p.Set("payments/visa", json.RawMessage(bad))
		var invalid *profile.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(invalid.Problem, "last four") {
			t.Errorf("%s: %v", bad, err)
		}
		if err != nil && strings.Contains(err.Error(), "1111") {
			t.Errorf("the error repeats the number: %v", err)
		}
	}
	if _, err := p.Set("payments/4111111111111111", json.RawMessage(`{"label":"Visa"}`)); err == nil {
		t.Error("a card number is taken as a path")
	}
	for _, good := range []string{
		`{"label":"Visa ending 1234","ref":"tok_9f2c77"}`,
		`{"ref":"4111111111111112"}`, // fails the check: no card number
		`{"label":"PayPal jo@example.org"}`,
		`{"ref":"9b2e6f1c-6d8d-4b3c-9a58-1f6c2d3e4f50"}`,
		`{"label":"GB29 NWBK 6016 1331 9268 18"}`,
	} {
		if _, err := p.Set("payments/visa", json.RawMessage(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestJapaneseNameWithItsSounds(t *testing.T) {
	value := `{"components":[{"kind":"surname","phonetic":"やまだ","value":"山田"},{"kind":"given","phonetic":"たろう","value":"太郎"}],"defaultSeparator":"","isOrdered":true,"phoneticScript":"Hira"}`
	piece, err := profile.NewPiece("name", json.RawMessage(value))
	if err != nil || string(piece.Value) != value {
		t.Errorf("%s %v", piece.Value, err)
	}
	if s := profile.Text(piece); s != "山田太郎" {
		t.Errorf("read as %q", s)
	}
}
