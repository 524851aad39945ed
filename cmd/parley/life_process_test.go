package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/negotiation"
)

// A person and three vendors, each a process of its own and none of the
// vendors connected to the person, live through a relationship from the first
// proffer to the end. After each step both sides of every relationship hold
// the same record, byte for byte; what is left of it is judged by a stranger
// with no keys and no network; and no two vendors hold anything by which they
// could tell that they deal with one person.
func TestLifeInProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("runs six nodes for a minute")
	}
	l := newLife(t)
	for _, s := range []struct {
		name string
		do   func()
	}{
		{"a proffer is accepted", l.profferAccepted},
		{"a proffer is countered, and the person decides", l.profferCountered},
		{"a proffer is refused", l.profferRefused},
		{"an offer to an intent is accepted", l.offerAccepted},
		{"data is disclosed, some of it marked", l.disclose},
		{"a change is announced for later", l.changeLater},
		{"the address changes", l.changeAddress},
		{"the change is undone", l.undoChange},
		{"events come by the channels", l.sendEvents},
		{"one channel is narrowed, one deleted", l.closeChannel},
		{"the vendor amends", l.vendorAmends},
		{"the person amends", l.personAmends},
		{"an amendment is declined", l.amendmentDeclined},
		{"loyalty is stated", l.stateLoyalty},
		{"a copy is demanded", l.demandCopy},
		{"data is taken back, and deleted by people", l.retract},
		{"what was announced takes effect", l.laterHasCome},
		{"the person ends", l.personEnds},
		{"a vendor ends", l.vendorEnds},
	} {
		l.step(s.name, s.do)
	}
	l.step("the records leave the nodes", l.export)
	l.judgeAlone()
	for _, p := range []*proc{l.pat, l.florist, l.gym, l.baker} {
		p.stop()
		checkFolder(t, p)
		l.capture(p)
	}
	l.checkUnlinkable()
}

func (l *life) profferAccepted() {
	l.cards[l.florist] = l.agreed(l.florist, l.proffer(l.florist, "SD-BASE-DP", "SD-BASE"), "SD-BASE-DP")
}

func (l *life) profferCountered() {
	talk := l.proffer(l.gym, "SD-BASE")
	v := l.talk(l.gym, talk, negotiation.StateCountered)
	if !v.Asks || v.Terms == nil || v.Terms.ID != "SD-BASE-AT" || !v.Card.IsZero() {
		l.t.Fatalf("the counter is %v, asks %v, card %s", v.Terms, v.Asks, v.Card)
	}
	try(l.pat.api().Decide(l.ctx, talk, true, ""))(l.t)
	l.cards[l.gym] = l.agreed(l.gym, talk, "SD-BASE-AT")
}

// profferRefused leaves no card, and the reason on both sides.
func (l *life) profferRefused() {
	v := l.talk(l.baker, l.proffer(l.baker, "SD-BASE-DP"), negotiation.StateRefused)
	if v.Why == "" || v.Terms != nil {
		l.t.Errorf("refused because %q, with %v", v.Why, v.Terms)
	}
	if got := try(l.baker.api().Cards(l.ctx))(l.t); len(got) != 0 {
		l.t.Errorf("the baker holds %d cards after a refusal", len(got))
	}
}

func (l *life) offerAccepted() {
	w := wanting("Bread")
	w.Private = map[string]string{"door": "the green one, ring twice"}
	var in view.Intent
	var offers []view.Offer
	var asked time.Time
	l.until("the baker's offer", func() bool {
		if time.Since(asked) > 5*time.Second { // what is cast while nodes only get to know each other may not reach all
			in, asked = try(l.pat.api().Cast(l.ctx, w))(l.t), time.Now()
		}
		offers = try(l.pat.api().Offers(l.ctx, in.Root))(l.t)
		return len(offers) > 0
	})
	try(l.pat.api().Release(l.ctx, view.ReleaseWant{Offer: offers[0].ID, Names: []string{"door"}}))(l.t)
	l.until("the baker knows the door", func() bool {
		got := try(l.baker.api().Released(l.ctx, in.Root))(l.t)
		return len(got) == 1 && got[0].Detail == w.Private["door"]
	})
	card := try(l.pat.api().Accept(l.ctx, offers[0].ID))(l.t).ID
	l.until("the offer's card is in force", func() bool { return l.both(l.baker, card, "active") })
	l.cards[l.baker] = card
	if body := l.card(l.baker, card).Body; body.Offer != offers[0].ID || body.Intent != in.Root || !body.Proffer.IsZero() {
		l.t.Errorf("the card comes of offer %s, intent %s, proffer %s", body.Offer, body.Intent, body.Proffer)
	}
}

const (
	oldHome = "12 Elm Street, Grand Rapids, MI 49503, US"
	newHome = "7 Oak Avenue, Lansing, MI 48906, US"
	mailbox = "@post.example" // whoever has a catch-all there has a mailbox for each vendor
	myName  = "Patricia Marlowe"
	oldCall = "+1 616 555 0100"
	newCall = "+1 517 555 0199"

	memberNumber = "9410-2276-5531" // never told
)

// disclose gives everybody the address and the number as they are, the florist
// and the gym a mailbox each of its own, and the gym a name of its own.
func (l *life) disclose() {
	for path, text := range map[string]string{
		"addresses/home": oldHome, "emails/home": "pat" + mailbox, "name": myName, "phones/mobile": oldCall,
	} {
		try(l.pat.api().SetPiece(l.ctx, path, view.ChangeWant{Text: text}))(l.t)
	}
	share := func(p *proc, canary string, paths ...string) {
		w := view.ShareWant{Paths: paths, Purpose: []string{"delivery"}, Canary: canary}
		try(l.pat.api().Share(l.ctx, l.cards[p], w))(l.t)
	}
	for _, p := range l.vendors() {
		share(p, "", "addresses/home", "phones/mobile")
	}
	share(l.florist, "catchall", "emails/home")
	share(l.gym, "catchall", "emails/home")
	share(l.florist, "initials", "name")
	share(l.gym, "initials", "name")
	for _, p := range l.vendors() {
		l.recorded(p, "addresses/home", oldHome)
		l.recorded(p, "phones/mobile", "616")
	}
	for _, path := range []string{"emails/home", "name"} {
		a, b := l.recorded(l.florist, path, ""), l.recorded(l.gym, path, "")
		plain := map[string]string{"emails/home": "pat" + mailbox, "name": myName}[path]
		if a == b || a == plain || b == plain {
			l.t.Errorf("the marked values of %s are %q and %q", path, a, b)
		}
		leak := try(l.pat.api().CheckLeak(l.ctx, b))(l.t)
		if !leak.Certain || len(leak.Hits) != 1 || leak.Hits[0].Card != l.cards[l.gym] {
			l.t.Errorf("%s leaked, and the finding is %+v", b, leak)
		}
	}
}

// changeLater announces a number that holds from a moment to come.
func (l *life) changeLater() {
	l.from = identity.At(time.Now().Add(8 * time.Second))
	change := try(l.pat.api().SetPiece(l.ctx, "phones/mobile", view.ChangeWant{Text: newCall, From: l.from}))(l.t)
	l.confirmed(change.ID, l.vendors()...)
	for _, p := range l.vendors() {
		s := l.newest(p, p, "phones/mobile")
		if s.From != l.from || !strings.Contains(s.Text, "517") {
			l.t.Errorf("%s holds %q from %s", p.name, s.Text, s.From)
		}
	}
}

func (l *life) changeAddress() {
	change := try(l.pat.api().SetPiece(l.ctx, "addresses/home", view.ChangeWant{Text: newHome}))(l.t)
	l.moved = change.ID
	l.confirmed(change.ID, l.vendors()...)
	for _, p := range l.vendors() {
		l.recorded(p, "addresses/home", newHome)
		for _, s := range try(p.api().Shared(l.ctx, l.cards[p], "addresses/home"))(l.t) {
			if strings.Contains(string(s.Value), "Elm") {
				l.t.Errorf("%s still holds the address of before: %s", p.name, s.Value)
			}
		}
	}
}

func (l *life) undoChange() {
	undo := try(l.pat.api().UndoChange(l.ctx, l.moved))(l.t)
	l.confirmed(undo.ID, l.vendors()...)
	for _, p := range l.vendors() {
		l.recorded(p, "addresses/home", oldHome)
	}
	if v := try(l.pat.api().Change(l.ctx, l.moved))(l.t); v.Undone != undo.ID || undo.Undoes != l.moved {
		l.t.Errorf("the change is undone by %q, want %q, which undoes %q", v.Undone, undo.ID, undo.Undoes)
	}
}

// sendEvents has the florist send one of each kind, and mail of a third party.
func (l *life) sendEvents() {
	paid := money.Money{Currency: "EUR", Amount: "30"}
	err := l.pat.api().SetChannelPolicy(l.ctx, policy.Policy{Version: 1,
		Global: policy.Global{NoThirdParty: true},
		Channels: map[dagcbor.CID]policy.Channel{l.cards[l.florist]: {
			Rules: []policy.Rule{{Name: "large sums", When: "event.kind == 'receipt' && event.amount > 20.0", Do: policy.Notify}},
		}},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range []struct {
		kind string
		data channel.Data
		want string
	}{
		{"receipt", channel.Data{Title: "For tulips", Amount: paid}, "notify"},
		{"order", channel.Data{Title: "Tulips are on their way"}, "notify"},
		{"recall", channel.Data{Title: "A vase that cracks", Serial: "V-17"}, "notify"},
		{"renewal", channel.Data{Title: "Flowers each week", Renews: identity.At(time.Now().AddDate(0, 1, 0))}, "notify"},
		{"offer", channel.Data{Title: "Roses for less", Amount: paid}, "digest"},
		{"message", channel.Data{Title: "Thank you"}, "inbox"},
		{"message", channel.Data{Title: "A word of our partner's", ThirdParty: "Partner Ltd"}, "drop"},
	} {
		w := view.EventWant{Kind: e.kind, Data: e.data}
		if d := try(l.pat.api().TryEvent(l.ctx, l.cards[l.florist], w))(l.t); string(d.Action) != e.want {
			l.t.Errorf("%s %q would be a case for %s, want %s: %v", e.kind, e.data.Title, d.Action, e.want, d.Why)
		}
		try(l.florist.api().SendEvent(l.ctx, l.cards[l.florist], w))(l.t)
		l.events[e.data.Title] = e.want
	}
	try(l.gym.api().SendEvent(l.ctx, l.cards[l.gym], view.EventWant{Kind: "message", Data: channel.Data{Title: "Open on Sunday"}}))(l.t)
	l.events["Open on Sunday"] = "inbox"
	l.inbox()
}

// closeChannel leaves the florist's channel to receipts, and deletes the gym's.
func (l *life) closeChannel() {
	try(l.pat.api().SetChannel(l.ctx, l.cards[l.florist], view.ChannelWant{Open: true, Welcome: []string{"receipt"}}))(l.t)
	try(l.pat.api().SetChannel(l.ctx, l.cards[l.gym], view.ChannelWant{}))(l.t)
	l.until("the vendors' nodes have been told", func() bool {
		f := try(l.florist.api().Channel(l.ctx, l.cards[l.florist]))(l.t)
		g := try(l.gym.api().Channel(l.ctx, l.cards[l.gym]))(l.t)
		return !g.Open && f.Open && slices.Equal(f.Welcome, []string{"receipt"})
	})
	for _, p := range []*proc{l.florist, l.gym} {
		_, err := p.api().SendEvent(l.ctx, l.cards[p], view.EventWant{Kind: "offer", Data: channel.Data{Title: "One more thing"}})
		if !errors.Is(err, view.ErrConflict) {
			l.t.Errorf("an offer of %s's by a channel that does not take it: %v", p.name, err)
		}
	}
	paid := channel.Data{Title: "For a vase", Amount: money.Money{Currency: "EUR", Amount: "5"}}
	try(l.florist.api().SendEvent(l.ctx, l.cards[l.florist], view.EventWant{Kind: "receipt", Data: paid}))(l.t)
	l.events[paid.Title] = "inbox"
	l.inbox()
}

// inbox waits until every event has come, and is where it is to be.
func (l *life) inbox() {
	l.t.Helper()
	want := maps.Clone(l.events)
	maps.DeleteFunc(want, func(_, action string) bool { return action == "drop" })
	var got map[string]string
	l.untilOr("every event in its place", func() bool {
		got = make(map[string]string)
		for _, e := range try(l.pat.api().Inbox(l.ctx, false))(l.t) {
			got[e.Title] = e.Action
		}
		taken := 0
		for _, c := range try(l.pat.api().Channels(l.ctx))(l.t) {
			taken += c.Taken
		}
		return taken == len(l.events) && maps.Equal(got, want)
	}, func() string { return fmt.Sprintf("the inbox has %v, want %v", got, want) })
}

func (l *life) vendorAmends() {
	term := &relcard.Term{Until: identity.At(time.Now().AddDate(1, 0, 0)), Every: "P1Y", Renews: true}
	l.amend(l.florist, l.pat, l.florist, view.Amendment{Term: term})
	if b := l.card(l.pat, l.cards[l.florist]).Body; b.Term == nil || *b.Term != *term || b.Seq != 1 {
		l.t.Errorf("in force is version %d with term %v", b.Seq, b.Term)
	}
}

func (l *life) personAmends() {
	where := "US-MI"
	l.amend(l.pat, l.baker, l.baker, view.Amendment{Jurisdiction: &where})
	if v := l.card(l.baker, l.cards[l.baker]); v.Body.Jurisdiction != where || v.Body.Seq != 1 {
		l.t.Errorf("in force is version %d under the law of %q", v.Body.Seq, v.Body.Jurisdiction)
	}
}

// amendmentDeclined leaves the version before in force, and the no on record.
func (l *life) amendmentDeclined() {
	card := l.cards[l.gym]
	try(l.gym.api().AmendCard(l.ctx, card, view.Amendment{Terms: "SD-BASE-ATP"}))(l.t)
	l.until("the person is asked", func() bool { return l.card(l.pat, card).State == "amending" })
	try(l.pat.api().DeclineCard(l.ctx, card, "no profiling"))(l.t)
	l.until("the gym is told", func() bool { return l.both(l.gym, card, "active") })
	for _, p := range []*proc{l.pat, l.gym} {
		if v := l.card(p, card); v.Body.Terms.ID != "SD-BASE-AT" || v.Body.Seq != 0 {
			l.t.Errorf("in force at %s is version %d with %s", p.name, v.Body.Seq, v.Body.Terms.ID)
		}
	}
	if _, err := l.pat.api().SignCard(l.ctx, card); !errors.Is(err, view.ErrConflict) {
		l.t.Errorf("a declined version can still be signed: %v", err)
	}
}

func (l *life) stateLoyalty() {
	if err := l.pat.api().PutProgramme(l.ctx, view.Programme{Name: "Petals", Issuer: "Flora", Number: memberNumber}); err != nil {
		l.t.Fatal(err)
	}
	w := view.LoyaltyWant{Level: "regular", Text: "Each Friday since spring", Programmes: []string{"Petals"}}
	try(l.pat.api().StateLoyalty(l.ctx, l.cards[l.florist], w))(l.t)
	var at view.Relationship
	l.until("the florist hears of it", func() bool {
		at = l.record(l.florist, l.florist)
		return at.Person[len(at.Person)-1].Kind == "loyalty"
	})
	if s := fmt.Sprint(at.Person); !strings.Contains(s, w.Text) || strings.Contains(s, memberNumber) {
		l.t.Errorf("the florist reads %s", s)
	}
}

func (l *life) demandCopy() {
	d := try(l.pat.api().Demand(l.ctx, l.cards[l.florist], view.DemandWant{What: "copy"}))(l.t)
	l.until("the copy has come", func() bool { return l.demand(l.florist, d.ID).State == "complied" })
	got := make(map[string]int)
	for _, p := range l.demand(l.florist, d.ID).Copy {
		got[p.Path]++
	}
	for _, path := range []string{"addresses/home", "emails/home", "name", "phones/mobile"} {
		if got[path] == 0 {
			l.t.Errorf("the copy has no %s: %v", path, got)
		}
	}
}

// retract takes the mailbox back from the gym, whose people answer demands
// themselves.
func (l *life) retract() {
	s := l.newest(l.pat, l.gym, "emails/home")
	try(l.pat.api().Retract(l.ctx, l.cards[l.gym], []uint64{s.Item}, "too much mail"))(l.t)
	d := try(l.pat.api().Demand(l.ctx, l.cards[l.gym], view.DemandWant{What: "delete", Items: []uint64{s.Item}}))(l.t)
	l.complyByHand(l.gym, d.ID)
}

// laterHasCome waits for what changeLater announced, over a restart of every
// node: what is due then is done at once.
func (l *life) laterHasCome() {
	l.until("the moment has come", func() bool { return time.Now().After(l.from.Std()) })
	for _, p := range append(l.vendors(), l.pat) {
		p.stop()
		l.capture(p)
		p.start()
	}
	l.until("the new number holds, and the old one is deleted", func() bool {
		return !slices.ContainsFunc(l.vendors(), func(p *proc) bool {
			held := fmt.Sprint(try(p.api().Shared(l.ctx, l.cards[p], "phones/mobile"))(l.t))
			mine := l.newest(l.pat, p, "phones/mobile")
			return strings.Contains(held, "616") || !mine.Current || mine.State != "recorded" || l.newest(p, p, "phones/mobile").State != "recorded"
		})
	})
}

func (l *life) personEnds() {
	try(l.pat.api().EndCard(l.ctx, l.cards[l.florist], "moving abroad"))(l.t)
	l.ended(l.florist, identity.RolePerson)
	l.until("the florist says it has deleted everything", func() bool {
		demands := try(l.pat.api().Demands(l.ctx, l.cards[l.florist]))(l.t)
		return len(demands) == 2 && demands[0].What == "delete" && demands[0].State == "complied"
	})
	l.holdsNothing(l.florist)
}

func (l *life) vendorEnds() {
	try(l.gym.api().EndCard(l.ctx, l.cards[l.gym], "closing down"))(l.t)
	l.ended(l.gym, identity.RoleVendor)
	var last view.Demand
	l.until("the person's node demands deletion", func() bool {
		all := try(l.pat.api().Demands(l.ctx, l.cards[l.gym]))(l.t)
		last = all[0] // those that wait for an answer come first
		return len(all) == 2
	})
	l.complyByHand(l.gym, last.ID)
	l.holdsNothing(l.gym)
	if r := l.record(l.pat, l.baker); r.Button != string(button.Both) {
		l.t.Errorf("the baker's relationship is %s, with two others ended", r.Button)
	}
}

// ended waits until both sides have signed the end.
func (l *life) ended(p *proc, by identity.Role) {
	l.t.Helper()
	l.until("the end is known", func() bool { return l.both(p, l.cards[p], "ended") })
	for _, side := range []*proc{l.pat, p} {
		if e := l.card(side, l.cards[p]).Body.End; e == nil || e.By != by || e.Reason == "" {
			l.t.Errorf("at %s the end is %+v", side.name, e)
		}
	}
}

// holdsNothing finds no value of the person's left with a vendor.
func (l *life) holdsNothing(p *proc) {
	l.t.Helper()
	for _, s := range try(p.api().Shared(l.ctx, l.cards[p], ""))(l.t) {
		if len(s.Value) > 0 || s.State == "recorded" {
			l.t.Errorf("%s still holds %s, %s: %s", p.name, s.Path, s.State, s.Text)
		}
	}
}

// export takes both sides' files of each card, which are the same, and the
// disputes' files that either side could hand in.
func (l *life) export() {
	for _, p := range l.vendors() {
		card := l.cards[p]
		mine, theirs := try(l.pat.api().ExportCard(l.ctx, card))(l.t), try(p.api().ExportCard(l.ctx, card))(l.t)
		if !bytes.Equal(mine, theirs) {
			l.t.Errorf("the card with %s is %d bytes here and %d there, and not the same", p.name, len(mine), len(theirs))
		}
		shown := l.newest(l.pat, p, "addresses/home").Item
		l.files["card with the "+p.name] = mine
		l.files["dispute with the "+p.name+", by the person"] = try(l.pat.api().DisputeCard(l.ctx, card, []uint64{shown}))(l.t)
		l.files["dispute with the "+p.name+", by the vendor"] = try(p.api().DisputeCard(l.ctx, card, nil))(l.t)
	}
}

// judgeAlone has every file judged by the program with an empty home, no node
// and, where the kernel grants it, no network at all. A file that somebody
// changed does not hold.
func (l *life) judgeAlone() {
	l.t.Helper()
	for name, file := range l.files {
		what, _, _ := strings.Cut(name, " ")
		code, out := l.alone(file, what)
		var v struct {
			Valid       bool
			Divergences []json.RawMessage
		}
		if err := json.Unmarshal([]byte(out), &v); code != exitOK || err != nil || !v.Valid || len(v.Divergences) > 0 {
			l.t.Errorf("parley %s verify of the %s: exit %d, %v\n%s", what, name, code, err, out)
		}
		forged := slices.Clone(file)
		forged[len(forged)*2/3] ^= 1
		if code, out := l.alone(forged, what); code != exitFailed {
			l.t.Errorf("parley %s verify of the %s with one bit changed: exit %d\n%s", what, name, code, out)
		}
	}
}

// alone runs "parley card verify" or "parley dispute verify" in a folder that
// holds nothing but the file.
func (l *life) alone(file []byte, what string) (code int, out string) {
	l.t.Helper()
	dir := l.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "case.car"), file, 0o600); err != nil {
		l.t.Fatal(err)
	}
	run := func(attr *syscall.SysProcAttr) (*exec.Cmd, string, error) {
		cmd := exec.CommandContext(l.ctx, "parley", "--json", what, "verify", "case.car")
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"HOME=" + dir, "GORACE=atexit_sleep_ms=0"}, attr
		b, err := cmd.CombinedOutput()
		return cmd, string(b), err
	}
	apart := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET} // a network namespace of its own, with no way out
	if os.Geteuid() != 0 {
		apart.Cloneflags |= syscall.CLONE_NEWUSER
	}
	cmd, out, err := run(apart)
	if errors.Is(err, syscall.EPERM) {
		l.t.Logf("no network namespace is to be had here (%v): the files are judged without keys and node, and without a check that nothing is asked of the network", err)
		cmd, out, err = run(nil)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	if left := try(os.ReadDir(dir))(l.t); len(left) != 1 {
		l.t.Errorf("judging left %v behind", left)
	}
	return cmd.ProcessState.ExitCode(), out
}
