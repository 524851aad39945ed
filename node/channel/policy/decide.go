package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/node/channel"
)

// Decision is what happens with an event, and why.
type Decision struct {
	Action    Action   `json:"action" doc:"notify, inbox, digest, drop"`
	Why       []Step   `json:"why" doc:"everything considered, in order; the last that decides holds"`
	Overrides []string `json:"overrides,omitempty" doc:"global preferences the channel went before"`
}

// Step is one thing that was considered.
type Step struct {
	Decides bool   `json:"decides,omitempty" doc:"it set the action"`
	Action  Action `json:"action,omitempty" doc:"what it says, if it says anything"`
	Text    string `json:"text" doc:"in plain words"`
}

// Explain returns the decision and its steps as lines of text.
func (d Decision) Explain() string {
	var b strings.Builder
	b.WriteString(string(d.Action))
	for i, s := range d.Why {
		mark := ' '
		if s.Decides {
			mark = '*'
		}
		fmt.Fprintf(&b, "\n%c %2d. %s", mark, i+1, s.Text)
	}
	if len(d.Overrides) > 0 {
		fmt.Fprintf(&b, "\noverridden: %s", strings.Join(d.Overrides, ", "))
	}
	return b.String()
}

// Decide says what happens at now with e, which has been checked, from the
// channel it is about. It changes nothing: for a dry run ask it about an event
// made up.
func (c *Compiled) Decide(e channel.Event, about Context, now time.Time) Decision {
	if about.Name == "" {
		about.Name = string(about.Vendor)
	}
	w := &weighing{c: c, ch: c.channels[about.Card], f: facts{&e, &about, c.zone, now.In(c.zone)}}
	if w.ch == nil {
		w.ch = &compiledChannel{}
	}
	w.decide()
	return w.out
}

// weighing is one decision being made.
type weighing struct {
	c   *Compiled
	ch  *compiledChannel
	f   facts
	out Decision
}

func (w *weighing) decide() {
	if w.ch.Closed {
		w.step(true, Drop, w.own()+" is closed")
		return
	}
	if w.dropsThirdParty() {
		return
	}
	if said := w.channelSays(); said != "" {
		w.goesBefore(said)
	} else {
		w.globalSays()
	}
	if w.out.Action == Notify {
		w.hush()
	}
}

// own names the channel in explanations.
func (w *weighing) own() string { return w.f.about.Name + "'s channel" }

func (w *weighing) kind() channel.Kind { return w.f.event.Kind }
func (w *weighing) recall() bool       { return w.kind() == channel.KindRecall }

func (w *weighing) step(decides bool, a Action, text string) {
	if a != "" {
		text += " → " + string(a)
	}
	if decides {
		w.out.Action = a
	}
	w.out.Why = append(w.out.Why, Step{decides, a, text})
}

func (w *weighing) override(preference, text string) {
	w.out.Overrides = append(w.out.Overrides, preference)
	w.step(false, "", text)
}

func (w *weighing) dropsThirdParty() bool {
	from := w.f.event.Data.ThirdParty
	if from == "" || !w.c.global.NoThirdParty {
		return false
	}
	const wish = "the global preference for no third-party mail"
	switch {
	case w.ch.Overrides.ThirdParty:
		w.override("global.no_third_party", fmt.Sprintf("%s takes third-party mail (this is from %s), over %s", w.own(), from, wish))
	case w.recall():
		w.step(false, "", fmt.Sprintf("this is third-party mail from %s, but a recall: %s does not hold for it", from, wish))
	default:
		w.step(true, Drop, fmt.Sprintf("this is third-party mail from %s: %s", from, wish))
		return true
	}
	return false
}

// channelSays is steps 3 and 4 of the package's order; "" when neither speaks.
func (w *weighing) channelSays() Action {
	if r := w.firstRule(w.ch.rules, w.own()); r != nil {
		return r.Do
	}
	a, ok := w.ch.Kinds[w.kind()]
	if ok {
		w.step(true, a, fmt.Sprintf("%s has its own action for kind %s", w.own(), w.kind()))
	}
	return a
}

// globalSays is steps 5 and 6.
func (w *weighing) globalSays() {
	if w.firstRule(w.c.rules, "all channels") != nil {
		return
	}
	if a, ok := w.c.global.Kinds[w.kind()]; ok {
		w.step(true, a, fmt.Sprintf("all channels have an action for kind %s", w.kind()))
		return
	}
	w.step(true, Default(w.kind()), fmt.Sprintf("nothing is said of kind %s: the default", w.kind()))
}

// firstRule returns the first rule that decides, and adds a step for each that
// was asked.
func (w *weighing) firstRule(rules []rule, of string) *rule {
	for i := range rules {
		r := &rules[i]
		match, err := r.matches(&w.f)
		head := "rule of " + of + " " + r.label
		switch {
		case err != nil:
			w.step(false, "", head+" — fails, so does not match: "+err.Error())
		case !match:
			w.step(false, "", head+" — does not match")
		case w.spares(r):
			w.step(false, "", head+" — matches, but does not speak of recalls, which it would quiet")
		default:
			w.step(true, r.Do, head)
			return r
		}
	}
	return nil
}

// spares reports whether this is a recall that r would quiet without saying so.
func (w *weighing) spares(r *rule) bool { return w.recall() && r.Do != Notify && !r.recalls }

// goesBefore notes the global rule or action that would have said otherwise,
// had the channel not decided.
func (w *weighing) goesBefore(said Action) {
	i := slices.IndexFunc(w.c.rules, func(r rule) bool {
		match, err := r.matches(&w.f)
		return err == nil && match && !w.spares(&r)
	})
	if i >= 0 {
		if r := &w.c.rules[i]; r.Do != said {
			w.override(fmt.Sprintf("global.rules[%d]", i),
				fmt.Sprintf("%s goes before the rule of all channels %q, which says %s", w.own(), r.Name, r.Do))
		}
		return
	}
	if a, ok := w.c.global.Kinds[w.kind()]; ok && a != said {
		w.override("global.kinds."+string(w.kind()),
			fmt.Sprintf("%s goes before all channels' action for kind %s, which is %s", w.own(), w.kind(), a))
	}
}

// hush is quiet hours.
func (w *weighing) hush() {
	if w.c.quiet == nil || !w.c.quiet.holds(w.f.now) {
		return
	}
	q := w.c.global.Quiet
	hours := fmt.Sprintf("it is %s, within quiet hours (%s to %s)", w.f.now.Format("15:04"), q.From, q.To)
	switch {
	case w.recall():
		w.step(false, "", hours+", but a recall notifies at any hour")
	case w.ch.Overrides.Quiet:
		w.override("global.quiet", fmt.Sprintf("%s, but %s notifies at any hour", hours, w.own()))
	default:
		w.step(true, Inbox, hours)
	}
}
