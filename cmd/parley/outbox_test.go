package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/view"
)

// TestOutboxTable shows letters that wait: who keeps one, when it is tried again
// and why it has not arrived are said in full, under its row.
func TestOutboxTable(t *testing.T) {
	sent := identity.At(time.Date(2026, 11, 23, 0, 10, 0, 0, time.Local))
	next := identity.At(time.Date(2026, 11, 23, 0, 40, 0, 0, time.Local))
	var out strings.Builder
	printLetters(&out, []view.Letter{
		{Created: sent, With: "Alpine Cars of Park City, Utah, and its valleys", Kind: "proffer", State: "held", HeldBy: "12D3KooWD4AR9J69x8Px7wfytSgSDyS2vToDPr5zy7LMkkAgKF1R", Attempts: 12},
		{Created: sent, With: "Shop", Kind: "statement", State: "queued", Attempts: 3, Next: &next, Problem: "not reachable: no peer that keeps its letters answered, and it has not been seen since"},
		{Created: sent, With: "Shop", Kind: "say", State: "delivered", Attempts: 1},
	}, false)
	want := `
SENT              TO                           KIND       STATE      TRIED
2026-11-23 00:10  Alpine Cars of Park City, …  proffer    held       12 attempts
    by …kkAgKF1R
2026-11-23 00:10  Shop                         statement  queued     3 attempts
    tried again 2026-11-23 00:40; not reachable: no peer that keeps its letters
    answered, and it has not been seen since
2026-11-23 00:10  Shop                         say        delivered  1 attempt
`
	if d := cmp.Diff(want, "\n"+out.String()); d != "" {
		t.Error(d)
	}
}
