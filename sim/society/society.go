package society

import (
	"context"
	"time"
)

// Agent is a person or a vendor, by its number: people from 0, vendors after
// them.
type Agent struct {
	ID     int32
	Vendor bool
	Place  int32
	// Serves is what a vendor answers: its categories and places.
	Categories, Places []int32
	// Price is what a vendor usually asks; what one job takes comes on top, the
	// same in every medium, when the person weighs its offer.
	Price float64
	// Friends are acquaintances who take part already; a newcomer's node
	// connects to some of theirs.
	Friends []int32
}

// Intent is one person's wish in one step.
type Intent struct {
	Person          int32
	Category, Place int32
	// Most is the highest price the person pays. To a medium it is the budget
	// that the intent shows, which is wider: vendors whose usual price is above
	// it don't answer.
	Most float64
}

// Offer is one vendor's answer; a vendor answers an intent once.
type Offer struct {
	Vendor int32
	Price  float64
	After  time.Duration // since the intent was cast
}

// Fate is what became of an intent in its window.
type Fate struct {
	// Heard is how many of the vendors who sell such a thing in that place the
	// intent reached, Delays after how long each.
	Heard  int
	Delays []time.Duration
	// Offers are those that came back within the window.
	Offers []Offer
	// Linked is how many parties learned which node was the author's: those of
	// an attacker's identities for which the first to send it was that node.
	Linked int
}

// Costs are what the medium took since it was last asked.
type Costs struct {
	// Delivered counts first deliveries, Copies every arrival of a message.
	Delivered, Copies int64
	// Bytes are those sent by all nodes.
	Bytes int64
	// Forged and Refused count an attacker's messages taken and turned away.
	Forged, Refused int64
}

// Medium carries intents among those who take part.
type Medium interface {
	// Join brings agents' nodes up, and Leave takes them down for good.
	Join(ctx context.Context, agents []Agent) error
	Leave(ctx context.Context, agents []int32) error
	// Trade casts one step's intents and returns each one's fate in the same
	// order, when the step's window is over.
	Trade(ctx context.Context, step int, intents []Intent) ([]Fate, error)
	// Costs returns what was taken since the last call.
	Costs() Costs
}
