package negotiation_test

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// A person proffers the strictest terms, the vendor counters, the person's
// preferences let the counter pass and it countersigns.
func Example() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	person := identity.NewKeySigner(cardtest.Key("once person"))
	vendor := identity.NewKeySigner(cardtest.Key("once vendor"))
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var mine, theirs statement.Head // no log has begun

	// The person's side.
	proffer := negotiation.Proffer{
		Version: negotiation.Version, Agreements: refs("SD-BASE", "SD-BASE-DP"), Expires: identity.At(now.AddDate(0, 0, 7)),
	}
	b := mine.Next(identity.RolePerson, person.DID(), vendor.DID(), theirs, now)
	b.Kind = negotiation.KindProffer
	b.Content, _ = proffer.Encode()
	signed, err := b.Sign(person, now)
	check(err)
	st, err := signed.Verify(nil, now)
	check(err)
	mine, err = mine.Follow(&st)
	check(err)

	// The vendor's: it decides, signs the card that its decision means, and says so.
	n, err := negotiation.Open(&st, nil, now)
	check(err)
	p := n.Proffer()
	answer := negotiation.Reply(&p, refs("SD-BASE-A", "SD-BASE-ATP"), true)
	card, err := negotiation.CardBody(&st, *answer.Terms, nil, relcard.Party{DID: vendor.DID(), Name: "Alpine Cars"}, now)
	check(err)
	half, err := card.Sign(vendor, now)
	check(err)
	version, err := half.Verify(nil, now)
	check(err)
	answer.Card = version.ID
	b = theirs.Next(identity.RoleVendor, person.DID(), vendor.DID(), mine, now)
	b.Kind, b.Answers = negotiation.KindAnswer, st.ID
	b.Content, _ = answer.Encode()
	signed, err = b.Sign(vendor, now)
	check(err)
	reply, err := signed.Verify(nil, now)
	check(err)

	// The person's again.
	step := n.Apply(&reply, &version, now)
	check(step.Violation)
	n = step.Next
	ref, _ := n.Terms()
	fmt.Println(n.State(), ref.ID)
	prefs, err := negotiation.ParsePreferences([]byte(`{"default": {"always": ["SD-BASE-AT"], "else": "accept-stricter"}}`))
	check(err)
	decision, why := prefs.Decide(vendor.DID(), "travel/car-rental", ref)
	fmt.Println(decision, "-", why)
	both, err := version.Signed.Sign(person, now)
	check(err)
	final, err := both.Verify(nil, now)
	check(err)
	n, err = n.Sign(&final)
	check(err)
	fmt.Println(n.State(), n.Card() == final.ID)
	// Output:
	// countered SD-BASE-A
	// always - SD-BASE-A is no wider than SD-BASE-AT, which is always agreed to by default
	// agreed true
}
