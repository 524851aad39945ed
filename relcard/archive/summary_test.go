package archive_test

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

// A summary says in a few lines what a judge asks first; the rest is there in
// full.
func TestSummary(t *testing.T) {
	s := lived(t)
	mine := s.bundle()
	mine.Openings = s.openings[1:]
	r := judge(t, archive.Dispute{By: person, Mine: mine})
	text := r.Summary()
	for _, want := range []string{
		"no divergence", "card:      " + r.Mine.Card.String(), "the person hands it in",
		"state:     in force", "signed by both", "shown:     ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
	if n := strings.Count(text, "\n"); n > 12 || n*2 > strings.Count(r.String(), "\n") {
		t.Errorf("the summary has %d lines", n)
	}
	if t.Failed() {
		t.Log(text)
	}
}

// Of two stories it says who is proven to have told them, and where they part.
func TestSummaryOfTwoStories(t *testing.T) {
	s := lived(t)
	twin := cardtest.NewParty("vendor", start)
	other := s.copy()
	s.next("US-CO", person, vendor)
	forked := only([]relcard.Signed{other.next("US-NV", vendor)})
	b := cardtest.Body(s.person.DID(), s.vendor.DID(), start)
	b.Terms = cardtest.Terms("SD-BASE-ATP-S3P")
	fresh := s.copy()
	fresh.chain = relcard.Chain{}
	another := only([]relcard.Signed{fresh.sign(b, vendor)})
	s.vendor.Rotate(s.at.AddDate(0, 0, 1))
	twin.Rotate(s.at.AddDate(0, 0, 2))
	for name, tc := range map[string]struct {
		theirs archive.Bundle
		want   []string
	}{
		"the card": {forked, []string{
			"DIVERGENCE in 1 place: it is proven that the vendor told two stories\n",
			"differs:   the card, from version 1 on: …", "is in the copy of the person", "is in the copy of the vendor",
		}},
		"a key log": {archive.Bundle{Logs: []archive.KeyLog{{DID: twin.DID(), Log: twin.Log.Bytes()}}}, []string{
			"it is proven that the vendor told two stories", "differs:   the key log of the vendor, from entry 2 on: it was published in two ways\n",
			"entry:     " + s.vendor.Log.VersionID() + ", the person's copy\n", "entry:     " + twin.Log.VersionID() + ", the vendor's copy\n",
		}},
		"nobody is bound to both": {another, []string{
			"DIVERGENCE in 1 place, and nobody is proven to have told two stories\n", "one side:  ",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			text := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: tc.theirs}).Summary()
			if strings.Contains(text, "no divergence") {
				t.Error("it says that there is no divergence")
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("the summary does not say %q:\n%s", want, text)
				}
			}
		})
	}
}
