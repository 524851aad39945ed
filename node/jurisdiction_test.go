package node

import (
	"errors"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
)

func TestCheckCountry(t *testing.T) {
	for _, ok := range []string{"", "US", "US-UT", "DE-BY", "GB-ENG", "FR", "XK", "CH"} {
		if err := checkCountry(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for bad, word := range map[string]string{"XX": "XX", "ZZ-1": "ZZ", "QQ": "QQ", "AA": "AA", "UK": `"GB" is meant`, "UK-ENG": `"GB" is meant`, "EU": "EU"} {
		if err := checkCountry(bad); !errors.Is(err, view.ErrInvalid) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// It is checked where the owner writes it, in both places.
func TestNoSuchCountry(t *testing.T) {
	nowhere := "XX"
	if err := amend(&relcard.Body{}, view.Amendment{Jurisdiction: &nowhere}); !errors.Is(err, view.ErrInvalid) {
		t.Errorf("an amendment: %v", err)
	}
	if _, err := profferOf(view.ProfferWant{Agreements: []string{"SD-BASE"}, Jurisdiction: nowhere}, identity.Time{}.Std()); !errors.Is(err, view.ErrInvalid) {
		t.Errorf("a proffer: %v", err)
	}
}
