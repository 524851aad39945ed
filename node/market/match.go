package market

import (
	"strconv"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// Answer is what Match found: a draft, or the reasons why there is none.
type Answer struct {
	Draft       *Draft       `json:"draft,omitempty"`
	Ask         bool         `json:"ask,omitempty"`         // a person at the vendor decides whether the draft goes out
	Suggestions []Suggestion `json:"suggestions,omitempty"` // for that person; never part of an offer by themselves
	Reasons     []Reason     `json:"reasons,omitempty"`     // why there is no draft; none when there is one
}

// matching is one Match under way.
type matching struct {
	ask    *ask
	c      *Catalogue
	rules  *stance
	now    time.Time
	terms  terms.Ref
	fulfil *relcard.Window
	taken  map[int32]fixed // stock that earlier wants of this intent take
}

// Match holds an intent against a vendor's catalogue and rules. There is a
// draft when every want has an item that surely is it, that meets every
// required attribute, contains nothing excluded, is in stock and within the
// limits, and the vendor accepts one of the intent's terms; never where the
// intent's requirements contradict each other. Items sell at list
// price. Of several items of the same sureness (GTIN, then SKU, then name,
// then category and attributes) the one whose line costs least is chosen, at
// the same cost the one with the lower unit price, then SKU, then name.
// Wants are served in their order from one stock. The intent is only read.
//
// Where the intent states no currency, the first of the catalogue's in which
// every want has an item is used.
func Match(in *intentcast.Intent, c *Catalogue, r Rules, now time.Time) Answer {
	a, err := newAsk(in)
	if err != nil {
		return refuse(CodeMalformed, "", "the intent can't be read: "+err.Error())
	}
	s, err := newStance(r)
	if err != nil {
		return refuse(CodeMalformed, "rules", "the rules can't be read: "+err.Error())
	}
	m := &matching{ask: a, c: c, rules: s, now: now}
	if reasons := a.contradictions(); reasons != nil {
		return Answer{Reasons: reasons}
	}
	if reasons := m.gate(); reasons != nil {
		return Answer{Reasons: reasons}
	}
	if len(a.wants) == 0 { // no valid intent, but one a caller may hold
		return Answer{
			Suggestions: m.suggest(nil),
			Reasons:     []Reason{{CodeFreeText, "text", "the intent names no item; a person has to read it"}},
		}
	}
	return m.answer()
}

func refuse(code Code, on, text string) Answer {
	return Answer{Reasons: []Reason{{code, on, text}}}
}

// answer tries each currency the offer may be in.
func (m *matching) answer() Answer {
	currencies := m.c.currencies
	if m.ask.currency != "" {
		currencies = []string{m.ask.currency}
	}
	var first Answer
	for i, currency := range currencies {
		got := m.draft(currency)
		if got.Draft != nil {
			return got
		}
		if i == 0 {
			first = got
		}
	}
	if len(currencies) == 0 {
		return refuse(CodeItem, "", "the catalogue is empty")
	}
	return first
}

// gate returns why no item of this vendor could answer, and sets what the
// intent and the rules alone decide.
func (m *matching) gate() []Reason {
	in, s := m.ask.in, m.rules
	var out []Reason
	no := func(code Code, on, text string) { out = append(out, Reason{code, on, text}) }
	if in.Status != intentcast.StatusOpen {
		no(CodeClosed, "status", "the intent is "+string(in.Status))
	}
	if !m.now.Before(in.Expires.Std()) {
		no(CodeClosed, "expires", "the intent expired at "+in.Expires.String())
	}
	if s.Answer == ModeNever {
		no(CodeNever, "", "the rules say to answer nothing")
	}
	if !s.answersIn(m.ask.category) {
		no(CodeCategory, "category", "the category "+quote(in.Category.Value)+" is not one answered in")
	}
	if !s.answersAt(in.Place) {
		no(CodeArea, "place", outsideText(in.Place))
	}
	if out != nil {
		return out
	}
	if !m.chooseTerms() {
		no(CodeTerms, "terms", "terms refused: the intent asks for "+termNames(in.Terms)+"; accepted are "+termNames(s.Accepts))
	}
	if !m.chooseWindow() {
		no(CodeWindow, "window", "it can't be had within the window asked for")
	}
	return append(out, m.gateSeller()...)
}

// outsideText says why a place is in no area: words can't be found on a map.
func outsideText(p *intentcast.Place) string {
	if p.Geohash == "" && p.Region == "" {
		return "the rules name areas, and the intent its place in words only: with a geohash it could be told whether it lies in one"
	}
	return "the place is outside the areas served"
}

func (m *matching) gateSeller() (out []Reason) {
	for i := range m.ask.seller.require {
		if t := &m.ask.seller.require[i]; !t.met(m.rules.seller) {
			out = append(out, Reason{CodeSeller, at("seller.require", i), "the seller does not meet " + t.words()})
		}
	}
	if x := m.ask.excluded(m.rules.seller); x != nil {
		out = append(out, Reason{CodeExcluded, x.on, "the seller's own attributes contain " + quote(x.said) + ", which is excluded"})
	}
	return out
}

// chooseTerms takes the first of the intent's terms, in the order the person
// put them, that the vendor accepts: same id, registry, version and text.
func (m *matching) chooseTerms() bool {
	for _, t := range m.ask.in.Terms {
		for _, own := range m.rules.Accepts {
			if t == own {
				m.terms = t
				return true
			}
		}
	}
	return false
}

func termNames(refs []terms.Ref) string {
	if len(refs) == 0 {
		return "none"
	}
	s := ""
	for i, r := range refs {
		if i > 0 {
			s += ", "
		}
		s += quote(r.ID + " " + r.Version)
	}
	return s
}

// chooseWindow sets when the vendor can fulfil: after its lead time, while it
// is open, within the window asked for. It is false when that leaves nothing.
func (m *matching) chooseWindow() bool {
	var w relcard.Window
	if m.rules.Lead > 0 {
		w.From = identity.At(m.now.Add(time.Duration(m.rules.Lead)))
	}
	for _, bound := range []*relcard.Window{m.ask.in.Window, m.rules.Opening} {
		if bound == nil {
			continue
		}
		if w.From.Before(bound.From) {
			w.From = bound.From
		}
		if !bound.Until.IsZero() && (w.Until.IsZero() || bound.Until.Before(w.Until)) {
			w.Until = bound.Until
		}
	}
	if !w.Until.IsZero() && (!w.From.Before(w.Until) || !m.now.Before(w.Until.Std())) {
		return false
	}
	if w != (relcard.Window{}) {
		m.fulfil = &w
	}
	return true
}

// words says a constraint the way a person would.
func (t *test) words() string {
	s := quote(t.said)
	switch {
	case t.op == intentcast.OpExists || t.wantsTrue():
		return s
	case t.op == intentcast.OpIn:
		return s + " in " + strconv.Itoa(len(t.values)) + " values"
	}
	return s + " " + string(t.op) + " " + t.values[0].words()
}

func (f *fact) words() string {
	switch f.typ {
	case intentcast.TypeNumber:
		s, _ := f.num.abs.plain()
		if f.num.neg {
			s = "-" + s
		}
		if f.unit != "" {
			s += " " + f.unit
		}
		return s
	case intentcast.TypeTime:
		s := int64(f.num.abs.lo)
		if f.num.neg {
			s = -s
		}
		return identity.At(time.Unix(s, 0)).String()
	}
	return quote(f.text)
}
