package view

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
)

// StandingWant is a want that is to be cast again and again.
type StandingWant struct {
	Want    Want    `json:"want" doc:"what is cast each time; its window is given by within"`
	Every   string  `json:"every" minLength:"1" maxLength:"256" doc:"when, as an RRULE (RFC 5545), such as RRULE:FREQ=WEEKLY;BYDAY=MO; at most hourly"`
	Zone    string  `json:"zone,omitempty" maxLength:"64" doc:"the time zone whose clock the rule goes by, such as America/Detroit; UTC when left out"`
	Within  string  `json:"within,omitempty" maxLength:"32" doc:"wanted within this time of each casting, such as 48h"`
	Percent *uint64 `json:"percent,omitempty" maximum:"100" doc:"by how much a new best offer must be cheaper to be told; 5 when left out"`
}

// Standing is a standing want and how it stands.
type Standing struct {
	StandingWant
	ID     string          `json:"id" doc:"by which it is named"`
	State  string          `json:"state" enum:"active,paused,over" doc:"over: the rule names no more times"`
	Made   identity.Time   `json:"made" doc:"when it was set up, and from when the rule counts"`
	Next   identity.Time   `json:"next,omitzero" doc:"when it is cast next, a random while after the rule's time"`
	Casts  uint64          `json:"casts" doc:"how often it was cast"`
	Intent dagcbor.CID     `json:"intent,omitzero" doc:"root of the newest intent of it"`
	Told   identity.Time   `json:"told,omitzero" doc:"when the owner was last told of something"`
	Why    string          `json:"why,omitempty" doc:"of what"`
	Seen   market.Standing `json:"seen" doc:"what new offers are held against"`
}
