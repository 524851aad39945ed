package odrl

import (
	"fmt"
	"maps"
	"slices"

	"github.com/parley-network/parley/relcard/terms"
)

// level is what a policy says of a practice.
type level int

const (
	prohibited level = iota + 1
	permitted
	owed
)

// practice is what a rule is about. The names are those of [terms.Practices].
type practice struct {
	name  string
	third bool // by a third party
}

// String names the practice as in an agreement.
func (p practice) String() string {
	if p.third {
		return "third-party-" + p.name
	}
	return p.name
}

// The practices that rules can be about. Anonymised sharing and sharing are
// with third parties, whoever is said to do them.
var (
	delivery   = practice{name: "service-delivery"}
	analytics  = practice{name: "analytics"}
	tracking   = practice{name: "tracking"}
	profiling  = practice{name: "profiling"}
	anonymised = practice{name: "anonymised-sharing"}
	portable   = practice{name: "portability"}
	sharing    = practice{name: "sharing"}
	publicGood = practice{name: "public-good"}
)

// facts collects what a policy says.
type facts struct {
	said    map[practice]level
	unknown map[string]bool // permissions and duties that Rules can't say
	stated  bool            // the policy has a rule at all
}

// maxUnknown is the most permissions and duties that Rules can't say; no
// agreement has any.
const maxUnknown = 64

func newFacts() *facts { return &facts{said: map[practice]level{}, unknown: map[string]bool{}} }

// say records one fact. That the same is permitted and prohibited is an error,
// whatever the policy's conflict strategy: no reader should have to choose.
func (f *facts) say(p practice, l level, where string) error {
	f.stated = true
	old := f.said[p]
	if (old == prohibited) != (l == prohibited) && old != 0 {
		return fmt.Errorf("%s: %s is both allowed and prohibited", where, p)
	}
	f.said[p] = max(old, l)
	return nil
}

// grant records a permission or duty that Rules can't say.
func (f *facts) grant(what, where string) error {
	f.stated, f.unknown[what] = true, true
	if len(f.unknown) > maxUnknown {
		return fmt.Errorf("%s: more than %d permissions and duties that no agreement has", where, maxUnknown)
	}
	return nil
}

// rules returns what was said as Rules: what was not said is prohibited, save
// that silence about portability leaves it optional, for it imposes no duty
// and takes nothing from the person. The second result is what Rules can't
// say.
func (f *facts) rules() (terms.Rules, []string) {
	of := func(p practice, may, silent terms.Rule) terms.Rule {
		switch f.said[p] {
		case owed:
			return terms.Must
		case permitted:
			return may
		case prohibited:
			return terms.No
		}
		return silent
	}
	r := terms.Rules{
		ServiceDelivery:   of(delivery, terms.Yes, terms.No),
		Analytics:         of(analytics, terms.Yes, terms.No),
		Tracking:          of(tracking, terms.Yes, terms.No),
		Profiling:         of(profiling, terms.Yes, terms.No),
		AnonymisedSharing: of(anonymised, terms.Yes, terms.No),
		Portability:       of(portable, terms.Optional, terms.Optional),
	}
	unknown := slices.Collect(maps.Keys(f.unknown))
	for p, l := range f.said {
		if l != prohibited && (p.third || p == sharing || p == publicGood) {
			unknown = append(unknown, p.String())
		}
	}
	slices.Sort(unknown)
	return r, unknown
}
