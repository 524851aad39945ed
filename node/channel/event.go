package channel

import (
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel/internal/strictjson"
	"github.com/parley-network/parley/relcard/money"
)

// MaxEvent is the most bytes of an event's JSON.
const MaxEvent = 16 << 10

// Event is one thing a vendor tells a person. ID and Source together name it:
// a vendor that sends again sends the same ID.
type Event struct {
	ID      string        // 1 to 128 bytes, of the vendor's choosing
	Source  identity.DID  // the vendor
	Kind    Kind          //
	Subject string        // what it is about, such as an order's number; up to 128 bytes, may be empty
	Time    identity.Time // when it happened
	Data    Data
}

// Data is what an event says. Which parts an event has depends on its kind:
//
//	receipt  title, amount;          maybe text url third_party due
//	order    title;                  maybe text url third_party due amount gone
//	recall   title, gtin or serial;  maybe text url third_party due gone
//	renewal  title, renews;          maybe text url third_party due amount gone
//	offer    title;                  maybe text url third_party due amount gone
//	message  title;                  maybe text url third_party due gone
type Data struct {
	Title      string        `json:"title" doc:"1 to 200 bytes, one line"`
	Text       string        `json:"text,omitempty" doc:"up to 4 KiB of plain text"`
	Amount     money.Money   `json:"amount,omitzero" doc:"paid, to be paid or asked; below zero: paid back"`
	Due        identity.Time `json:"due,omitzero" doc:"by when something is to be done or is over"`
	Renews     identity.Time `json:"renews,omitzero" doc:"when a contract renews itself"`
	URL        string        `json:"url,omitempty" doc:"https, up to 1024 bytes"`
	ThirdParty string        `json:"third_party,omitempty" doc:"whose mail this is, when not the vendor's own"`
	GTIN       string        `json:"gtin,omitempty" doc:"of what is recalled: 8, 12, 13 or 14 digits"`
	Serial     string        `json:"serial,omitempty" doc:"or lot number of what is recalled"`
	Gone       bool          `json:"gone,omitempty" doc:"what earlier events on this subject told of is no more"`
}

// form is an event in CloudEvents' JSON format. Extension attributes have no
// place in it: nobody here would know what they promise.
type form struct {
	SpecVersion     string        `json:"specversion"`
	ID              string        `json:"id"`
	Source          identity.DID  `json:"source"`
	Type            string        `json:"type"`
	Subject         string        `json:"subject,omitempty"`
	Time            identity.Time `json:"time"`
	DataContentType string        `json:"datacontenttype"`
	Data            Data          `json:"data"`
}

const (
	specVersion = "1.0"
	contentType = "application/json"
)

// MarshalJSON writes e as a CloudEvent, without checking it.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(form{specVersion, e.ID, e.Source, e.Kind.Type(), e.Subject, e.Time, contentType, e.Data})
}

// Encode checks e and returns it as a CloudEvent in the structured JSON
// format (media type application/cloudevents+json), canonical by RFC 8785: the
// one form that is signed.
func (e Event) Encode() ([]byte, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	if b, err = jcs.Transform(b); err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	if len(b) > MaxEvent {
		return nil, fmt.Errorf("event of %d bytes, the most is %d", len(b), MaxEvent)
	}
	return b, nil
}

// DecodeEvent reads a CloudEvent in the structured JSON format and checks it.
// The layout is free, as others write it; the names are not: attributes and
// data unknown here, names twice or null are refused, and so are more than
// [MaxEvent] bytes.
func DecodeEvent(b []byte) (Event, error) {
	if len(b) > MaxEvent {
		return Event{}, fmt.Errorf("event of %d bytes, the most is %d", len(b), MaxEvent)
	}
	var f form
	if err := strictjson.Decode(b, &f); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	kind, ok := kindOf(f.Type)
	switch {
	case f.SpecVersion != specVersion:
		return Event{}, invalid("specversion", "is %.20q, known is %q", f.SpecVersion, specVersion)
	case !ok:
		return Event{}, invalid("type", "%.80q is not %q and a known kind", f.Type, typePrefix)
	case f.DataContentType != contentType:
		return Event{}, invalid("datacontenttype", "is %.80q, known is %q", f.DataContentType, contentType)
	}
	e := Event{f.ID, f.Source, kind, f.Subject, f.Time, f.Data}
	if err := e.Check(); err != nil {
		return Event{}, err
	}
	return e, nil
}
