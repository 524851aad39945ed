package node

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/parley-network/parley/node/view"
)

// checkCountry refuses a jurisdiction of a country that there is none of, where
// the owner of this node is about to write it. A card that has one, from elsewhere
// or of a country that came later, is read all the same: what a code has to look
// like is for package relcard to say.
func checkCountry(jurisdiction string) error {
	country, _, _ := strings.Cut(jurisdiction, "-")
	if len(country) != 2 || country != strings.ToUpper(country) {
		return nil // no code at all: relcard says what is wrong
	}
	r, err := language.ParseRegion(country)
	switch {
	case err != nil || !r.IsCountry():
		return view.Invalid("jurisdiction", "no country has the code %q (ISO 3166-1)", country)
	case r.Canonicalize() != r: // as UK, which people write
		return view.Invalid("jurisdiction", "no country has the code %q (ISO 3166-1): %q is meant?", country, r.Canonicalize())
	}
	return nil
}
