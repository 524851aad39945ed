// Package button is the r-button: the state of one relationship as ⊂ ⊃, in a
// terminal, as a picture, and on a vendor's page without telling the page.
//
// ⊂ is the person's side, ⊃ the vendor's. A side is solid when its word is
// out, outlined otherwise; the two are solid and joined when a card is in
// force.
package button

// State is where a relationship stands, as far as one symbol can say it.
type State string

// The four states.
const (
	None   State = "none"   // neither side has a word out
	Theirs State = "theirs" // the vendor stands ready; the move is the person's
	Mine   State = "mine"   // the person stands ready or has proffered; the move is the vendor's
	Both   State = "both"   // both have agreed: a card is in force
)

// Facts is what is known of a relationship on the person's side.
type Facts struct {
	// TheirTerms: the vendor publishes agreements it accepts, or has named
	// one to this person and waits.
	TheirTerms bool
	// MyTerms: the person has proffered and no answer has come, or prefers
	// terms for this vendor and would proffer them. Not when the vendor
	// answered with another agreement: then the move is the person's.
	MyTerms     bool
	CardInForce bool // a card signed by both, that may be one being amended
	Ended       bool // that card was ended by either side
	Frozen      bool // the two copies of that card differ: nothing is done under it
}

// Of returns the state. A card that has ended or is frozen joins nobody, and
// what the sides say besides it counts. Where both stand ready and no card is
// in force, it is Mine: a vendor's readiness is for anyone, and a solid pair
// must never show an agreement that isn't there.
func Of(f Facts) State {
	switch {
	case f.CardInForce && !f.Ended && !f.Frozen:
		return Both
	case f.MyTerms:
		return Mine
	case f.TheirTerms:
		return Theirs
	}
	return None
}

// Symbol returns s in three characters for a terminal: an open half is
// outlined, a filled one solid, a line joins the two. Any other state is None.
func Symbol(s State) string {
	switch s {
	case Theirs:
		return "⊂ ◗"
	case Mine:
		return "◖ ⊃"
	case Both:
		return "◖━◗"
	}
	return "⊂ ⊃"
}

// Words returns s for those who read or hear words, without a full stop.
func Words(s State) string {
	switch s {
	case Theirs:
		return "The vendor stands ready; you have said nothing"
	case Mine:
		return "You stand ready; the vendor has not agreed"
	case Both:
		return "You and the vendor have agreed"
	}
	return "No relationship; neither side has said anything"
}

// states are all of them: the frame is sized by the longest.
var states = [...]State{None, Theirs, Mine, Both}

// known returns s, or None for what is no state.
func known(s State) State {
	for _, k := range states {
		if s == k {
			return s
		}
	}
	return None
}
