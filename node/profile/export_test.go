package profile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

// unfold undoes the folding of an exported card and drops its frame.
func unfold(card []byte) []string {
	s := strings.ReplaceAll(string(card), "\r\n ", "")
	s = strings.TrimSuffix(strings.TrimPrefix(s, "BEGIN:VCARD\r\nVERSION:4.0\r\n"), "END:VCARD\r\n")
	var lines []string
	for _, l := range strings.Split(s, "\r\n") {
		if l != "" && l != "FN:" {
			lines = append(lines, l)
		}
	}
	return lines
}

// What RFC 9555 says each type becomes.
func TestExportVCardFollowsRFC9555(t *testing.T) {
	for _, c := range []struct {
		path  profile.Path
		value string
		want  []string
	}{
		{
			"name", `{"components":[{"kind":"given","value":"Jo"},{"kind":"surname","value":"Doe"}],"isOrdered":true}`,
			[]string{`FN;DERIVED=true:Jo Doe`, `N;JSCOMPS=";1;0":Doe;Jo;;;;;`},
		},
		{
			"name", `{"components":[{"kind":"surname","value":"Ruiz"},{"kind":"given","value":"Ana"},{"kind":"surname2","value":"Soler"}],"full":"Ana Ruiz Soler"}`,
			[]string{`FN:Ana Ruiz Soler`, `N:Ruiz,Soler;Ana;;;;Soler;`},
		},
		{
			"name", `{"components":[{"kind":"given","value":"Max"},{"kind":"surname","value":"Rivers"},{"kind":"separator","value":", "},{"kind":"generation","value":"Jr."}],"isOrdered":true}`,
			[]string{`FN;DERIVED=true:Max Rivers\, Jr.`, `N;JSCOMPS=";1;0;s,\, ;6":Rivers;Max;;;Jr.;;Jr.`},
		},
		{"nicknames/a", `{"name":"Joey; or Jo, J","pref":2}`, []string{`NICKNAME;PROP-ID=a;PREF=2:Joey\; or Jo\, J`}},
		{
			"addresses/home", `{"components":[{"kind":"number","value":"12"},{"kind":"separator","value":" "},{"kind":"name","value":"Elm St"},{"kind":"locality","value":"Wells"}],"isOrdered":true,"defaultSeparator":", ","contexts":{"private":true,"billing":true},"countryCode":"GB","timeZone":"Europe/London"}`,
			[]string{`ADR;PROP-ID=home;JSCOMPS="s,\, ;10;s, ;11;3";CC=GB;TZ="Europe/London";TYPE=billing,home:;;12 Elm St;Wells;;;;;;;12;Elm St;;;;;;`},
		},
		{
			"addresses/x", `{"full":"12 Elm St\n\"Wells\"","coordinates":"geo:51.2,-2.6"}`,
			[]string{`ADR;PROP-ID=x;LABEL="12 Elm St^n^'Wells^'";GEO="geo:51.2,-2.6":` + strings.Repeat(";", 17)},
		},
		{
			"addresses/flat", `{"components":[{"kind":"room","value":"7"},{"kind":"apartment","value":"4"},{"kind":"building","value":"East"}]}`,
			[]string{`ADR;PROP-ID=flat:;7,4,East;;;;;;7;4;;;;East;;;;;`},
		},
		{"emails/work", `{"address":"jo@works.example","contexts":{"work":true},"pref":1,"label":"desk"}`, []string{`item1.EMAIL;PROP-ID=work;TYPE=work;PREF=1:jo@works.example`, `item1.X-ABLABEL:desk`}},
		{"phones/m", `{"number":"tel:+1-616-555-0100;ext=5","features":{"mobile":true,"text":true}}`, []string{`TEL;PROP-ID=m;VALUE=uri;TYPE=cell,text:tel:+1-616-555-0100;ext=5`}},
		{"phones/n", `{"number":"+1 616 555 0100","features":{"voice":true}}`, []string{`TEL;PROP-ID=n;TYPE=voice:+1 616 555 0100`}},
		{"organizations/w", `{"name":"Works, Ltd","units":[{"name":"Fitting"},{"name":"Night; late"}]}`, []string{`ORG;PROP-ID=w:Works\, Ltd;Fitting;Night\; late`}},
		{"titles/a", `{"name":"Lead","kind":"role"}`, []string{`ROLE;PROP-ID=a:Lead`}},
		{"titles/b", `{"name":"Fitter"}`, []string{`TITLE;PROP-ID=b:Fitter`}},
		{"speakToAs", `{"grammaticalGender":"neuter","pronouns":{"p":{"pronouns":"they/them","contexts":{"work":true}}}}`, []string{`GRAMGENDER:neuter`, `PRONOUNS;PROP-ID=p;TYPE=work:they/them`}},
		{"onlineServices/a", `{"service":"Forge","user":"jo"}`, []string{`SOCIALPROFILE;PROP-ID=a;SERVICE-TYPE=Forge;VALUE=text:jo`}},
		{"onlineServices/b", `{"uri":"xmpp:jo@example.org","user":"jo"}`, []string{`SOCIALPROFILE;PROP-ID=b;USERNAME=jo:xmpp:jo@example.org`}},
		{"preferredLanguages/a", `{"language":"nl-BE","pref":1}`, []string{`LANG;PROP-ID=a;PREF=1:nl-BE`}},
		{"links/a", `{"uri":"https://jo.example/a,b;c"}`, []string{`URL;PROP-ID=a:https://jo.example/a,b;c`}},
		{"links/b", `{"uri":"https://jo.example/form","kind":"contact","mediaType":"text/html"}`, []string{`CONTACT-URI;PROP-ID=b;MEDIATYPE="text/html":https://jo.example/form`}},
		{"birthday", `{"kind":"birth","date":{"year":1990,"month":4,"day":1},"place":{"full":"Wells"}}`, []string{`BDAY:19900401`, `BIRTHPLACE:Wells`}},
		{"birthday", `{"kind":"birth","date":{"month":4,"day":1}}`, []string{`BDAY:--0401`}},
		{"birthday", `{"kind":"birth","date":{"year":1990,"month":4}}`, []string{`BDAY:1990-04`}},
		{"birthday", `{"kind":"birth","date":{"@type":"Timestamp","utc":"1990-04-01T23:10:00Z"},"place":{"coordinates":"geo:51.2,-2.6"}}`, []string{`BDAY;VALUE=date-and-or-time:19900401T231000Z`, `BIRTHPLACE;VALUE=uri:geo:51.2,-2.6`}},
		{"notes/a", `{"note":"Ring twice\nthen, \\o/"}`, []string{`NOTE;PROP-ID=a:Ring twice\nthen\, \\o/`}},
		{"payments/visa", `{"label":"Visa"}`, []string{`JSPROP;JSPTR="parley-network.github.io:payments/visa":{"label":"Visa"}`}},
		{
			// sortAs has a place in vCard, but not one that this keeps.
			"organizations/s", `{"name":"The Works","sortAs":"Works"}`,
			[]string{`ORG;PROP-ID=s:The Works`, `JSPROP;JSPTR="organizations/s":{"name":"The Works"\,"sortAs":"Works"}`},
		},
	} {
		p, err := profile.Profile{}.Set(c.path, json.RawMessage(c.value))
		if err != nil {
			t.Errorf("%s %s: %v", c.path, c.value, err)
			continue
		}
		card, err := p.ExportVCard()
		if err != nil {
			t.Fatal(err)
		}
		if got := unfold(card); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s %s\n got %s\nwant %s", c.path, c.value, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// A whole Card in the shape of RFC 9553's, with a thing of each kind.
func TestJSContactCardOfEveryKind(t *testing.T) {
	const card = `{
		"@type": "Card",
		"version": "1.0",
		"uid": "urn:uuid:0b0b8f9e-5f0e-4f5e-9a57-4f7e3c1d2a10",
		"kind": "individual",
		"name": {
			"components": [
				{"kind": "title", "value": "Dr."},
				{"kind": "given", "value": "Jo"},
				{"kind": "surname", "value": "van der Berg"}
			],
			"isOrdered": true,
			"sortAs": {"surname": "Berg"}
		},
		"nicknames": {"n1": {"name": "Joey"}},
		"organizations": {"o1": {"name": "Works", "units": [{"name": "Fitting", "sortAs": "Fit"}], "contexts": {"work": true}}},
		"titles": {"t1": {"kind": "role", "name": "Lead", "organizationId": "o1"}},
		"speakToAs": {"grammaticalGender": "neuter", "pronouns": {"p1": {"pronouns": "they/them", "pref": 1}}},
		"emails": {"e1": {"address": "jo@works.example", "contexts": {"work": true}, "pref": 1, "label": "desk"}},
		"phones": {"p1": {"number": "tel:+1-616-555-0100", "features": {"voice": true, "video": true}}},
		"onlineServices": {"s1": {"service": "Forge", "uri": "https://forge.example/@jo", "user": "@jo"}},
		"preferredLanguages": {"l1": {"language": "nl", "pref": 1}, "l2": {"language": "en", "pref": 2}},
		"addresses": {
			"a1": {
				"components": [
					{"kind": "number", "value": "12"},
					{"kind": "separator", "value": " "},
					{"kind": "name", "value": "Elm St"},
					{"kind": "locality", "value": "Wells"},
					{"kind": "postcode", "value": "BA5"}
				],
				"countryCode": "GB",
				"coordinates": "geo:51.2,-2.6",
				"timeZone": "Europe/London",
				"defaultSeparator": ", ",
				"isOrdered": true,
				"contexts": {"delivery": true}
			}
		},
		"links": {"k1": {"kind": "contact", "uri": "https://jo.example/form", "pref": 1}},
		"anniversaries": {"birthday": {"kind": "birth", "date": {"year": 1990, "month": 4, "day": 1}, "place": {"full": "Wells"}}},
		"notes": {"x1": {"note": "Ring twice"}},
		"parley-network.github.io:payments": {"visa": {"label": "Visa ending 1234", "ref": "tok_9f2c"}}
	}`
	p, report, err := profile.Profile{}.ImportJSContact([]byte(card))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Taken) != 15 || len(report.Dropped) != 1 {
		t.Errorf("%+v", report)
	}
	again, err := p.ExportJSContact("urn:uuid:0b0b8f9e-5f0e-4f5e-9a57-4f7e3c1d2a10")
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if json.Unmarshal([]byte(card), &want) != nil || json.Unmarshal(again, &got) != nil {
		t.Fatal("not JSON")
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("came back as\n%s\nnot\n%s", b, a)
	}
}
