package profile_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	vcard "github.com/emersion/go-vcard"
	"github.com/parley-network/parley/node/profile"
)

// crlf makes a test's lines a vCard's.
func crlf(lines ...string) []byte {
	return []byte("BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n")
}

func TestImportVCardFollowsRFC9555(t *testing.T) {
	for _, c := range []struct {
		name, line string
		path       profile.Path
		want       string
	}{
		{"given before surname", `N;JSCOMPS=";1;0":Doe;Jo;;;;;`, "name", `{"components":[{"kind":"given","value":"Jo"},{"kind":"surname","value":"Doe"}],"isOrdered":true}`},
		{"second position", `N;JSCOMPS=";1;2;2,1;0;6;4,1":Rivers;Max;Lee,Ray;;Jr.,M.D.;;Jr.`, "name", `{"components":[{"kind":"given","value":"Max"},{"kind":"given2","value":"Lee"},{"kind":"given2","value":"Ray"},{"kind":"surname","value":"Rivers"},{"kind":"generation","value":"Jr."},{"kind":"credential","value":"M.D."}],"isOrdered":true}`},
		{"JSCOMPS that names too little", `N;JSCOMPS=";1":Doe;Jo;;;`, "name", `{"components":[{"kind":"surname","value":"Doe"},{"kind":"given","value":"Jo"}]}`},
		{"JSCOMPS that names one twice", `N;JSCOMPS=";1;1":Doe;Jo;;;`, "name", `{"components":[{"kind":"surname","value":"Doe"},{"kind":"given","value":"Jo"}]}`},
		{"second surname", `N:Ruiz,Soler;Ana;;;;Soler`, "name", `{"components":[{"kind":"surname","value":"Ruiz"},{"kind":"given","value":"Ana"},{"kind":"surname2","value":"Soler"}]}`},
		{"separators", `ADR;PROP-ID=a;JSCOMPS="s,\, ;10;s, ;11;3":;;12 Elm St;Wells;;;;;;;12;Elm St;;;;;;`, "addresses/a", `{"components":[{"kind":"number","value":"12"},{"kind":"separator","value":" "},{"kind":"name","value":"Elm St"},{"kind":"locality","value":"Wells"}],"defaultSeparator":", ","isOrdered":true}`},
		{"old address", `ADR;TYPE=HOME:;Apt 4;12 Elm St;Grand Rapids;MI;49503;USA`, "addresses/home", `{"components":[{"kind":"locality","value":"Grand Rapids"},{"kind":"region","value":"MI"},{"kind":"postcode","value":"49503"},{"kind":"country","value":"USA"},{"kind":"apartment","value":"Apt 4"},{"kind":"name","value":"12 Elm St"}],"contexts":{"private":true}}`},
		{"address's parameters", `ADR;LABEL="12 Elm St^nWells";CC=us;GEO="geo:42,-85";TZ=America/Detroit;PREF=2;TYPE=billing:;;;;;;`, "addresses/1", `{"contexts":{"billing":true},"coordinates":"geo:42,-85","countryCode":"US","full":"12 Elm St\nWells","pref":2,"timeZone":"America/Detroit"}`},
		{"phone", `TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-616-555-0100;ext=5`, "phones/home", `{"contexts":{"private":true},"features":{"voice":true},"number":"tel:+1-616-555-0100;ext=5","pref":1}`},
		{"mobile", `TEL;TYPE=cell:+1 616 555 0100`, "phones/mobile", `{"features":{"mobile":true},"number":"+1 616 555 0100"}`},
		{"organisation", `ORG;PROP-ID=w:Works\, Ltd;Fitting;Night`, "organizations/w", `{"name":"Works, Ltd","units":[{"name":"Fitting"},{"name":"Night"}]}`},
		{"unit alone", `ORG:;Fitting`, "organizations/1", `{"units":[{"name":"Fitting"}]}`},
		{"role", `ROLE:Lead`, "titles/1", `{"kind":"role","name":"Lead"}`},
		{"birthday", `BDAY:19900401`, "birthday", `{"date":{"day":1,"month":4,"year":1990},"kind":"birth"}`},
		{"birthday without year", `BDAY:--0401`, "birthday", `{"date":{"day":1,"month":4},"kind":"birth"}`},
		{"birth to the second", `BDAY:19900401T231000Z`, "birthday", `{"date":{"@type":"Timestamp","utc":"1990-04-01T23:10:00Z"},"kind":"birth"}`},
		{"messenger", `IMPP;SERVICE-TYPE=XMPP:xmpp:jo@example.org`, "onlineServices/1", `{"service":"XMPP","uri":"xmpp:jo@example.org"}`},
		{"profile", `SOCIALPROFILE;SERVICE-TYPE=Forge;VALUE=text:jo`, "onlineServices/1", `{"service":"Forge","user":"jo"}`},
		{"contact form", `CONTACT-URI:https://jo.example/form`, "links/1", `{"kind":"contact","uri":"https://jo.example/form"}`},
		{"pronouns", `PRONOUNS;PROP-ID=p;PREF=1:they/them`, "speakToAs", `{"pronouns":{"p":{"pref":1,"pronouns":"they/them"}}}`},
		{"gender of grammar", `GRAMGENDER:NEUTER`, "speakToAs", `{"grammaticalGender":"neuter"}`},
		{"label", "item1.EMAIL:jo@example.org\r\nitem1.X-ABLabel:_$!<Boat>!$_", "emails/1", `{"address":"jo@example.org","label":"Boat"}`},
		{"patch of a property", "EMAIL;PROP-ID=e:jo@example.org\r\nJSPROP;JSPTR=\"emails/e/label\":\"Boat\"", "emails/e", `{"address":"jo@example.org","label":"Boat"}`},
		{"folded", "NOTE:Ring tw\r\n ice\\nand wai\r\n\tt", "notes/1", `{"note":"Ring twice\nand wait"}`},
		{"line feeds alone", "NOTE:a\n b\nEMAIL:jo@example.org", "notes/1", `{"note":"ab"}`},
	} {
		q, report, err := profile.Profile{}.ImportVCard(crlf("VERSION:4.0", "FN:", c.line))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, _ := q.Get(c.path); string(got.Value) != c.want || len(report.Dropped) > 0 {
			t.Errorf("%s: dropped %q, took %s\n got %s\nwant %s", c.name, report.Dropped, report.Taken, got.Value, c.want)
		}
	}
}

func TestImportVCard3AndNamesTheDropped(t *testing.T) {
	q, report, err := profile.Profile{}.ImportVCard(crlf(
		"VERSION:3.0", "PRODID:-//Works//7//EN", "N:Doe;Jo;;;", "FN:Jo Doe", "FN:Joey",
		"NICKNAME:Joey,Jojo", "EMAIL;type=INTERNET;type=HOME;type=pref:jo@example.org", "EMAIL;TYPE=WORK:jo@works.example",
		"EMAIL;TYPE=HOME:doe@example.org", "TEL;TYPE=CELL,VOICE:+1 616 555 0100", "TEL;TYPE=CAR;X-PLACE=boot:+1 616 555 0101",
		"TEL:", "ADR;TYPE=HOME:;;;;;;", "BDAY;VALUE=date:1990-04-01", "BIRTHPLACE:Wells", "ORG:Works;", "TITLE:Fitter",
		"PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "NOTE;ENCODING=QUOTED-PRINTABLE:=41", "X-ABUID:5", "CATEGORIES:a,b", "JSPROP;JSPTR=\"shoe/left\":42", "UID:1"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []profile.Path{"birthday", "emails/home", "emails/home-2", "emails/work", "name", "nicknames/1", "nicknames/2",
		"organizations/1", "phones/1", "phones/mobile", "titles/1"}; !slices.Equal(report.Taken, want) {
		t.Errorf("took %s", report.Taken)
	}
	if want := []string{"CATEGORIES", "JSPROP;JSPTR=shoe/left", "NOTE;ENCODING=QUOTED-PRINTABLE", "PHOTO;ENCODING=b", "PRODID",
		"TEL;TYPE=car", "TEL;X-PLACE", "UID", "X-ABUID", "another FN"}; !slices.Equal(report.Dropped, want) {
		t.Errorf("dropped %q", report.Dropped)
	}
	for path, want := range map[profile.Path]string{
		"name":        `{"components":[{"kind":"surname","value":"Doe"},{"kind":"given","value":"Jo"}],"full":"Jo Doe"}`,
		"emails/home": `{"address":"jo@example.org","contexts":{"private":true},"pref":1}`,
		"birthday":    `{"date":{"day":1,"month":4,"year":1990},"kind":"birth","place":{"full":"Wells"}}`,
	} {
		if got, _ := q.Get(path); string(got.Value) != want {
			t.Errorf("%s is %s", path, got.Value)
		}
	}
}

func TestImportVCardRefusesGarbage(t *testing.T) {
	v4 := func(lines ...string) string { return string(crlf(append([]string{"VERSION:4.0"}, lines...)...)) }
	for name, c := range map[string][2]string{
		"nothing":             {"", "BEGIN"},
		"JSON":                {`{"@type":"Card"}`, ""},
		"no end":              {"BEGIN:VCARD\r\nVERSION:4.0\r\n", "BEGIN"},
		"two cards":           {v4() + v4(), "more than one"},
		"no version":          {string(crlf("FN:Jo")), "VERSION"},
		"version 5.0":         {string(crlf("VERSION:5.0")), "version"},
		"two versions":        {v4("VERSION:4.0"), "VERSION"},
		"a group":             {v4("KIND:group"), "not of a person"},
		"no colon":            {v4("EMAIL jo@example.org"), "line 3"},
		"no property":         {v4(":x"), "line 3"},
		"property with space": {v4("E MAIL:jo@example.org"), "line 3"},
		"open quote":          {v4(`TEL;TYPE="home:112`), "line 3"},
		"after a quote":       {v4(`TEL;TYPE="home"x:112`), "line 3"},
		"bare parameter":      {v4(`TEL;HOME:112`), "line 3"},
		"lone backslash":      {v4(`NOTE:a\`), "backslash"},
		"bad address":         {v4("EMAIL:jo at example"), "address"},
		"bad day":             {v4("BDAY:19900231"), "day"},
		"bad PREF":            {v4("EMAIL;PREF=first:jo@example.org"), "PREF"},
		"too many fields":     {v4("N:a;b;c;d;e;f;g;h"), "fields"},
		"JSPROP no pointer":   {v4(`JSPROP:{}`), "JSPTR"},
		"JSPROP no JSON":      {v4(`JSPROP;JSPTR="name":{`), "JSON"},
		"JSPROP no object":    {v4(`JSPROP;JSPTR="name":7`), "object"},
		"JSPROP bad piece":    {v4(`JSPROP;JSPTR="emails/a":{"address":"jo"}`), "emails/a"},
		"not UTF-8":           {v4("NOTE:\xff"), "UTF-8"},
		"too big":             {v4("NOTE:" + strings.Repeat("x", 1<<20)), "at most"},
		"too many lines":      {v4(strings.Repeat("X-A:1\r\n", 5000)), "lines"},
		"too many pieces":     {v4(strings.Repeat("NOTE:1\r\n", 300)), "too big"},
	} {
		p, _, err := jo(t).ImportVCard([]byte(c[0]))
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
		if err := same(p, jo(t)); err != nil {
			t.Errorf("%s: changed the profile: %v", name, err)
		}
	}
}

// The library is another reader of vCards: what it finds in an export is what
// most address books will.
func TestExportIsReadByAnotherLibrary(t *testing.T) {
	// It drops a line whose quoted parameter has a backslash, as JSCOMPS must
	// for ", " between components: this address has none.
	p := must(t)(jo(t).Set("addresses/home", []byte(`{"contexts":{"private":true},"full":"12 Elm St, Wells","components":[
		{"kind":"number","value":"12"},{"kind":"name","value":"Elm St"},{"kind":"locality","value":"Grand Rapids"},{"kind":"postcode","value":"49503"}]}`)))
	b, err := p.ExportVCard()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(b, []byte("\r\n")) {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	card, err := vcard.NewDecoder(bytes.NewReader(b)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	adr := card.Addresses()
	home := slices.IndexFunc(adr, func(a *vcard.Address) bool { return a.Params.HasType("home") })
	if home < 0 || adr[home].StreetAddress != "12 Elm St" || adr[home].Locality != "Grand Rapids" || adr[home].PostalCode != "49503" {
		t.Errorf("addresses %+v", adr)
	}
	for field, want := range map[string]string{
		"VERSION": "4.0", "FN": "Jo Doe", "BDAY": "19900401", "TEL": "+1 616 555 0100", "TITLE": "Fitter",
		"URL": "https://jo.example/", "NOTE": "Ring twice\nthen wait", "ORG": "Works, Ltd", "LANG": "en-US", "UID": "",
	} {
		if got := card.Value(field); got != want {
			t.Errorf("%s is %q", field, got)
		}
	}
	if n := card.Name(); n.GivenName != "Jo" || n.FamilyName != "Doe" {
		t.Errorf("name %+v", n)
	}
	// All of this has a place in a vCard but the payment.
	if strings.Count(string(b), "JSPROP") != 1 || !strings.Contains(string(b), `JSPROP;JSPTR="parley-network.github.io:payments/visa":`) {
		t.Errorf("the payment alone should be a JSPROP in\n%s", b)
	}
}

func TestTextCannotBecomeLines(t *testing.T) {
	p := must(t)(profile.Profile{}.Set("addresses/x", []byte(`{"full":"a\nEND:VCARD\nBEGIN:VCARD\":;x"}`)))
	p = must(t)(p.Set("emails/x", []byte(`{"address":"jo@example.org","label":"a;TYPE=work:b,\"c\""}`)))
	b, err := p.ExportVCard()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\r\nEND:VCARD\r\n"); n != 1 {
		t.Errorf("%d ends in\n%s", n, b)
	}
	q, _, err := profile.Profile{}.ImportVCard(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := same(p, q); err != nil {
		t.Error(err)
	}
}
