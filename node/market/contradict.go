package market

import (
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
)

// Contradictions returns which of an intent's required wishes nothing can meet
// together: what must be there and must not, must be of a value and must not,
// or is required and excluded. Such an intent has no answer, and it helps its
// author more to hear so than to wait. An intent that can't be read has none.
func Contradictions(in *intentcast.Intent) []Reason {
	a, err := newAsk(in)
	if err != nil {
		return nil
	}
	return a.contradictions()
}

func (a *ask) contradictions() (out []Reason) {
	for i := range a.wants {
		out = append(out, a.contradict(a.wants[i].wishes.require, a.wants[i].on+".wishes")...)
	}
	return append(out, a.contradict(a.seller.require, "seller")...)
}

// contradict returns a reason for each test that one before it, or an
// exclusion, rules out.
func (a *ask) contradict(require []test, on string) (out []Reason) {
	for i := range require {
		t := &require[i]
		no := func(against string) {
			out = append(out, Reason{CodeContrary, on + "." + at("require", i), "nothing can meet " + t.words() + " and " + against})
		}
		if x := a.names(t.property); x != nil && !t.wantsFalse() && !t.takesBoth() {
			no("not contain it, as " + x.on + " says")
			continue
		}
		for j := range require[:i] {
			if o := &require[j]; o.property == t.property && t.against(o) {
				no(o.words())
				break
			}
		}
	}
	return out
}

// wantsFalse reports whether t is met only where it is said that there is no
// such thing: every other test wants a statement that there is.
func (t *test) wantsFalse() bool {
	if t.typ != intentcast.TypeBool {
		return false
	}
	switch t.op {
	case intentcast.OpEq, intentcast.OpIn:
		for i := range t.values {
			if t.values[i].text != "false" {
				return false
			}
		}
		return true
	case intentcast.OpNe:
		return t.values[0].text == "true"
	}
	return false
}

// against reports whether no statements on their property meet both t and o.
// Different values are no contradiction: a thing may be red and blue.
func (t *test) against(o *test) bool {
	if t.wantsFalse() != o.wantsFalse() {
		return !t.takesBoth() && !o.takesBoth()
	}
	if t.op == intentcast.OpEq && o.op == intentcast.OpNe {
		t, o = o, t
	}
	return t.op == intentcast.OpNe && o.op == intentcast.OpEq && t.typ == o.typ && t.values[0].equal(&o.values[0])
}

// takesBoth reports whether t takes either truth value.
func (t *test) takesBoth() bool {
	return t.typ == intentcast.TypeBool && t.op == intentcast.OpIn && !t.wantsFalse() &&
		slices.ContainsFunc(t.values, func(f fact) bool { return f.text == "false" })
}
