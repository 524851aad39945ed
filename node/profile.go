package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/view"
)

const settingProfile = "profile"

// ownProfile returns the owner's data as it is now.
func ownProfile(tx store.Tx) (profile.Profile, error) {
	rec, err := tx.Get(kindSetting, settingProfile)
	if errors.Is(err, store.ErrNotFound) {
		return profile.Profile{}, nil
	}
	if err != nil {
		return profile.Profile{}, err
	}
	return profile.Decode(rec.Body)
}

func keepProfile(tx store.Tx, p profile.Profile) error {
	body, err := p.Encode()
	if err != nil {
		return err
	}
	return tx.Put(store.Record{Kind: kindSetting, ID: settingProfile, Body: body})
}

// Profile returns the owner's data, piece by piece, with what is to change.
func (n *Node) Profile(ctx context.Context) ([]view.Piece, error) {
	out := []view.Piece{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		p, err := ownProfile(tx)
		if err != nil {
			return err
		}
		next, err := pendingChanges(tx)
		if err != nil {
			return err
		}
		for _, piece := range p.List() {
			v := view.Piece{Path: string(piece.Path), Value: piece.Value, Text: profile.Text(piece)}
			v.Next = next[string(piece.Path)]
			delete(next, v.Path)
			out = append(out, v)
		}
		for _, path := range sortedKeys(next) { // pieces that are only to come
			out = append(out, view.Piece{Path: path, Next: next[path]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return out, nil
}

// pendingChanges are the values that take effect later, by path.
func pendingChanges(tx store.Tx) (map[string]*view.FuturePiece, error) {
	recs, err := tx.List(store.Query{Kind: kindChange, DueBefore: farAhead})
	if err != nil {
		return nil, err
	}
	out := map[string]*view.FuturePiece{}
	for _, rec := range recs {
		var b changeBody
		if err := get(rec, &b); err != nil {
			return nil, err
		}
		if b.Applied || b.Undone != "" || len(b.New) == 0 {
			continue
		}
		out[b.Path] = &view.FuturePiece{From: b.From, Value: b.New, Text: pieceText(b.Path, b.New)}
	}
	return out, nil
}

// farAhead is later than anything is due.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func pieceText(path string, value []byte) string {
	if len(value) == 0 {
		return ""
	}
	return profile.Text(profile.Piece{Path: profile.Path(path), Value: value})
}

// RemovePiece takes a piece out of the profile. Who had it keeps it until it
// is retracted.
func (n *Node) RemovePiece(ctx context.Context, path string) error {
	err := n.update(ctx, func(c *change) error {
		p, err := ownProfile(c.Tx)
		if err != nil {
			return err
		}
		if p, err = p.Remove(profile.Path(path)); err != nil {
			return profileError(err)
		}
		return keepProfile(c.Tx, p)
	})
	if err != nil {
		return fmt.Errorf("remove piece: %w", err)
	}
	return nil
}

// profileError says of an error of the profile's rules what it is to a caller.
func profileError(err error) error {
	var bad *profile.InvalidError
	switch {
	case errors.As(err, &bad), errors.Is(err, profile.ErrTooBig):
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	case errors.Is(err, profile.ErrNoPiece):
		return fmt.Errorf("%w: %w", view.ErrNotFound, err)
	}
	return err
}

// ImportProfile takes the pieces of a JSContact or vCard file into the
// profile, and tells those who had the old values unless quiet.
func (n *Node) ImportProfile(ctx context.Context, format string, file []byte, quiet bool) (view.ProfileReport, error) {
	report := view.ProfileReport{Taken: []string{}, Dropped: []string{}, Changes: []view.Change{}}
	var read func(profile.Profile) (profile.Profile, profile.Report, error)
	switch format {
	case "jscontact":
		read = func(p profile.Profile) (profile.Profile, profile.Report, error) { return p.ImportJSContact(file) }
	case "vcard":
		read = func(p profile.Profile) (profile.Profile, profile.Report, error) { return p.ImportVCard(file) }
	default:
		return report, view.Invalid("format", "%q is neither jscontact nor vcard", format)
	}
	// Read once to know what changes; each change then goes its own way.
	var before, after profile.Profile
	var found profile.Report
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if before, err = ownProfile(tx); err == nil {
			after, found, err = read(before)
		}
		return err
	})
	if err != nil {
		return report, fmt.Errorf("import profile: %w: %w", view.ErrInvalid, err)
	}
	for _, path := range found.Taken {
		report.Taken = append(report.Taken, string(path))
		piece, _ := after.Get(path)
		if old, had := before.Get(path); had && string(old.Value) == string(piece.Value) {
			continue
		}
		made, err := n.SetPiece(ctx, string(path), view.ChangeWant{Value: piece.Value, Quiet: quiet})
		if err != nil {
			return report, fmt.Errorf("import profile: %w", err)
		}
		report.Changes = append(report.Changes, made)
	}
	report.Dropped = append(report.Dropped, found.Dropped...)
	return report, nil
}

// ExportProfile returns the profile as one file: it can be taken elsewhere. A
// JSContact card needs a uid; it is a new one each time, since one of the
// owner's own would join what was given to two vendors.
func (n *Node) ExportProfile(ctx context.Context, format string) ([]byte, error) {
	var p profile.Profile
	err := n.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		p, err = ownProfile(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export profile: %w", err)
	}
	switch format {
	case "jscontact":
		return p.ExportJSContact("urn:uuid:" + uuid.NewString())
	case "vcard":
		return p.ExportVCard()
	}
	return nil, view.Invalid("format", "%q is neither jscontact nor vcard", format)
}
