package courier

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/hello"
	"pgregory.net/rapid"
)

func cand(id string, uses int, connected, suspect bool) candidate {
	return candidate{info: peer.AddrInfo{ID: peer.ID(id)}, uses: uses, connected: connected, suspect: suspect}
}

func busy(c candidate) candidate { c.busy = true; return c }

func ranked(c candidate, rank uint64) candidate { c.rank = rank; return c }

func TestPick(t *testing.T) {
	first := func(int) int { return 0 }
	for name, c := range map[string]struct {
		cands   []candidate
		avoid   []peer.ID
		forward peer.ID // who is to carry
		hold    peer.ID // who is to hold
	}{
		"nobody":                     {nil, nil, "", ""},
		"all to avoid":               {[]candidate{cand("a", 0, true, false)}, []peer.ID{"a"}, "", ""},
		"the least used":             {[]candidate{cand("a", 2, true, false), cand("b", 1, true, false)}, nil, "b", "b"},
		"connected or little used":   {[]candidate{cand("a", 0, false, false), cand("b", 1, true, false)}, nil, "b", "a"},
		"connected, as little used":  {[]candidate{cand("a", 1, false, false), cand("b", 1, true, false)}, nil, "b", "b"},
		"working before all else":    {[]candidate{cand("a", 0, true, true), cand("b", 9, false, false)}, nil, "b", "b"},
		"a suspect rather than none": {[]candidate{cand("a", 0, true, true)}, nil, "a", "a"},
		"busy: one not connected":    {[]candidate{busy(cand("a", 0, true, false)), cand("b", 9, false, false)}, nil, "b", "a"},
		"busy, not failing":          {[]candidate{cand("a", 0, true, true), busy(cand("b", 9, false, false))}, nil, "b", "b"},
		"lower ranked":               {[]candidate{ranked(cand("a", 1, true, false), 2), ranked(cand("b", 1, true, false), 1)}, nil, "b", "a"},
		"not the one to avoid":       {[]candidate{cand("a", 0, true, false), cand("b", 5, true, false)}, []peer.ID{"a"}, "b", "b"},
	} {
		for role, want := range map[string]peer.ID{"forwarder": c.forward, "holder": c.hold} {
			better := betterForwarder
			if role == "holder" {
				better = betterHolder
			}
			got, ok := pick(c.cands, c.avoid, better, first)
			if ok != (want != "") || got.info.ID != want {
				t.Errorf("%s, as %s: got %q", name, role, string(got.info.ID))
			}
		}
	}
}

// Routes one after another are spread evenly over equals.
func TestPickSpreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "peers")
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		cands := make([]candidate, n)
		for i := range cands {
			cands[i] = cand(fmt.Sprint(i), 0, true, false)
		}
		for range rapid.IntRange(0, 50).Draw(t, "routes") {
			got, _ := pick(cands, nil, betterHolder, rnd.IntN)
			i := slices.IndexFunc(cands, func(c candidate) bool { return c.info.ID == got.info.ID })
			cands[i].uses++
		}
		by := func(a, b candidate) int { return a.uses - b.uses }
		if d := slices.MaxFunc(cands, by).uses - slices.MinFunc(cands, by).uses; d > 1 {
			t.Fatalf("one peer has %d more than another", d)
		}
	})
}

func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1000).Draw(t, "attempt")
		base := time.Duration(rapid.IntRange(1, 1e9).Draw(t, "base"))
		limit := base * time.Duration(rapid.IntRange(1, 1000).Draw(t, "limit"))
		low, high := backoff(n, base, limit, 0), backoff(n, base, limit, 0.999999)
		if low < base/2 || high > limit || high < low || backoff(n+1, base, limit, 0) < low {
			t.Fatalf("attempt %d: %v to %v, of %v and %v", n, low, high, base, limit)
		}
	})
}

func TestBookIsBounded(t *testing.T) {
	now := time.Now()
	rec := func(life time.Duration) hello.Record { return freshRecord(now, life) }
	b := newBook(3)
	for i := range 10 {
		b.put(peer.AddrInfo{ID: peer.ID(fmt.Sprint(i))}, rec(time.Duration(i+1)*time.Minute))
	}
	got := b.fresh(now)
	if len(got) != 3 || string(got[0].info.ID) != "7" {
		t.Errorf("%d records, the first of %q", len(got), string(got[0].info.ID))
	}
	b.sweep(now.Add(9 * time.Minute))
	if got := b.fresh(now); len(got) != 1 || !b.hadCrowd() {
		t.Errorf("%d records after some have expired", len(got))
	}
	old := rec(time.Hour)
	old.Time = identity.At(now.Add(-time.Hour))
	b.put(peer.AddrInfo{ID: "9"}, old)
	if r, ok := b.get("9", now); !ok || r.Time == old.Time {
		t.Error("an older record took the place of a newer")
	}
}

func freshRecord(now time.Time, life time.Duration) hello.Record {
	return hello.Record{Forward: true, Time: identity.At(now), Expires: identity.At(now.Add(life))}
}
