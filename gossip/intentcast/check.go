package intentcast

import (
	"golang.org/x/text/language"

	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// IntentType is the Type of every Intent.
const IntentType = "intentcast"

// Check reports whether in is well formed: everything that holds at any time.
// The error is an *InvalidError naming the field. See CheckTime for the rest.
func (in *Intent) Check() error { return in.check().err() }

func (in *Intent) check() *InvalidError {
	if e := in.checkHeader(); e != nil {
		return e
	}
	if in.Status != StatusOpen {
		return in.checkClosed()
	}
	return in.checkOpen()
}

func (in *Intent) checkHeader() *InvalidError {
	switch {
	case in.Version != BodyVersion:
		return invalid("v", "version %d: only %d is known", in.Version, BodyVersion)
	case in.Type != IntentType:
		return invalid("type", "%.20q, want %q", in.Type, IntentType)
	case !in.Author.IsKey() || len(in.Author) > maxDID:
		return invalid("author", "%.80q is not a did:key", string(in.Author))
	}
	if e := in.checkChain(); e != nil {
		return e
	}
	if e := checkLife(in.Created, in.Expires); e != nil {
		return e
	}
	if e := in.Category.check(); e != nil {
		return e.in("category")
	}
	if in.Place != nil {
		return in.Place.check().in("place")
	}
	return nil
}

// checkChain holds the rules of succession that one body shows by itself.
func (in *Intent) checkChain() *InvalidError {
	switch in.Status {
	case StatusOpen, StatusWithdrawn, StatusFulfilled:
	default:
		return invalid("status", "unknown status %.20q", string(in.Status))
	}
	switch {
	case in.Seq > maxSeq:
		return invalid("seq", "%d, at most %d is allowed", in.Seq, maxSeq)
	case in.Seq == 0 && !in.Root.IsZero():
		return invalid("root", "set in the first of its line")
	case in.Seq == 0 && !in.Prev.IsZero():
		return invalid("prev", "set in the first of its line")
	case in.Seq == 0 && in.Status != StatusOpen:
		return invalid("status", "%q in the first of its line", string(in.Status))
	case in.Seq > 0 && in.Root.IsZero():
		return invalid("root", "is missing in a successor")
	case in.Seq > 0 && in.Prev.IsZero():
		return invalid("prev", "is missing in a successor")
	case in.Seq == 1 && in.Prev != in.Root:
		return invalid("prev", "the second of a line succeeds its root")
	case in.Seq > 1 && in.Prev == in.Root:
		return invalid("prev", "only the second of a line succeeds its root")
	}
	return nil
}

// checkClosed refuses everything beside the header, which stays so that the
// end travels where the intent did.
func (in *Intent) checkClosed() *InvalidError {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"text", in.Text != ""}, {"lang", in.Language != ""}, {"items", in.Items != nil},
		{"seller", !in.Seller.IsZero()}, {"exclude", in.Exclude != nil}, {"window", in.Window != nil},
		{"budget", in.Budget != nil}, {"memberships", in.Memberships != nil}, {"terms", in.Terms != nil},
		{"responders", in.MaxResponders != 0}, {"reply", in.Reply != nil}, {"private", in.Private != nil},
	} {
		if f.set {
			return invalid(f.name, "set in an intent that is %s", in.Status)
		}
	}
	return nil
}

func (in *Intent) checkOpen() *InvalidError {
	if e := in.checkWording(); e != nil {
		return e
	}
	var currency string
	if in.Budget != nil {
		if e := checkMoney("budget", *in.Budget, &currency); e != nil {
			return e
		}
	}
	if n := len(in.Items); n < 1 || n > MaxItems {
		return invalid("items", "%d entries, 1 to %d are allowed", n, MaxItems)
	}
	for i := range in.Items {
		if e := in.Items[i].check(&currency); e != nil {
			return e.at("items", i)
		}
	}
	if e := in.Seller.check(); e != nil {
		return e.in("seller")
	}
	if e := in.checkExclude(); e != nil {
		return e
	}
	if e := checkWindow("window", in.Window); e != nil {
		return e
	}
	if e := checkNames("memberships", in.Memberships); e != nil {
		return e
	}
	return in.checkAnswering()
}

func (in *Intent) checkWording() *InvalidError {
	if e := checkText("text", in.Text, 0, maxText, true); e != nil {
		return e
	}
	if in.Language == "" {
		return nil
	}
	if in.Text == "" {
		return invalid("lang", "names the language of no text")
	}
	// Raw: the form is checked, deprecated subtags are left as written.
	if tag, err := language.Raw.Parse(in.Language); len(in.Language) > maxLanguage || err != nil || tag.String() != in.Language {
		return invalid("lang", "%.40q is not a BCP 47 tag in its usual writing", in.Language)
	}
	return nil
}

// checkAnswering holds the rules of what an answer needs: terms that bind it,
// how many are taken, where they go, what is kept back for later.
func (in *Intent) checkAnswering() *InvalidError {
	if e := checkTerms(in.Terms); e != nil {
		return e
	}
	if in.MaxResponders > maxResponder {
		return invalid("responders", "%d, at most %d are allowed", in.MaxResponders, maxResponder)
	}
	if in.Reply == nil {
		return invalid("reply", "is missing")
	}
	if e := in.Reply.check(); e != nil {
		return e.in("reply")
	}
	if len(in.Private) > maxList {
		return invalid("private", "%d entries, at most %d are allowed", len(in.Private), maxList)
	}
	for i := range in.Private {
		if e := in.Private[i].check(); e != nil {
			return e.at("private", i)
		}
	}
	return nil
}

func (in *Intent) checkExclude() *InvalidError {
	if len(in.Exclude) > maxList {
		return invalid("exclude", "%d entries, at most %d are allowed", len(in.Exclude), maxList)
	}
	for i, x := range in.Exclude {
		if e := first(checkProperty("property", x.Property), checkOptional("text", x.Text)); e != nil {
			return e.at("exclude", i)
		}
	}
	return nil
}

func checkTerms(refs []terms.Ref) *InvalidError {
	if n := len(refs); n < 1 || n > maxTerms {
		return invalid("terms", "%d entries, 1 to %d are allowed", n, maxTerms)
	}
	for i, ref := range refs {
		if err := ref.Check(); err != nil {
			return invalid("", "%s", err).at("terms", i)
		}
		for _, other := range refs[:i] {
			if other == ref {
				return invalid("", "%.40q stands twice", ref.ID).at("terms", i)
			}
		}
	}
	return nil
}

func checkWindow(field string, w *relcard.Window) *InvalidError {
	switch {
	case w == nil:
	case w.From.IsZero() && w.Until.IsZero():
		return invalid(field, "neither from nor until is set")
	case !w.From.IsZero() && !w.Until.IsZero() && !w.From.Before(w.Until):
		return invalid(field, "ends at %s, not after %s", w.Until, w.From)
	}
	return nil
}

func (w *Want) check(currency *string) *InvalidError {
	if w.Name == "" && w.GTIN == "" && w.SKU == "" && len(w.Wishes.Require) == 0 {
		return invalid("", "names nothing: no name, GTIN, SKU or required attribute")
	}
	if e := first(
		checkOptional("name", w.Name),
		checkGTIN("gtin", w.GTIN),
		checkText("sku", w.SKU, 0, maxProperty, false),
		checkPositive("qty", w.Quantity),
		checkUnit("unit", w.Unit),
	); e != nil {
		return e
	}
	if w.MaxPrice != nil {
		if e := checkMoney("max", *w.MaxPrice, currency); e != nil {
			return e
		}
	}
	if w.KnownPrice != nil {
		if e := checkMoney("known", *w.KnownPrice, currency); e != nil {
			return e
		}
	}
	return w.Wishes.check().in("wishes")
}
