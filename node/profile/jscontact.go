package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxImport is the largest card read, in bytes. It leaves room for a photo
// that is dropped.
const maxImport = 1 << 20

// Report says what an import did. Taken and Replaced are sorted; Replaced are
// those of Taken that stood before with another value. Dropped names each
// property that is not kept: "media", "emails/e1/example.com:seen", "PHOTO",
// "TEL;X-PLACE", in order and each once.
type Report struct {
	Taken    []Path
	Replaced []Path
	Dropped  []string
}

// ExportJSContact returns the profile as a JSContact Card, version 1.0, in
// canonical JSON. A Card must have a uid (RFC 9553 §2.1.9): the caller gives
// one, and a fresh one for each recipient, since whoever sees the same uid
// twice knows it is the same person.
func (p Profile) ExportJSContact(uid string) ([]byte, error) {
	if _, err := text(&cleaner{}, "uid", uid); err != nil {
		return nil, fmt.Errorf("export JSContact: %w", err)
	}
	card := object{"@type": "Card", "version": "1.0", "kind": "individual", "uid": uid}
	for _, piece := range p.pieces {
		k, err := kindAt(piece.Path)
		if err != nil {
			return nil, fmt.Errorf("export JSContact: %w", err)
		}
		if !k.many && k.card == "" {
			card[k.name] = piece.Value
			continue
		}
		by, ok := card[k.property()].(object)
		if !ok {
			by = object{}
			card[k.property()] = by
		}
		by[cardID(piece.Path)] = piece.Value
	}
	return canonical(card)
}

// cardID is the id in the Card's map; birthday stands under its own name.
func cardID(p Path) string {
	if id := p.ID(); id != "" {
		return id
	}
	return string(p)
}

// ImportJSContact returns the profile with the pieces of a JSContact Card set
// over its own. Properties that are not kept are dropped and named; one that
// is kept and not valid is an error, and nothing is imported.
func (p Profile) ImportJSContact(data []byte) (Profile, Report, error) {
	got, dropped, err := readCard(data)
	if err != nil {
		return p, Report{}, fmt.Errorf("import JSContact: %w", err)
	}
	next, report, err := p.merge(got, dropped)
	if err != nil {
		return p, Report{}, fmt.Errorf("import JSContact: %w", err)
	}
	return next, report, nil
}

// merge checks foreign objects and sets them over the profile's pieces.
func (p Profile) merge(got map[Path]object, dropped []string) (Profile, Report, error) {
	next := p
	report := Report{Dropped: dropped}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		c := &cleaner{path: path, lax: true}
		piece, err := newPiece(path, got[path], c)
		if err != nil {
			return p, Report{}, err
		}
		report.Dropped = append(report.Dropped, c.dropped...)
		report.Taken = append(report.Taken, path)
		if old, ok := p.Get(path); ok && string(old.Value) != string(piece.Value) {
			report.Replaced = append(report.Replaced, path)
		}
		if next, err = next.with(piece); err != nil {
			return p, Report{}, err
		}
	}
	for i, name := range report.Dropped {
		report.Dropped[i] = printable(name)
	}
	slices.Sort(report.Dropped)
	report.Dropped = slices.Compact(report.Dropped)
	return next, report, nil
}

// printable makes a foreign name fit for a terminal: short, and quoted if
// anything in it does not print.
func printable(name string) string {
	if len(name) > 120 {
		name = strings.ToValidUTF8(name[:120], "") + "…"
	}
	for _, r := range name {
		if !strconv.IsPrint(r) {
			return strconv.Quote(name)
		}
	}
	return name
}

// readCard takes a Card apart into objects by path, not yet checked.
func readCard(data []byte) (map[Path]object, []string, error) {
	if len(data) > maxImport {
		return nil, nil, fmt.Errorf("%d bytes, at most %d are read", len(data), maxImport)
	}
	v, err := parseJSON(data)
	if err != nil {
		return nil, nil, err
	}
	card, ok := v.(object)
	if !ok || card["@type"] != "Card" {
		return nil, nil, errors.New(`"@type" is not "Card"`)
	}
	if card["version"] != "1.0" {
		return nil, nil, fmt.Errorf("version %.20q is not known", fmt.Sprint(card["version"]))
	}
	if k, ok := card["kind"]; ok && k != "individual" {
		return nil, nil, fmt.Errorf("kind %.20q: the card is not of a person", fmt.Sprint(k))
	}
	r := cardReader{got: map[Path]object{}}
	for _, name := range slices.Sorted(maps.Keys(card)) {
		if err := r.property(name, card[name]); err != nil {
			return nil, nil, err
		}
	}
	return r.got, r.dropped, nil
}

type cardReader struct {
	got     map[Path]object
	dropped []string
}

func (r *cardReader) property(name string, v any) error {
	switch name {
	case "@type", "version", "kind":
		return nil
	case "anniversaries":
		return r.anniversaries(v)
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.property() == name })
	if i < 0 {
		if near := slices.IndexFunc(kinds, func(k kind) bool { return strings.EqualFold(k.property(), name) }); near >= 0 {
			return fmt.Errorf("%.40s is spelled %q", name, kinds[near].property())
		}
		r.dropped = append(r.dropped, name)
		return nil
	}
	k := &kinds[i]
	o, ok := v.(object)
	if !ok {
		return fmt.Errorf("%s: is not an object", name)
	}
	if !k.many {
		r.got[Path(k.name)] = o
		return nil
	}
	for _, id := range sortedIDs(o) {
		path, err := ParsePath(k.name + "/" + id)
		if err != nil {
			return err
		}
		if r.got[path], ok = o[id].(object); !ok {
			return fmt.Errorf("%s: is not an object", path)
		}
	}
	return nil
}

// anniversaries takes the birthday: the birth under the id "birthday", else
// the first. The others are not kept.
func (r *cardReader) anniversaries(v any) error {
	by, ok := v.(object)
	if !ok {
		return errors.New("anniversaries: is not an object")
	}
	chosen := ""
	for _, id := range sortedIDs(by) {
		o, ok := by[id].(object)
		if !ok || !validID(id) {
			return fmt.Errorf("anniversaries/%.80s: is not an object under an id", id)
		}
		if o["kind"] == "birth" && (chosen == "" || id == "birthday") {
			chosen = id
		}
	}
	for _, id := range sortedIDs(by) {
		if id == chosen {
			r.got["birthday"] = by[id].(object)
		} else {
			r.dropped = append(r.dropped, "anniversaries/"+id)
		}
	}
	return nil
}

func sortedIDs(o object) []string { return slices.Sorted(maps.Keys(o)) }

// num returns a whole number of o, as parsed or as checked, or 0.
func num(o object, name string) int {
	switch n := o[name].(type) {
	case int:
		return n
	case json.Number:
		i, _ := strconv.Atoi(string(n))
		return i
	}
	return 0
}
