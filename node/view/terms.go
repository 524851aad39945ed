package view

import (
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// Vendor is a vendor heard of by its term update, or met in a card.
type Vendor struct {
	DID        identity.DID          `json:"did"`
	Name       string                `json:"name"`
	Site       string                `json:"site,omitempty"`
	Accepts    []terms.Ref           `json:"accepts" doc:"agreements it publishes that it accepts"`
	Requests   string                `json:"requests" doc:"who may proffer: anyone, known, card"`
	Categories []intentcast.Category `json:"categories,omitempty"`
	Regions    []string              `json:"regions,omitempty" doc:"ISO 3166-2"`
	Seq        uint64                `json:"seq" doc:"of its newest term update"`
	Updated    identity.Time         `json:"updated"`
	Expires    identity.Time         `json:"expires"`
	Keepers    int                   `json:"keepers" doc:"peers that keep its mail while it is off"`
	Cards      []dagcbor.CID         `json:"cards" doc:"the cards with it"`
	Button     string                `json:"button" doc:"state of the relationship: none, theirs, mine, both"`
}

// ProfferWant is what a person proffers to a vendor: one agreement or a set.
type ProfferWant struct {
	Vendor       identity.DID  `json:"vendor,omitempty" doc:"of a vendor heard of; or name an offer or a card"`
	Offer        dagcbor.CID   `json:"offer,omitzero" doc:"one received: its vendor knows the intent's author"`
	Card         dagcbor.CID   `json:"card,omitzero" doc:"an existing card whose terms are to change"`
	Agreements   []string      `json:"agreements" doc:"ids from the roster, the preferred one first" minItems:"1" maxItems:"8"`
	Jurisdiction string        `json:"jurisdiction,omitempty" doc:"ISO 3166-1 or -2"`
	Location     string        `json:"location,omitempty" doc:"where it is agreed: a geohash or a place's name"`
	Text         string        `json:"text,omitempty" doc:"the vendor reads it" maxLength:"1000"`
	Expires      identity.Time `json:"expires,omitzero" doc:"a week from now when left out"`
}

// Negotiation is one proffer and what came of it.
type Negotiation struct {
	ID         dagcbor.CID       `json:"id" doc:"of the proffer"`
	Side       identity.Role     `json:"side"`
	Person     identity.DID      `json:"person"`
	Vendor     relcard.Party     `json:"vendor"`
	State      negotiation.State `json:"state" doc:"proffered, accepted, countered, agreed, refused, closed"`
	Asks       bool              `json:"asks" doc:"it waits for the owner's yes or no"`
	Agreements []terms.Ref       `json:"agreements" doc:"proffered, in order of preference"`
	Terms      *terms.Ref        `json:"terms,omitempty" doc:"the one the vendor accepted or named"`
	Why        string            `json:"why,omitempty" doc:"of a refusal, a close, or of the node's own decision"`
	Card       dagcbor.CID       `json:"card,omitzero" doc:"the card, once both have signed"`
	Made       identity.Time     `json:"made"`
	Expires    identity.Time     `json:"expires"`
	Log        []Statement       `json:"log" doc:"what both sides have said, as both keep it"`
}

// Statement is one entry of a relationship's two logs.
type Statement struct {
	ID      dagcbor.CID   `json:"id"`
	By      identity.Role `json:"by"`
	Seq     uint64        `json:"seq"`
	Kind    string        `json:"kind"`
	Time    identity.Time `json:"time"`
	Answers dagcbor.CID   `json:"answers,omitzero"`
	Text    string        `json:"text" doc:"in plain words"`
}

// Relationship is a card with all that has been said under it.
type Relationship struct {
	Card   Card        `json:"card"`
	Button string      `json:"button" doc:"none, theirs, mine, both"`
	Person []Statement `json:"person" doc:"the person's log"`
	Vendor []Statement `json:"vendor" doc:"the vendor's log"`
	Digest string      `json:"digest" doc:"SHA-256 of the record both sides keep: equal on both when nothing is under way"`
}

// Amendment is what a card's next version changes; what is left out stays.
type Amendment struct {
	Terms        string          `json:"terms,omitempty" doc:"id from the roster"`
	Jurisdiction *string         `json:"jurisdiction,omitempty"`
	Location     *string         `json:"location,omitempty"`
	Term         *relcard.Term   `json:"term,omitempty" doc:"how long it runs and how often it renews"`
	Fulfil       *relcard.Window `json:"fulfil,omitempty"`
	Lines        *[]relcard.Line `json:"lines,omitempty" doc:"with extras and total in place of those there are"`
	Extras       []relcard.Extra `json:"extras,omitempty"`
	Total        *money.Money    `json:"total,omitempty"`
}

// MayAsk asks what the vendor may do under a card.
type MayAsk struct {
	Practice string `json:"practice" doc:"service-delivery, analytics, tracking, profiling, anonymised-sharing, …"`
	Field    string `json:"field,omitempty" doc:"of the profile, such as emails/home"`
	Third    bool   `json:"third,omitempty" doc:"asked for a third party"`
}

// MayAnswer is the answer and the rule it rests on.
type MayAnswer struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`
	Text    string `json:"text"`
}

// DisputeReport is what an offline check of a dispute's file found.
type DisputeReport struct {
	Valid   bool     `json:"valid"`
	Lines   []string `json:"lines" doc:"the findings in plain words"`
	Problem string   `json:"problem,omitempty" doc:"the first thing that does not hold"`
}
