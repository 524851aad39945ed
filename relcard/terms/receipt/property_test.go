package receipt_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/receipt"
)

// practiceOf finds a practice by the title its process has.
var practiceOf = map[string]string{
	"Deliver what the two agreed on": "service-delivery", "Measure how the service is used": "analytics",
	"Recognise the person within the vendor's own service":         "tracking",
	"Keep a profile for the vendor's own dealings with the person": "profiling",
	"Give others figures in which nobody can be found":             "anonymised-sharing",
	"Answer the person's intent":                                   "intent",
	"Train the models named beside the agreement":                  "ai-training",
	"Work for the public good named beside the agreement":          "public-good",
}

// Whatever was agreed and shared: a process is there exactly for what the
// agreement allows, with exactly the paths that were shared for it.
func TestProcessesAreThoseOfTheAgreement(t *testing.T) {
	base := agreed(t, "SD-BASE")
	word := rapid.SampledFrom(append(terms.Practices(), "delivery", "payment/deposit", "synergy"))
	rapid.Check(t, func(t *rapid.T) {
		in := base
		a := rapid.SampledFrom(terms.All()).Draw(t, "agreement")
		in.Terms = a.Ref
		in.Pieces = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) receipt.Piece {
			return receipt.Piece{Path: rapid.StringMatching(`(emails|payments|shoe-size)/[a-z]{1,6}`).Draw(t, "path"),
				Purposes: rapid.SliceOfN(word, 1, 3).Draw(t, "purposes"), Sensitive: rapid.Bool().Draw(t, "sensitive")}
		}), 0, 4, func(p receipt.Piece) string { return p.Path }).Draw(t, "pieces")
		if rapid.Bool().Draw(t, "ended") {
			in.Ended, in.EndedBy = day(3), identity.RolePerson
		}
		b, err := receipt.ISO27560(in)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Records []struct {
				Processes []struct {
					Title string `json:"dct:title"`
					Data  []struct {
						Path string `json:"dct:identifier"`
					} `json:"dpv:hasPersonalData"`
				} `json:"dpv:hasProcess"`
			} `json:"dpv:hasRecordOfActivity"`
		}
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, p := range doc.Records[0].Processes {
			practice := practiceOf[p.Title]
			got[practice] = []string{}
			for _, d := range p.Data {
				if d.Path != "" {
					got[practice] = append(got[practice], d.Path)
				}
			}
		}
		for _, practice := range terms.Practices() {
			paths, there := got[practice]
			if allowed := a.Of(practice).Allows() && practice != "portability"; there != allowed {
				t.Fatalf("%s: %s is there: %v", a.Ref.ID, practice, there)
			}
			want := []string{}
			for _, p := range in.Pieces {
				if there && practice != "anonymised-sharing" && slices.ContainsFunc(p.Purposes, func(w string) bool { return a.Covers(w, practice) }) {
					want = append(want, p.Path)
				}
			}
			if there && !slices.Equal(paths, want) {
				t.Fatalf("%s: %s with %v, want %v", a.Ref.ID, practice, paths, want)
			}
		}
		if _, err := receipt.Kantara(in); err != nil {
			t.Fatal(err)
		}
	})
}

// The same input gives the same bytes: a receipt can be compared and hashed.
func TestReceiptsAreTheSameEachTime(t *testing.T) {
	for _, form := range []func(receipt.Agreed) ([]byte, error){receipt.Kantara, receipt.ISO27560} {
		a, err := form(agreed(t, "SD-BASE-ATP-S3P-DP"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if b, err := form(agreed(t, "SD-BASE-ATP-S3P-DP")); err != nil || string(a) != string(b) {
				t.Fatal(fmt.Errorf("the %dth differs: %w", i, err))
			}
		}
	}
}
