package negotiation

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/parley-network/parley/identity"
)

// ParsePreferences reads preferences from JSON, as UnmarshalJSON does.
func ParsePreferences(b []byte) (Preferences, error) {
	var p Preferences
	if err := json.Unmarshal(b, &p); err != nil {
		return Preferences{}, fmt.Errorf("read preferences: %w", err)
	}
	return p, nil
}

// UnmarshalJSON reads preferences strictly: a name that is not known in
// exactly that form, a name that is there twice, a null, and whatever Check
// refuses are errors that name the field.
func (p *Preferences) UnmarshalJSON(b []byte) error {
	if len(b) > maxPreferences {
		return fmt.Errorf("preferences: %d bytes, the most is %d", len(b), maxPreferences)
	}
	var read Preferences
	err := members(b, "preferences", func(name string, value []byte) (err error) {
		switch name {
		case "default":
			read.Default, err = readChoice(value, name)
		case "vendors":
			read.Vendors = make(map[identity.DID]Choice)
			err = members(value, name, func(did string, c []byte) (err error) {
				read.Vendors[identity.DID(did)], err = readChoice(c, vendorField(identity.DID(did)))
				return err
			})
		case "categories":
			read.Categories = make(map[string]Choice)
			err = members(value, name, func(path string, c []byte) (err error) {
				read.Categories[path], err = readChoice(c, categoryField(path))
				return err
			})
		default:
			err = fmt.Errorf("%.80q: not known here", name)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := read.Check(); err != nil {
		return err
	}
	*p = read
	return nil
}

func readChoice(b []byte, where string) (c Choice, err error) {
	err = members(b, where, func(name string, value []byte) error {
		var into any
		switch name {
		case "always":
			into = &c.Always
		case "never":
			into = &c.Never
		case "else":
			into = &c.Else
		default:
			return fmt.Errorf("%s: %.80q is not known here", where, name)
		}
		if err := json.Unmarshal(value, into); err != nil || string(value) == "null" {
			return fmt.Errorf("%s.%s: is not what belongs there", where, name)
		}
		return nil
	})
	return c, err
}

// members calls each with the members of the object b, in their order.
func members(b []byte, where string, each func(name string, value []byte) error) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return fmt.Errorf("%s: is no object", where)
	}
	seen := make(map[string]bool)
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		name, ok := tok.(string)
		if !ok || seen[name] {
			return fmt.Errorf("%s: %.80q is there twice", where, name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if err := each(name, value); err != nil {
			return err
		}
	}
	return nil
}
