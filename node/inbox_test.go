package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// An entry's id is one word, by which it is marked as read; so is it by the id
// that was shown before, with a space.
func TestInboxEntryIsOneWord(t *testing.T) {
	sim.Run(t, 411, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		card := agreed(w, tn.pat, tn.cheap, "SD-BASE")
		send := func(title string) {
			must[string](w)(tn.cheap.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: title, Text: "Hello."}}))
		}
		unread := func() []view.InboxEntry { return must[[]view.InboxEntry](w)(tn.pat.Inbox(ctx, true)) }
		send("first")
		w.Eventually(5*time.Minute, "the first is there", func() bool { return len(unread()) == 1 })
		send("second")
		w.Eventually(5*time.Minute, "both are there", func() bool { return len(unread()) == 2 })
		if all := unread(); all[0].Title != "second" {
			t.Errorf("the newest is %q", all[0].Title)
		}
		id := unread()[0].ID
		if strings.ContainsAny(id, " /?#&;$'\"") || strings.Count(id, "~") != 1 {
			t.Errorf("the id is %q", id)
		}
		ok(w, tn.pat.MarkRead(ctx, id))
		ok(w, tn.pat.MarkRead(ctx, strings.Replace(unread()[0].ID, "~", " ", 1)))
		if left := unread(); len(left) != 0 {
			t.Errorf("still unread: %+v", left)
		}
	})
}

// A vendor that repeats an event is heard once; one that says something else
// under an id that came is refused, and is told so.
func TestEventOfAKnownIDIsTheSame(t *testing.T) {
	sim.Run(t, 412, func(w *sim.World) {
		ctx := w.T.Context()
		tn := newTown(w)
		card := agreed(w, tn.pat, tn.cheap, "SD-BASE")
		send := func(title string) {
			want := view.EventWant{ID: "order-7", Kind: "message", Data: channel.Data{Title: title, Text: "Hello."}}
			must[string](w)(tn.cheap.SendEvent(ctx, card, want))
		}
		titles := func() []string {
			var all []string
			for _, e := range must[[]view.InboxEntry](w)(tn.pat.Inbox(ctx, false)) {
				all = append(all, e.Title)
			}
			return all
		}
		refused := func() int {
			n := 0
			for _, l := range must[[]view.Letter](w)(tn.cheap.Letters(ctx, dagcbor.CID{})) {
				if l.State == "refused" && strings.Contains(l.Problem, "order-7") {
					n++
				}
			}
			return n
		}
		send("sent")
		w.Eventually(5*time.Minute, "it is there", func() bool { return len(titles()) == 1 })
		send("sent")
		time.Sleep(2 * time.Minute)
		if refused() != 0 || len(titles()) != 1 {
			t.Errorf("the same again: %d refused, inbox %q", refused(), titles())
		}
		send("lost")
		w.Eventually(5*time.Minute, "another event is refused", func() bool { return refused() == 1 })
		if got := titles(); len(got) != 1 || got[0] != "sent" {
			t.Errorf("the inbox has %q", got)
		}
	})
}
