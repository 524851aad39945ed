package myterms_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/myterms"
)

func ref(t testing.TB, id string) terms.Ref {
	t.Helper()
	a, ok := terms.Lookup(id)
	if !ok {
		t.Fatalf("no agreement %s", id)
	}
	return a.Ref
}

func document(t testing.TB) *myterms.Document {
	d := &myterms.Document{
		Version: 1, DID: "did:webvh:QmVendor:vendor.example", Name: "Alpine Cars",
		KeyLog:    "https://vendor.example/.well-known/did.jsonl",
		Effective: myterms.Date{Time: time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)},
		Proffers:  []string{"/dns4/vendor.example/udp/4001/quic-v1", "https://vendor.example/proffer"},
		Until:     identity.At(time.Date(2026, 4, 20, 9, 0, 0, 0, time.UTC)),
	}
	for _, id := range []string{"SD-BASE", "SD-BASE-A-DP"} {
		d.Agreements = append(d.Agreements, myterms.Accepted{Ref: ref(t, id), URL: "https://vendor.example/terms/" + id})
	}
	return d
}

func TestDocumentIsReadBack(t *testing.T) {
	d := document(t)
	b, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := myterms.Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if !reflect.DeepEqual(got, d) {
		t.Errorf("got %+v", got)
	}
	if want := []terms.Ref{ref(t, "SD-BASE"), ref(t, "SD-BASE-A-DP")}; !slices.Equal(got.Known(), want) {
		t.Errorf("knows %v", got.Known())
	}
	// A client of tinyMyTerms finds what it looks for.
	var tiny struct {
		Effective  string `json:"effective_date"`
		Agreements []struct{ ID, URL string }
	}
	if err := json.Unmarshal(b, &tiny); err != nil || tiny.Effective != "Fri, 20 Mar 2026 09:00:00 +0000" ||
		tiny.Agreements[0].ID != "SD-BASE" || tiny.Agreements[0].URL != "https://vendor.example/terms/SD-BASE" {
		t.Errorf("%+v, %v", tiny, err)
	}
}

func TestDocumentIsChecked(t *testing.T) {
	for want, change := range map[string]func(*myterms.Document){
		"version: is 2":                  func(d *myterms.Document) { d.Version = 2 },
		"did: ":                          func(d *myterms.Document) { d.DID = "vendor.example" },
		"name: ":                         func(d *myterms.Document) { d.Name = "Alpine\u202eCars" },
		"key_log: ":                      func(d *myterms.Document) { d.KeyLog = "http://vendor.example/did.jsonl" },
		"effective_date: ":               func(d *myterms.Document) { d.Effective = myterms.Date{} },
		"proffers: 0":                    func(d *myterms.Document) { d.Proffers = nil },
		"proffers[0]: ":                  func(d *myterms.Document) { d.Proffers[0] = "a b" },
		"agreements: 0":                  func(d *myterms.Document) { d.Agreements = nil },
		"agreements[1].sha256: ":         func(d *myterms.Document) { d.Agreements[1].SHA256 = strings.ToUpper(d.Agreements[1].SHA256) },
		"agreements[0].url: ":            func(d *myterms.Document) { d.Agreements[0].URL = "javascript:alert(1)" },
		"agreements[0].id: ":             func(d *myterms.Document) { d.Agreements[0].ID = "SD BASE" },
		"agreements[0]: registry":        func(d *myterms.Document) { d.Agreements[0].Registry = "a\nb" },
		"agreements[0]: \"SD-BASE\"":     func(d *myterms.Document) { d.Agreements[0].SHA256 = "" },
		"agreements[1]: SD-BASE is ther": func(d *myterms.Document) { d.Agreements[1] = d.Agreements[0] },
	} {
		d := document(t)
		change(d)
		b, err := d.Encode()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v %s", want, err, b)
		}
		// Whoever writes it all the same is refused by the reader.
		if raw, err := json.Marshal(d); err == nil {
			if _, err := myterms.Decode(raw); err == nil {
				t.Errorf("%q: read %s", want, raw)
			}
		}
	}
}

func TestDocumentRefusedAsJSON(t *testing.T) {
	b, err := document(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][3]string{
		"unknown name":   {`"name"`, `"nmae"`, `"nmae" is not known`},
		"other case":     {`"registry"`, `"Registry"`, `agreements[`},
		"twice":          {`"version": 1`, `"did":"did:x:y","version": 1`, `"did" is there twice`},
		"wrong weekday":  {"Fri, 20", "Thu, 20", "is not of the form"},
		"another zone":   {"+0000", "+0100", "is not of the form"},
		"null":           {`"Alpine Cars"`, "null", "name: null"},
		"more behind it": {"\n}\n", "\n}\n[]", "more after the end"},
	} {
		in := strings.Replace(string(b), change[0], change[1], 1)
		if _, err := myterms.Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

const tiny = `{"effective_date":"Mon, 01 Jan 2026 00:00:00 +0000","agreements":[{"id":"SD-BASE","url":"https://myterms.info/agreements/SD-BASE"},
	{"id":"SD-HOUSE","url":"https://shop.example/house"},{"id":"PDC-GOOD","url":"https://myterms.info/agreements/PDC-GOOD"}],
	"tos_url":"https://shop.example/terms","tos":"<h1>Terms</h1>"}`

func TestTinyMyTerms(t *testing.T) {
	got, err := myterms.DecodeTiny([]byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	if got.Terms != "<h1>Terms</h1>" || got.TermsURL != "https://shop.example/terms" || got.Effective.Year() != 2026 || len(got.Agreements) != 3 {
		t.Errorf("%+v", got)
	}
	if want := []terms.Ref{ref(t, "SD-BASE"), ref(t, "PDC-GOOD")}; !slices.Equal(got.Candidates(), want) {
		t.Errorf("candidates %v", got.Candidates())
	}
	// An id is no reference, however well known.
	for _, c := range got.Claims() {
		if r, err := myterms.Resolve(c); !errors.Is(err, myterms.ErrIDAlone) {
			t.Errorf("%s became %v, %v", c.ID, r, err)
		}
	}
	// The rest is optional.
	if _, err := myterms.DecodeTiny([]byte(`{"effective_date":"1 Feb 2026 08:00:00 +0100","agreements":[{"id":"SD-BASE","url":"http://localhost:8080/t"}]}`)); err != nil {
		t.Error(err)
	}
}

func TestTinyMyTermsRefused(t *testing.T) {
	for name, c := range map[string][3]string{
		"the template as it is":  {"Mon, 01 Jan 2026 00:00:00 +0000", "{{RFC_2822_DATE}}", "effective_date: "},
		"a date of another form": {"Mon, 01 Jan 2026 00:00:00 +0000", "2026-01-01", "effective_date: "},
		"an unknown name":        {`"tos":`, `"tosh":`, `"tosh" is not known`},
		"no address":             {"https://myterms.info/agreements/SD-BASE", "", "agreements[0].url: "},
		"an address that runs":   {"https://shop.example/house", "javascript:alert(1)", "agreements[1].url: "},
		"terms page of another":  {"https://shop.example/terms", "file:///etc/passwd", "tos_url: "},
		"an id with blanks":      {"SD-HOUSE", "SD HOUSE", "agreements[1].id: "},
		"an id twice":            {"SD-HOUSE", "SD-BASE", "is there twice"},
		"an id that is a number": {`"SD-HOUSE"`, "7", "is a number, wants string"},
	} {
		_, err := myterms.DecodeTiny([]byte(strings.Replace(tiny, c[0], c[1], 1)))
		if err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: got %v, want %q", name, err, c[2])
		}
	}
	for _, in := range []string{`{}`, `{"effective_date":"1 Feb 2026 08:00:00 +0100","agreements":[]}`, `[]`, `"x"`,
		`{"effective_date":"1 Feb 2026 08:00:00 +0100","agreements":[` + strings.TrimSuffix(strings.Repeat(`{"id":"A","url":"https://a.example/"},`, 65), ",") + `]}`} {
		if got, err := myterms.DecodeTiny([]byte(in)); err == nil {
			t.Errorf("%.80s became %+v", in, got)
		}
	}
}

func TestResolve(t *testing.T) {
	r := ref(t, "SD-BASE")
	sum, err := hex.DecodeString(r.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sri := "sha256-" + base64.StdEncoding.EncodeToString(sum)
	for name, c := range map[string]struct {
		claim myterms.Claim
		want  error
	}{
		"the roster's own":               {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: r.Version, SHA256: r.SHA256}, nil},
		"hash in upper case":             {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: r.Version, SHA256: strings.ToUpper(r.SHA256)}, nil},
		"hash with its name":             {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: r.Version, SHA256: "sha256:" + r.SHA256}, nil},
		"the same text elsewhere":        {myterms.Claim{ID: r.ID, Registry: "commons.example", Version: "2026-01", SHA256: sri}, nil},
		"an id alone":                    {myterms.Claim{ID: r.ID}, myterms.ErrIDAlone},
		"no version":                     {myterms.Claim{ID: r.ID, Registry: r.Registry, SHA256: r.SHA256}, myterms.ErrIDAlone},
		"no registry":                    {myterms.Claim{ID: r.ID, Version: "1", SHA256: r.SHA256}, myterms.ErrIDAlone},
		"no id":                          {myterms.Claim{Registry: r.Registry, Version: "1", SHA256: r.SHA256}, myterms.ErrIDAlone},
		"another text of the same id":    {myterms.Claim{ID: r.ID, Registry: "commons.example", Version: "1", SHA256: strings.Repeat("ab", 32)}, terms.ErrHash},
		"another text in this registry":  {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: r.Version, SHA256: strings.Repeat("ab", 32)}, terms.ErrHash},
		"another version here":           {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: "2", SHA256: r.SHA256}, terms.ErrVersion},
		"the text under another id":      {myterms.Claim{ID: "SD-BASE-A", Registry: "commons.example", Version: "1", SHA256: r.SHA256}, terms.ErrHash},
		"an id nobody knows":             {myterms.Claim{ID: "SD-HOUSE", Registry: "commons.example", Version: "1", SHA256: r.SHA256}, terms.ErrID},
		"an id nobody knows, said to be": {myterms.Claim{ID: "SD-HOUSE", Registry: r.Registry, Version: "1", SHA256: r.SHA256}, terms.ErrID},
		"a hash of another kind":         {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: "1", SHA256: "sha512-AAAA"}, terms.ErrHash},
		"half a hash":                    {myterms.Claim{ID: r.ID, Registry: r.Registry, Version: "1", SHA256: r.SHA256[:32]}, terms.ErrHash},
	} {
		got, err := myterms.Resolve(c.claim)
		if !errors.Is(err, c.want) || (c.want == nil && got != r) || (c.want != nil && got != terms.Ref{}) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, err := document(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(tiny))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := myterms.Decode(b)
		if err != nil {
			return
		}
		again, err := d.Encode()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		if d2, err := myterms.Decode(again); err != nil || !reflect.DeepEqual(d, d2) {
			t.Fatalf("%+v became %+v, %v", d, d2, err)
		}
		for _, r := range d.Known() {
			if err := r.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeTiny(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(`{"effective_date":"Mon, 2 Jan 2006 15:04:05 GMT","agreements":[{"id":"TPR","url":"https://a.example/"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := myterms.DecodeTiny(b)
		if err != nil {
			return
		}
		for _, c := range d.Claims() {
			if _, err := myterms.Resolve(c); err == nil {
				t.Fatalf("the id %q alone was taken", c.ID)
			}
		}
		for _, r := range d.Candidates() {
			if err := r.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
