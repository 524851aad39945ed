package profile_test

import (
	"testing"

	"github.com/parley-network/parley/node/profile"
)

// survives fails unless a profile made of foreign bytes is sound: it can be
// stored, read, exported and imported again without loss.
func survives(t *testing.T, p profile.Profile) {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > profile.MaxProfile || len(p.List()) > profile.MaxPieces {
		t.Fatalf("%d bytes, %d pieces", len(b), len(p.List()))
	}
	q, err := profile.Decode(b)
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	card, err := q.ExportVCard()
	if err != nil {
		t.Fatal(err)
	}
	q, _, err = profile.Profile{}.ImportVCard(card)
	if err != nil {
		t.Fatalf("%v\n%s", err, card)
	}
	if err := same(p, q); err != nil {
		t.Fatalf("%v\n%s", err, card)
	}
	for _, piece := range p.List() {
		_ = profile.Text(piece)
	}
}

func FuzzImportVCard(f *testing.F) {
	b, _ := jo(f).ExportVCard()
	f.Add(b)
	f.Add(crlf("VERSION:3.0", "N:Doe;Jo;;;", "FN:Jo Doe", "item1.TEL;TYPE=CELL:112", "item1.X-ABLABEL:x", "BDAY:1990", "BIRTHPLACE:geo:1,2"))
	f.Add(crlf("VERSION:4.0", `N;JSCOMPS="s,\, ;1;s,^n;0;6":Doe;Jo;;;Jr.;;Jr.`, `JSPROP;JSPTR="name/full":"x"`, "PRONOUNS:a", "GRAMGENDER:neuter"))
	f.Add([]byte(outlook))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, _, err := (profile.Profile{}).ImportVCard(b); err == nil {
			survives(t, p)
		}
	})
}

func FuzzImportJSContact(f *testing.F) {
	b, _ := jo(f).ExportJSContact("u")
	f.Add(b)
	f.Add([]byte(`{"@type":"Card","version":"1.0","name":{"components":[{"kind":"given","value":"a"},{"kind":"separator","value":""},{"kind":"surname","value":"b"}],"isOrdered":true}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, _, err := (profile.Profile{}).ImportJSContact(b); err == nil {
			survives(t, p)
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, _ := jo(f).Encode()
	f.Add(b)
	f.Add([]byte(`{"pieces":{},"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := profile.Decode(b)
		if err != nil {
			return
		}
		if again, err := p.Encode(); err != nil || string(again) != string(b) {
			t.Fatalf("%v: decoded another form: %s", err, b)
		}
	})
}

func FuzzSetText(f *testing.F) {
	for _, p := range jo(f).List() {
		f.Add(string(p.Path), profile.Text(p))
	}
	f.Add("name", "Dr. Jr. de la")
	f.Fuzz(func(t *testing.T, path, text string) {
		if p, err := (profile.Profile{}).SetText(profile.Path(path), text); err == nil {
			survives(t, p)
		}
	})
}
