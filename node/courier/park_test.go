package courier

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
)

// claimingStore counts the records that were claimed.
type claimingStore struct {
	store.Store
	claims atomic.Int64
}

func (s *claimingStore) Claim(ctx context.Context, kind store.Kind, now time.Time, lease time.Duration, limit int) ([]store.Record, error) {
	recs, err := s.Store.Claim(ctx, kind, now, lease, limit)
	s.claims.Add(int64(len(recs)))
	return recs, err
}

// Of many letters to a peer that sleeps one tries; the others are neither
// claimed with each try nor late when the peer is back, though nothing tells
// their sender so but that one.
func TestLettersToASleeperAreParked(t *testing.T) {
	apart := func(i, j int) bool { return i+j != 3 || i*j != 0 }
	synctestNodes(t, 4, apart, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[3]
		to := vendor.courier.Self()
		person.stop()
		counting := &claimingStore{Store: person.store}
		person.store = counting
		person.start()
		time.Sleep(time.Minute)
		vendor.stop()
		const n = 150
		ids := make([]string, n)
		for i := range ids {
			ids[i] = person.send(Outgoing{To: to, Kind: "x", Expires: time.Now().Add(time.Hour)})
		}
		time.Sleep(2 * laneLimit)
		if got := counting.claims.Load(); got > n+30 {
			t.Errorf("%d letters were claimed %d times while the peer slept", n, got)
		}
		time.Sleep(2*parkTime + time.Minute)
		if got := counting.claims.Load(); got > 4*n+60 {
			t.Errorf("%d letters were claimed %d times in a quarter of an hour", n, got)
		}
		vendor.start()
		eventually(t, laneLimit+30*time.Second, "all delivered", func() bool { return allDelivered(person, ids) })
	})
}

// A letter to a sleeper that was to be parked until after it expires comes when
// it does, and is given up.
func TestParkedLetterExpires(t *testing.T) {
	bubble(t, 3, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[1]
		to := vendor.courier.Self()
		vendor.stop()
		expires := time.Now().Add(2 * time.Minute)
		var ids []string
		for range 20 {
			ids = append(ids, person.send(Outgoing{To: to, Kind: "x", Expires: expires}))
		}
		time.Sleep(time.Until(expires) + 5*time.Second)
		synctest.Wait()
		for _, id := range ids {
			if l := person.letter(id); l.State != StateExpired {
				t.Errorf("letter %+v", l)
			}
		}
	})
}

// The first letter that finds a lane shut comes when it opens, the others
// later; who comes forward in its place is the one that has waited longest.
func TestParked(t *testing.T) {
	now := time.Now().Truncate(store.Precision)
	until, end := now.Add(time.Minute), now.Add(time.Hour)
	letter := func(i int, expires time.Time) task {
		return task{rec: store.Record{Kind: kindLetter, ID: fmt.Sprint(i)}, out: outLetter{Expires: identity.At(expires)}}
	}
	var p parked
	for i := range 5 {
		r := p.put(letter(i, end), now, until)
		want := now.Add(parkTime)
		if i == 0 {
			want = until
		}
		if !r.due.Equal(want) || r.rec.ID != fmt.Sprint(i) {
			t.Errorf("letter %d: %s due in %v", i, r.rec.ID, r.due.Sub(now))
		}
	}
	before := identity.At(until.Add(-time.Second)).Std()
	if r := p.put(letter(5, before), now, until); !r.due.Equal(before) {
		t.Errorf("one that expires before: due in %v", r.due.Sub(now))
	}
	p.taken("5")
	if r, ok := p.next(until); ok {
		t.Errorf("%s comes forward beside the one that tries", r.rec.ID)
	}
	// Something had all of them come while the lane is shut: the one that tries
	// still does.
	p.taken("0")
	if r := p.put(letter(0, end), now, until); !r.due.Equal(until) {
		t.Errorf("the one that tries is due in %v", r.due.Sub(now))
	}
	p.taken("0") // it tries, and fails
	p.probe = ""
	if r, ok := p.next(until); !ok || r.rec.ID != "1" || !r.due.Equal(until) || !r.rec.Due.Equal(now.Add(parkTime)) {
		t.Errorf("%+v %v", r, ok)
	}
	p.taken("2")
	p.put(letter(2, end), now.Add(time.Second), until) // came by itself and is parked again
	var order []string
	for i, r := range p.all(now, time.Second) {
		order = append(order, r.rec.ID)
		if want := now.Add(time.Duration(i) * time.Second); !r.due.Equal(want) {
			t.Errorf("%s due in %v", r.rec.ID, r.due.Sub(now))
		}
		if r.rec.ID == "1" && !r.rec.Due.Equal(until) {
			t.Errorf("the one that tries is looked for as due in %v", r.rec.Due.Sub(now))
		}
	}
	if fmt.Sprint(order) != "[3 4 1 2]" || len(p.letters) != 0 || p.probe != "" {
		t.Errorf("%v, %+v left", order, p)
	}
}

// Letters that are all due again while their peer is taken to be asleep, such as
// after its newer terms, don't wait for each other: one tries.
func TestParkedLettersAllComeAtOnce(t *testing.T) {
	apart := func(i, j int) bool { return i+j != 3 || i*j != 0 }
	synctestNodes(t, 4, apart, func(t *testing.T, nodes []*testNode) {
		person, vendor := nodes[0], nodes[3]
		to := vendor.courier.Self()
		vendor.stop()
		ids := make([]string, 20)
		for i := range ids {
			ids[i] = person.send(Outgoing{To: to, Kind: "x", Ref: "card", Expires: time.Now().Add(time.Hour)})
		}
		time.Sleep(time.Minute)
		vendor.start()
		if err := person.store.Update(t.Context(), func(tx store.Tx) error {
			return person.courier.Readdress(tx, "card", to, to)
		}); err != nil {
			t.Fatal(err)
		}
		person.courier.Wake()
		eventually(t, 30*time.Second, "all delivered", func() bool { return allDelivered(person, ids) })
	})
}
