package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

// outlook is a card as Outlook 2016 saves one: version 2.1, bare parameters,
// quoted-printable with soft breaks, a photo that ends in an empty line.
var outlook = strings.ReplaceAll(`BEGIN:VCARD
VERSION:2.1
N;LANGUAGE=en-us:Smith;Bob;;Dr.
FN:Dr. Bob Smith
ORG:Contoso, Ltd.;Research
TEL;WORK;VOICE:(425) 555-0100
TEL;CELL;VOICE:(425) 555-0101
ADR;WORK;PREF:;;1 Way, Apt\; 4;Redmond;WA;98052;United States of America
LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:1 Way=0D=0A=
Redmond, WA  98052
X-MS-OL-DEFAULT-POSTAL-ADDRESS:2
EMAIL;PREF;INTERNET:bob@contoso.example
NOTE;CHARSET=utf-8;QUOTED-PRINTABLE:caf=C3=A9, =
two lines=0D=0Aand a \ slash
PHOTO;TYPE=JPEG;ENCODING=BASE64:
 /9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof
 Hh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL=

REV:20231101T100000Z
END:VCARD
`, "\n", "\r\n")

func TestImportOutlook(t *testing.T) {
	p, report, err := (profile.Profile{}).ImportVCard([]byte(outlook))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[profile.Path]string{
		"name":            "Dr. Bob Smith",
		"phones/mobile":   "(425) 555-0101",
		"phones/work":     "(425) 555-0100",
		"emails/1":        "bob@contoso.example",
		"addresses/work":  "1 Way, Apt; 4, Redmond, WA, 98052, United States of America",
		"notes/1":         "café, two lines, and a \\ slash",
		"organizations/1": "Contoso, Ltd., Research",
	} {
		if piece, ok := p.Get(path); !ok || profile.Text(piece) != want {
			t.Errorf("%s: %q, want %q", path, profile.Text(piece), want)
		}
	}
	if got := strings.Join(report.Dropped, " "); !strings.Contains(got, "PHOTO") || !strings.Contains(got, "LABEL") {
		t.Errorf("left out: %s", got)
	}
}

// TestImportGoogleAddress: the eighth field, the whole address once more, is a
// room in vCard 4 alone; read as one it took the street's place.
func TestImportGoogleAddress(t *testing.T) {
	const adr = `ADR;TYPE=HOME:;;Calle Mayor 1;Madrid;;28001;ES;Calle Mayor 1\nMadrid`
	for version, want := range map[string]string{
		"3.0": "Calle Mayor 1, Madrid, 28001, ES",
		"2.1": "Calle Mayor 1, Madrid, 28001, ES",
	} {
		p, _, err := (profile.Profile{}).ImportVCard(crlf("VERSION:"+version, "FN:Maria", adr))
		if err != nil {
			t.Fatal(err)
		}
		if piece, _ := p.Get("addresses/home"); profile.Text(piece) != want {
			t.Errorf("%s: %q, want %q", version, profile.Text(piece), want)
		}
	}
}

func TestImportLegacyRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"not UTF-8": "NOTE;QUOTED-PRINTABLE:=FF=FE",
		"no colon":  "NOTE;QUOTED-PRINTABLE",
	} {
		if _, _, err := (profile.Profile{}).ImportVCard(crlf("VERSION:2.1", "FN:x", line)); err == nil || !strings.Contains(fmt.Sprint(err), "import vCard: line") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
