package market

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

// Mode is whether a draft goes out by itself.
type Mode string

// A vendor answers by itself, asks a person first, or stays silent. Empty is
// ask: nobody is bound by an offer they did not decide on.
const (
	ModeAuto  Mode = "auto"
	ModeAsk   Mode = "ask"
	ModeNever Mode = "never"
)

// Rules say which intents a vendor answers, and how. Their JSON and TOML
// forms have the same keys. Empty lists of areas and categories stand for all;
// an empty Accepts accepts no terms, and so answers nothing.
type Rules struct {
	Answer      Mode                   `json:"answer,omitempty" toml:"answer,omitempty" doc:"auto, ask or never: whether drafts go out by themselves; ask when left out"`
	Seller      []intentcast.Attribute `json:"seller,omitempty" toml:"seller,omitempty" doc:"what holds of the vendor itself"`
	Accepts     []terms.Ref            `json:"accepts,omitempty" toml:"accepts,omitempty" doc:"agreements accepted; none: nothing is answered"`
	Areas       []Area                 `json:"areas,omitempty" toml:"areas,omitempty" doc:"where it delivers; anywhere when left out"`
	Categories  []intentcast.Category  `json:"categories,omitempty" toml:"categories,omitempty" doc:"what it answers, with all beneath them; all when left out"`
	Memberships []string               `json:"memberships,omitempty" toml:"memberships,omitempty" doc:"programmes honoured"`
	Lead        Duration               `json:"lead,omitempty" toml:"lead,omitempty" doc:"ISO 8601 duration: the least time from an intent to its fulfilment"`
	Opening     *relcard.Window        `json:"opening,omitempty" toml:"opening,omitempty" doc:"when the vendor fulfils at all"`
	MinOrder    *money.Money           `json:"min_order,omitempty" toml:"min_order,omitempty" doc:"smallest total"`
	OfferLife   Duration               `json:"offer_life,omitempty" toml:"offer_life,omitempty" doc:"ISO 8601 duration, at most 7 days: how long an offer stands; a day when left out"`
	Text        string                 `json:"text,omitempty" toml:"text,omitempty" doc:"free text of every offer"`

	Requests  negotiation.Policy `json:"requests,omitempty" toml:"requests,omitempty" doc:"who may proffer terms: anyone, known, card; anyone when left out"`
	NoCounter bool               `json:"no_counter,omitempty" toml:"no_counter,omitempty" doc:"refuse terms not accepted, and name no other"`
	Comply    Mode               `json:"comply,omitempty" toml:"comply,omitempty" doc:"whether demands to delete or copy data are met without a person: auto or ask; auto when left out"`
	Keeps     []string           `json:"keeps,omitempty" toml:"keeps,omitempty" doc:"data taken from people, by path or kind, such as emails or addresses/home; all when left out"`
}

// Takes reports whether the vendor keeps data of the given path.
func (r Rules) Takes(path string) bool {
	kind, _, _ := strings.Cut(path, "/")
	return len(r.Keeps) == 0 || slices.Contains(r.Keeps, path) || slices.Contains(r.Keeps, kind)
}

// RequestPolicy returns who may proffer.
func (r Rules) RequestPolicy() negotiation.Policy {
	if r.Requests == "" {
		return negotiation.Anyone
	}
	return r.Requests
}

const (
	defaultOfferLife = 24 * time.Hour
	maxOfferLife     = intentcast.MaxLife
	maxFreeText      = 2048 // bytes, as an offer allows
)

// Check names the first thing wrong with the rules.
func (r Rules) Check() error {
	_, err := newStance(r)
	return err
}

// stance is rules made ready to match.
type stance struct {
	Rules
	seller     []fact
	categories []category
	minOrder   *fixed
}

func newStance(r Rules) (*stance, error) {
	s := &stance{Rules: r}
	if !slices.Contains([]Mode{"", ModeAuto, ModeAsk, ModeNever}, r.Answer) {
		return nil, fmt.Errorf("answer: %s is not auto, ask or never", quote(string(r.Answer)))
	}
	if err := r.RequestPolicy().Check(); err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	if !slices.Contains([]Mode{"", ModeAuto, ModeAsk}, r.Comply) {
		return nil, fmt.Errorf("comply: %s is not auto or ask", quote(string(r.Comply)))
	}
	var err error
	if s.seller, err = newFacts(r.Seller); err != nil {
		return nil, fmt.Errorf("seller: %w", err)
	}
	for i, t := range r.Accepts {
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", at("accepts", i), err)
		}
	}
	if len(r.Text) > maxFreeText {
		return nil, fmt.Errorf("text has %d bytes, more than %d", len(r.Text), maxFreeText)
	}
	for i, a := range r.Areas {
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", at("areas", i), err)
		}
	}
	for i, c := range r.Categories {
		k, err := newCategory(c)
		if err == nil && k.path == "" {
			err = errors.New("category is empty")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at("categories", i), err)
		}
		s.categories = append(s.categories, k)
	}
	if r.MinOrder != nil {
		least, err := price(*r.MinOrder)
		if err != nil {
			return nil, fmt.Errorf("min_order: %w", err)
		}
		s.minOrder = &least
	}
	return s, s.checkTimes()
}

func (s *stance) checkTimes() error {
	if s.Lead < 0 {
		return errors.New("lead is negative")
	}
	if s.OfferLife < 0 || time.Duration(s.OfferLife) > maxOfferLife {
		return errors.New("offer_life is negative or more than 7 days")
	}
	if s.OfferLife == 0 {
		s.OfferLife = Duration(defaultOfferLife)
	}
	if w := s.Opening; w != nil && !w.Until.IsZero() && w.Until.Before(w.From) {
		return errors.New("opening ends before it begins")
	}
	return nil
}

// answersIn reports whether the vendor answers in the category: one of its own
// holds it, or lies beneath it, for an intent may name its category broadly.
func (s *stance) answersIn(c category) bool {
	return len(s.categories) == 0 || slices.ContainsFunc(s.categories, func(own category) bool {
		return c.within(own) || own.within(c)
	})
}

// answersAt reports whether the vendor serves the place; no place is anywhere.
func (s *stance) answersAt(p *intentcast.Place) bool {
	return p == nil || len(s.Areas) == 0 || slices.ContainsFunc(s.Areas, func(a Area) bool { return a.serves(p) })
}
