package policy

import (
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
)

// Context is what a person's node knows about the channel an event came by.
type Context struct {
	Vendor   identity.DID
	Name     string      // the vendor's name as the person knows it; the DID stands in for none
	Card     dagcbor.CID // root of the card
	Terms    string      // id of the agreement, "SD-BASE"
	Category string      // of what the card is about
	Since    time.Time   // when the card came into force
	Unread   int         // events of this channel in the inbox that were not looked at
}

// facts is what the rules for one event see: the variables event, channel and
// now of the expression language.
type facts struct {
	event *channel.Event
	about *Context
	zone  *time.Location
	now   time.Time // in zone
}

// ResolveName gives a rule its variables. event and channel are both the facts
// themselves, seen as another type.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case eventType, channelType:
		return f, true
	case "now":
		return f.now, true
	}
	return nil, false
}

// Parent is there for cel.Activation: facts stand alone.
func (f *facts) Parent() cel.Activation { return nil }

// The types of the variables of the same names.
const (
	eventType   = "event"
	channelType = "channel"
)

// fields are the fields of the types above.
var fields = map[string]map[string]*types.FieldType{
	eventType: {
		"id":          text(func(f *facts) string { return f.event.ID }),
		"kind":        text(func(f *facts) string { return string(f.event.Kind) }),
		"type":        text(func(f *facts) string { return f.event.Kind.Type() }),
		"subject":     text(func(f *facts) string { return f.event.Subject }),
		"title":       text(func(f *facts) string { return f.event.Data.Title }),
		"text":        text(func(f *facts) string { return f.event.Data.Text }),
		"currency":    text(func(f *facts) string { return f.event.Data.Amount.Currency }),
		"third_party": text(func(f *facts) string { return f.event.Data.ThirdParty }),
		"url":         text(func(f *facts) string { return f.event.Data.URL }),
		"gtin":        text(func(f *facts) string { return f.event.Data.GTIN }),
		"serial":      text(func(f *facts) string { return f.event.Data.Serial }),
		"amount":      fieldOf(types.DoubleType, (*facts).hasAmount, (*facts).amount),
		"due":         instant("due", func(f *facts) identity.Time { return f.event.Data.Due }),
		"renews":      instant("renews", func(f *facts) identity.Time { return f.event.Data.Renews }),
		"time":        instant("time", func(f *facts) identity.Time { return f.event.Time }),
		"size":        fieldOf(types.IntType, always, (*facts).size),
		"gone":        fieldOf(types.BoolType, always, func(f *facts) (any, error) { return f.event.Data.Gone, nil }),
	},
	channelType: {
		"name":     text(func(f *facts) string { return f.about.Name }),
		"did":      text(func(f *facts) string { return string(f.about.Vendor) }),
		"card":     text(func(f *facts) string { return f.about.Card.String() }),
		"terms":    text(func(f *facts) string { return f.about.Terms }),
		"category": text(func(f *facts) string { return f.about.Category }),
		"since":    fieldOf(types.TimestampType, always, func(f *facts) (any, error) { return f.about.Since.In(f.zone), nil }),
		"unread":   fieldOf(types.IntType, always, func(f *facts) (any, error) { return int64(f.about.Unread), nil }),
	},
}

func fieldOf(t *types.Type, has func(*facts) bool, get func(*facts) (any, error)) *types.FieldType {
	return &types.FieldType{
		Type: t,
		IsSet: func(target any) bool {
			f, ok := target.(*facts)
			return ok && has(f)
		},
		GetFrom: func(target any) (any, error) {
			f, ok := target.(*facts)
			if !ok {
				return nil, errors.New("not an event or a channel")
			}
			return get(f)
		},
	}
}

func always(*facts) bool { return true }

// text is a field that is always there, and set when it is not empty.
func text(get func(*facts) string) *types.FieldType {
	return fieldOf(types.StringType,
		func(f *facts) bool { return get(f) != "" },
		func(f *facts) (any, error) { return get(f), nil })
}

// instant is a time in the person's zone, or an error where the event has none.
func instant(name string, get func(*facts) identity.Time) *types.FieldType {
	missing := fmt.Errorf("the event has no %s", name)
	return fieldOf(types.TimestampType,
		func(f *facts) bool { return !get(f).IsZero() },
		func(f *facts) (any, error) {
			t := get(f)
			if t.IsZero() {
				return nil, missing
			}
			return t.Std().In(f.zone), nil
		})
}

var errNoAmount = errors.New("the event has no amount")

func (f *facts) hasAmount() bool { return f.event.Data.Amount.Currency != "" }

// amount is a float for comparison alone; none is ever written.
func (f *facts) amount() (any, error) {
	if !f.hasAmount() {
		return nil, errNoAmount
	}
	d, err := f.event.Data.Amount.Decimal()
	if err != nil {
		return nil, err
	}
	return d.InexactFloat64(), nil
}

func (f *facts) size() (any, error) {
	b, err := f.event.Encode()
	if err != nil {
		return nil, err
	}
	return int64(len(b)), nil
}
