package admission_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
)

func TestQuotaIsABurstAndARate(t *testing.T) {
	q := admission.NewQuota[string](2, 5, 10)
	took := func(k string, now time.Time) (n int) {
		for q.Allow(k, 1, now) {
			n++
		}
		return n
	}
	if n := took("a", start); n != 5 {
		t.Errorf("%d at once, want 5", n)
	}
	if n := took("a", start.Add(time.Second)); n != 2 {
		t.Errorf("%d a second later, want 2", n)
	}
	if n := took("b", start); n != 5 {
		t.Errorf("another has %d, want 5", n)
	}
	if n := took("a", start.Add(time.Hour)); n != 5 {
		t.Errorf("%d an hour later, want 5", n)
	}
	if n := took("a", start); n != 0 {
		t.Errorf("a clock set back gave %d", n)
	}
	if n := took("a", start.Add(time.Second)); n != 2 {
		t.Errorf("and a second on from there %d, want 2", n)
	}
	q.Spend("c", 8, start)
	if left := q.Left("c", start.Add(time.Second)); left != -1 || q.Allow("c", 0, start.Add(time.Second)) {
		t.Errorf("after spending more than there is, %v left a second later, want a debt of 1", left)
	}
	q.Spend("c", 1e9, start.Add(time.Second))
	if left := q.Left("c", start.Add(time.Second)); left != -245 {
		t.Errorf("it owes %v", left)
	}
	if left := q.Left("never seen", start); left != 5 {
		t.Errorf("a stranger has %v", left)
	}
}

// Who comes with ever new keys shares one quota, once the table is full, and
// takes nothing from who is in it.
func TestQuotaUnderAFloodOfKeys(t *testing.T) {
	q := admission.NewQuota[int](1, 3, 100)
	q.Allow(-1, 2, start)
	allowed := 0
	for k := range 10_000 {
		if q.Allow(k, 3, start) {
			allowed++
		}
	}
	if q.Len() != 100 || allowed != 99+1 {
		t.Errorf("%d keys followed, %d allowed", q.Len(), allowed)
	}
	if !q.Allow(-1, 1, start) || q.Allow(-1, 1, start) {
		t.Error("the flood changed an older one's quota")
	}
	// What is left unused makes room.
	if !q.Allow(20_000, 3, start.Add(10*time.Minute)) || q.Len() != 1 {
		t.Errorf("ten minutes later %d are followed", q.Len())
	}
}

// Over any span nobody gets more than the burst and the rate's share, and who
// stays below the rate gets all.
func TestQuotaNeverGivesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate, burst := rapid.Float64Range(.1, 50).Draw(t, "rate"), rapid.Float64Range(1, 50).Draw(t, "burst")
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		q := admission.NewQuota[int](rate, burst, limit)
		now, got, buckets := start, 0.0, float64(limit+1)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "ms")) * time.Millisecond)
			cost := rapid.Float64Range(0, 5).Draw(t, "cost")
			if q.Allow(rapid.IntRange(0, 8).Draw(t, "key"), cost, now) {
				got += cost
			}
			if q.Len() > limit {
				t.Fatalf("%d keys", q.Len())
			}
		}
		// A key forgotten once it was unused and followed again is full, as it would be.
		if most := buckets * (burst + rate*now.Sub(start).Seconds()) * 1.0001; got > most {
			t.Fatalf("%.1f allowed, at most %.1f should be", got, most)
		}
	})
}
