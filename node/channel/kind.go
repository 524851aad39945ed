package channel

import (
	"slices"
	"strings"
)

// Kind is what sort of event a vendor sends.
type Kind string

// The kinds of events.
const (
	KindMessage Kind = "message" // anything else that is for this person
	KindOffer   Kind = "offer"   // something to buy
	KindOrder   Kind = "order"   // how an order is getting on
	KindRecall  Kind = "recall"  // a thing bought is unsafe, or was
	KindReceipt Kind = "receipt" // what was paid, or paid back
	KindRenewal Kind = "renewal" // a contract that renews itself, or ends
)

// Kinds returns all kinds in the order in which lists of them are kept.
func Kinds() []Kind {
	return []Kind{KindMessage, KindOffer, KindOrder, KindRecall, KindReceipt, KindRenewal}
}

// Known reports whether k is one of [Kinds].
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// typePrefix makes a kind the type of a CloudEvent, which is to be a
// reverse-DNS name (CloudEvents 1.0.2, "type").
const typePrefix = "net.parley."

// Type returns the CloudEvents type of events of kind k: "net.parley.receipt".
func (k Kind) Type() string { return typePrefix + string(k) }

// kindOf is the inverse of Type.
func kindOf(typ string) (Kind, bool) {
	name, ok := strings.CutPrefix(typ, typePrefix)
	return Kind(name), ok && Kind(name).Known()
}
