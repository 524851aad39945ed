package terms_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/myterms"
	"github.com/parley-network/parley/relcard/terms/receipt"
)

type receiptExpected struct {
	ISO27560 json.RawMessage `json:"iso27560"`
	Kantara  json.RawMessage `json:"kantara"`
}

var receiptVectors = vectorSet{
	about: "Receipts of cards. Input: what was agreed and shared. Expected: the receipt by ISO/IEC TS 27560:2023 in the words of DPV, and the Kantara consent receipt 1.1.0. JSON is compared by value.",
	cases: func(t *testing.T) []given {
		a := receipt.Agreed{
			Card: dagcbor.Sum([]byte("a card")), TextURL: "https://vendor.example/terms", Time: agreedAt, Jurisdiction: "US-UT",
			Person: person, Issued: agreedAt, Vendor: receipt.Vendor{DID: vendor, Name: "Alpine Cars", Email: "privacy@vendor.example", Country: "US"},
			Pieces: []receipt.Piece{{Path: "emails/home", Purposes: []string{"contact", "analytics", "ai-training"}}, {Path: "payments/visa", Purposes: []string{"payment"}, Sensitive: true}},
		}
		var all []given
		for _, id := range []string{"SD-BASE", "SD-BASE-ATP-S3P-DP", "PDC-AI", "TPR"} {
			a.Terms = lookup(t, id).Ref
			all = append(all, given{id, "in force", a, true})
		}
		a.Expires, a.Ended, a.EndedBy = identity.At(agreedAt.Std().AddDate(1, 0, 0)), identity.At(agreedAt.Std().AddDate(0, 1, 0)), identity.RoleVendor
		return append(all, given{"ended", "by the vendor, before it would have expired", a, true})
	},
	run: func(t *testing.T, input json.RawMessage) (any, bool) {
		in := decodeInput[receipt.Agreed](t, input)
		iso, err := receipt.ISO27560(in)
		if err != nil {
			t.Fatal(err)
		}
		kantara, err := receipt.Kantara(in)
		if err != nil {
			t.Fatal(err)
		}
		return receiptExpected{iso, kantara}, true
	},
}

// mytermsInput is one of a vendor's document, a tinyMyTerms document, both as
// text, and a claim.
type mytermsInput struct {
	Document string         `json:"document,omitempty"`
	Tiny     string         `json:"tiny,omitempty"`
	Claim    *myterms.Claim `json:"claim,omitempty"`
}

type mytermsExpected struct {
	Accept bool        `json:"accept"`
	Terms  []terms.Ref `json:"terms,omitempty"` // accepted, named by the claim, or to be proffered
}

var mytermsVectors = vectorSet{
	about: "What sites publish about the agreements they accept. Input: a document of /.well-known/myterms.json, one of tinyMyTerms, or an agreement as another registry names it. Expected: whether it is accepted, and the agreements of the roster in it; those of a tinyMyTerms document are candidates for a proffer and not accepted by the site.",
	cases: mytermsCases,
	run: func(t *testing.T, input json.RawMessage) (any, bool) {
		in := decodeInput[mytermsInput](t, input)
		var out []terms.Ref
		var err error
		switch {
		case in.Claim != nil:
			var r terms.Ref
			if r, err = myterms.Resolve(*in.Claim); err == nil {
				out = []terms.Ref{r}
			}
		case in.Tiny != "":
			var d myterms.Tiny
			d, err = myterms.DecodeTiny([]byte(in.Tiny))
			out = d.Candidates()
		default:
			var d *myterms.Document
			if d, err = myterms.Decode([]byte(in.Document)); err == nil {
				out = d.Known()
			}
		}
		return mytermsExpected{err == nil, out}, err == nil
	},
}

func mytermsCases(t *testing.T) []given {
	ref := lookup(t, "SD-BASE").Ref
	d := myterms.Document{Version: 1, DID: vendor, Name: "Alpine Cars", KeyLog: "https://vendor.example/.well-known/did.jsonl",
		Effective: myterms.Date{Time: time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)}, Proffers: []string{"https://vendor.example/proffer"},
		Agreements: []myterms.Accepted{{Ref: ref, URL: "https://vendor.example/terms/SD-BASE"},
			{Ref: terms.Ref{ID: "SD-HOUSE", Registry: "vendor.example", Version: "3", SHA256: strings.Repeat("ab", 32)}, URL: "https://vendor.example/terms/house"}}}
	b, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	tiny := `{"effective_date":"Thu, 01 Jan 2026 00:00:00 +0000","agreements":[{"id":"SD-BASE","url":"https://myterms.info/agreements/SD-BASE"}%s],"tos_url":"https://shop.example/terms","tos":"<p>Terms</p>"}`
	claim := func(id, registry, version, sum string) mytermsInput {
		return mytermsInput{Claim: &myterms.Claim{ID: id, Registry: registry, Version: version, SHA256: sum}}
	}
	return []given{
		{"document", "one agreement of the roster, one of the vendor's own", mytermsInput{Document: doc}, true},
		{"document with an unknown name", "strict", mytermsInput{Document: strings.Replace(doc, `"name"`, `"title"`, 1)}, false},
		{"document with a name twice", "strict", mytermsInput{Document: strings.Replace(doc, `"version": 1`, `"version": 1, "version": 1`, 1)}, false},
		{"document with an id alone", "names no text", mytermsInput{Document: strings.Replace(doc, ref.SHA256, "", 1)}, false},
		{"document on the wrong weekday", "a time has one form", mytermsInput{Document: strings.Replace(doc, "Fri,", "Mon,", 1)}, false},
		{"tinyMyTerms", "ids are candidates", mytermsInput{Tiny: fmt.Sprintf(tiny, `,{"id":"SD-HOUSE","url":"https://shop.example/house"}`)}, true},
		{"tinyMyTerms with an id twice", "which address holds?", mytermsInput{Tiny: fmt.Sprintf(tiny, `,{"id":"SD-BASE","url":"https://shop.example/x"}`)}, false},
		{"tinyMyTerms with a script for an address", "an https URL is asked for", mytermsInput{Tiny: fmt.Sprintf(tiny, `,{"id":"TPR","url":"javascript:alert(1)"}`)}, false},
		{"claim in full", "the roster's own", claim(ref.ID, ref.Registry, ref.Version, ref.SHA256), true},
		{"claim of the same text elsewhere", "the hash decides", claim(ref.ID, "commons.example", "2026-01", "sha256:"+strings.ToUpper(ref.SHA256)), true},
		{"claim by id alone", "others publish other texts under it", claim(ref.ID, "", "", ""), false},
		{"claim of another text", "the same id, another hash", claim(ref.ID, "commons.example", "1", strings.Repeat("ab", 32)), false},
		{"claim of another version", "of this registry", claim(ref.ID, ref.Registry, "2", ref.SHA256), false},
	}
}
