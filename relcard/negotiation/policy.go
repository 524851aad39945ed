package negotiation

import (
	"errors"
	"fmt"
)

// Policy is a vendor's rule of who may proffer.
type Policy string

// The policies, from open to closed.
const (
	Anyone   Policy = "anyone"
	Known    Policy = "known" // who has cast an intent it offered on, or has a card
	WithCard Policy = "card"  // who has a card in force
)

// ErrUnwanted is returned for a request that the policy does not admit.
var ErrUnwanted = errors.New("unwanted request")

// Check reports whether p is one of the three policies.
func (p Policy) Check() error {
	switch p {
	case Anyone, Known, WithCard:
		return nil
	}
	return fmt.Errorf("policy %.40q is not %q, %q or %q", string(p), Anyone, Known, WithCard)
}

// Admits reports whether somebody may ask: known says that the vendor has
// dealt with them, hasCard that a card is in force. The error wraps
// ErrUnwanted. A policy that is not known admits nobody.
func (p Policy) Admits(known, hasCard bool) error {
	switch {
	case p == Anyone, p == Known && (known || hasCard), p == WithCard && hasCard:
		return nil
	case p == Known:
		return fmt.Errorf("only parties known here may ask: %w", ErrUnwanted)
	case p == WithCard:
		return fmt.Errorf("only parties with a card in force may ask: %w", ErrUnwanted)
	}
	return fmt.Errorf("%w: %w", p.Check(), ErrUnwanted)
}
