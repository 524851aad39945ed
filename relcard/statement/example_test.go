package statement_test

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

// A person tells a vendor two things; the vendor gets the second one first,
// and the first one twice.
func Example() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	person := identity.NewKeySigner(cardtest.Key("once person"))
	vendor := identity.NewKeySigner(cardtest.Key("once vendor"))

	var mine statement.Head // how far the person's own log goes
	var letters [][]byte
	for _, word := range []string{"hello", "goodbye"} {
		b := mine.Next(identity.RolePerson, person.DID(), vendor.DID(), statement.Head{}, now)
		b.Kind = "note"
		b.Content, _ = dagcbor.Marshal(map[string]any{"v": 1, "text": word})
		signed, err := b.Sign(person, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		mine = statement.Head{Count: mine.Count + 1, Last: signed.ID()}
		letter, _ := signed.Encode()
		letters = append(letters, letter)
	}

	var theirs statement.Head // how far the vendor knows it
	for _, i := range []int{1, 0, 0, 1} {
		signed, err := statement.DecodeSigned(letters[i])
		if err != nil {
			fmt.Println(err)
			return
		}
		s, err := signed.Verify(nil, now) // did:key needs no key log
		if err != nil {
			fmt.Println(err)
			return
		}
		if theirs, err = theirs.Follow(&s); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s %d is %d bytes\n", s.Body.Kind, s.Body.Seq, len(s.Body.Content))
	}
	fmt.Println("both know the same:", theirs == mine)
	// Output:
	// gap: statement 1 of the person came and 0 is the next
	// note 0 is 15 bytes
	// past: statement 0 of the person, of which 1 are known
	// note 1 is 17 bytes
	// both know the same: true
}
