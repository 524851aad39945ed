package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/store"
	nodevendor "github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

const (
	settingVendorLog = "vendor-log"
	settingVendor    = "vendor" // its VendorConfig, for a start that does not name it
	settingRules     = "rules"
	vendorKeys       = "vendor"
)

// errNotVendor is met where a person's node is asked for a vendor's work.
var errNotVendor = fmt.Errorf("this node is not a vendor's: start it with a vendor name and domain: %w", view.ErrConflict)

// vendor is the answering half of a node.
type vendor struct {
	cfg   VendorConfig
	party atomic.Pointer[party] // as it signs now

	mu        sync.RWMutex
	catalogue *market.Catalogue
	rules     market.Rules
	changed   chan struct{} // told when rules change where this node listens

	termsChanged chan struct{} // told when they change what it publishes
}

// me is the vendor with the keys that are current; what is signed and the log
// that goes with it are to be of one call.
func (v *vendor) me() *party { return v.party.Load() }

func (v *vendor) name() relcard.Party {
	return relcard.Party{DID: v.me().signer.DID(), Name: v.cfg.Name}
}

func (v *vendor) current() (*market.Catalogue, market.Rules) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.catalogue, v.rules
}

// openVendor loads the vendor's identifier, catalogue and rules, or makes the
// identifier on the first start.
func (n *Node) openVendor(ctx context.Context, cfg VendorConfig) (*vendor, error) {
	v := &vendor{cfg: cfg, changed: make(chan struct{}, 1), termsChanged: make(chan struct{}, 1)}
	if err := n.openVendorParty(ctx, v); err != nil {
		return nil, err
	}
	rules, err := n.setting(ctx, settingRules)
	if err != nil {
		return nil, err
	}
	v.rules = defaultRules()
	if rules != nil {
		if err := json.Unmarshal(rules, &v.rules); err != nil {
			return nil, fmt.Errorf("stored rules: %w", err)
		}
	}
	v.catalogue, err = n.loadCatalogue(ctx)
	return v, err
}

// resumeVendor has a store that is a vendor's go on as that vendor's where
// nothing else was said: as a person's node it would refuse, for good, what its
// partners sent to the vendor.
func (n *Node) resumeVendor(ctx context.Context) error {
	if n.cfg.Vendor != nil {
		b, err := json.Marshal(n.cfg.Vendor)
		if err != nil {
			return err
		}
		return n.cfg.Store.Update(ctx, func(tx store.Tx) error {
			return tx.Put(store.Record{Kind: kindSetting, ID: settingVendor, Body: b})
		})
	}
	cfg, err := KeptVendor(ctx, n.cfg.Store)
	if err != nil || cfg == nil {
		return err
	}
	n.cfg.Vendor = cfg
	n.log.Info("this node is a vendor's and goes on as one", "name", cfg.Name, "domain", cfg.Domain)
	return nil
}

// KeptVendor returns the vendor that a store is of, as it was last started; nil
// if it is a person's. Who starts a node needs to know before: a vendor is
// found in other ways.
func KeptVendor(ctx context.Context, st store.Store) (*VendorConfig, error) {
	var cfg *VendorConfig
	err := st.View(ctx, func(tx store.Tx) error {
		if _, err := tx.Get(kindSetting, settingVendorLog); errors.Is(err, store.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		kept, err := tx.Get(kindSetting, settingVendor)
		if errors.Is(err, store.ErrNotFound) {
			return errors.New("this store is a vendor's: start it with the vendor's name")
		}
		if err != nil {
			return err
		}
		cfg = new(VendorConfig)
		return json.Unmarshal(kept.Body, cfg)
	})
	if err != nil {
		return nil, fmt.Errorf("read whose store it is: %w", err)
	}
	return cfg, nil
}

// defaultRules answer by themselves and accept the terms that allow the
// vendor no more than delivering what was asked.
func defaultRules() market.Rules {
	r := market.Rules{Answer: market.ModeAuto}
	for _, id := range []string{"SD-BASE", "SD-BASE-DP", "PDC-INTENT"} {
		if a, ok := terms.Lookup(id); ok {
			r.Accepts = append(r.Accepts, a.Ref)
		}
	}
	return r
}

func (n *Node) openVendorParty(ctx context.Context, v *vendor) error {
	log, err := n.setting(ctx, settingVendorLog)
	if err != nil {
		return err
	}
	now := time.Now()
	if log != nil {
		p, err := n.openVendorKeys(log)
		if err != nil {
			return err
		}
		v.party.Store(&p)
		if err := n.eraseBefore(p.number); err != nil {
			return err
		}
		if id, err := webvh.ParseID(v.me().signer.DID()); err == nil && id.Domain != v.cfg.Domain {
			n.log.Warn("the vendor's identifier stays at the domain it was made for", "domain", id.Domain, "asked", v.cfg.Domain)
		}
		return nil
	}
	p, err := n.newParty(vendorKeys, v.cfg.Domain, now)
	if err != nil {
		return err
	}
	v.party.Store(&p)
	return n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		// Insert: of two replicas that start at once only one makes it.
		return tx.Insert(store.Record{Kind: kindSetting, ID: settingVendorLog, Body: p.log})
	})
}

func (n *Node) loadCatalogue(ctx context.Context) (*market.Catalogue, error) {
	var items []market.Item
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindItem})
		if err != nil {
			return err
		}
		items = make([]market.Item, len(recs))
		for i, r := range recs {
			if err := json.Unmarshal(r.Body, &items[i]); err != nil {
				return fmt.Errorf("catalogue item %s: %w", r.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	return market.NewCatalogue(items)
}

// importBatch is how many items go into one transaction.
const importBatch = 500

// maxRefused is how many refused lines are told one by one.
const maxRefused = 1000

// ImportCatalogue adds the items of r to the catalogue, each in place of an
// earlier one of the same SKU, GTIN or name. A malformed line is told with
// its number and the rest goes in.
func (n *Node) ImportCatalogue(ctx context.Context, r io.Reader, format nodevendor.Format) (view.ImportReport, error) {
	report := view.ImportReport{Refused: []view.LineProblem{}}
	if n.vendor == nil {
		return report, errNotVendor
	}
	var batch []store.Record
	flush := func() error {
		err := n.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, rec := range batch {
				if err := tx.Put(rec); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			report.Accepted += len(batch)
		}
		batch = batch[:0]
		return err
	}
	for line, err := range nodevendor.ReadCatalogue(r, format) {
		var bad *nodevendor.LineError
		if errors.As(err, &bad) {
			if len(report.Refused) < maxRefused {
				report.Refused = append(report.Refused, view.LineProblem{Line: bad.Line, Problem: bad.Err.Error()})
			} else {
				report.More++
			}
			continue
		}
		if err != nil {
			return report, fmt.Errorf("import catalogue: %w", err)
		}
		body, err := json.Marshal(line.Item)
		if err != nil {
			return report, fmt.Errorf("import catalogue: line %d: %w", line.Number, err)
		}
		if batch = append(batch, store.Record{Kind: kindItem, ID: nodevendor.Key(line.Item), Body: body}); len(batch) == importBatch {
			if err := flush(); err != nil {
				return report, fmt.Errorf("import catalogue: line %d: %w", line.Number, err)
			}
		}
	}
	if err := flush(); err != nil {
		return report, fmt.Errorf("import catalogue: %w", err)
	}
	return n.finishImport(ctx, report)
}

func (n *Node) finishImport(ctx context.Context, report view.ImportReport) (view.ImportReport, error) {
	catalogue, err := n.loadCatalogue(ctx)
	if err != nil {
		return report, err
	}
	n.vendor.mu.Lock()
	n.vendor.catalogue = catalogue
	n.vendor.mu.Unlock()
	n.vendor.tellChanged()
	report.Items = catalogue.Len()
	err = n.update(ctx, func(c *change) error {
		return c.note("catalogue.imported", dagcbor.CID{}, "took %d items into the catalogue, refused %d lines", report.Accepted, len(report.Refused)+report.More)
	})
	return report, err
}

// Catalogue returns up to limit items after the given key, in key order.
func (n *Node) Catalogue(ctx context.Context, after string, limit int) ([]market.Item, error) {
	if n.vendor == nil {
		return nil, errNotVendor
	}
	items := []market.Item{}
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		recs, err := tx.List(store.Query{Kind: kindItem, After: after, Limit: limit})
		if err != nil {
			return err
		}
		items = slices.Grow(items[:0], len(recs))
		for _, r := range recs {
			var i market.Item
			if err := json.Unmarshal(r.Body, &i); err != nil {
				return fmt.Errorf("catalogue item %s: %w", r.ID, err)
			}
			items = append(items, i)
		}
		return nil
	})
	return items, err
}

// Rules returns the vendor's matching rules.
func (n *Node) Rules(context.Context) (market.Rules, error) {
	if n.vendor == nil {
		return market.Rules{}, errNotVendor
	}
	_, rules := n.vendor.current()
	return rules, nil
}

// inFull completes agreements that are named by their id alone: those of the
// roster.
func inFull(refs []terms.Ref) []terms.Ref {
	out := slices.Clone(refs)
	for i, r := range out {
		if a, ok := terms.Lookup(r.ID); ok && r == (terms.Ref{ID: r.ID}) {
			out[i] = a.Ref
		}
	}
	return out
}

// SetRules replaces the vendor's matching rules.
func (n *Node) SetRules(ctx context.Context, r market.Rules) error {
	if n.vendor == nil {
		return errNotVendor
	}
	r.Accepts = inFull(r.Accepts)
	if err := r.Check(); err != nil {
		return fmt.Errorf("%w: %w", view.ErrInvalid, err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("set rules: %w", err)
	}
	err = n.update(ctx, func(c *change) error {
		if err := c.Put(store.Record{Kind: kindSetting, ID: settingRules, Body: body}); err != nil {
			return err
		}
		return c.note("rules.set", dagcbor.CID{}, "set the rules for answering intents")
	})
	if err != nil {
		return fmt.Errorf("set rules: %w", err)
	}
	n.vendor.mu.Lock()
	n.vendor.rules = r
	n.vendor.mu.Unlock()
	n.vendor.tellChanged()
	return nil
}

func (v *vendor) tellChanged() {
	for _, told := range []chan struct{}{v.changed, v.termsChanged} {
		select {
		case told <- struct{}{}:
		default:
		}
	}
}

// Suggestions returns intents a looser reading would match, for people to
// look at.
func (n *Node) Suggestions(ctx context.Context) ([]view.Suggestion, error) {
	if n.vendor == nil {
		return nil, errNotVendor
	}
	out := []view.Suggestion{}
	err := n.eachHeard(ctx, func(h heard) {
		for _, s := range h.body.Suggestions {
			out = append(out, view.Suggestion{Intent: h.root, Text: summary(&h.cast.Intent), Item: s.Item, Why: s.Why})
		}
	})
	return out, err
}
