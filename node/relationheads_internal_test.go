package node

import (
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/relcard/statement"
)

// spied counts what is written of one kind.
type spied struct {
	store.Tx
	kind store.Kind
	puts *int
}

func (s spied) Put(r store.Record) error {
	if r.Kind == s.kind {
		*s.puts++
	}
	return s.Tx.Put(r)
}

// A relationship that an earlier release has written, with its heads in one
// record with all else, is read as it was. From its first change on what stays
// the same is not written again.
func TestRelationOfAnEarlierRelease(t *testing.T) {
	const person = identity.DID("did:webvh:QmPerson:pairwise.invalid")
	s, now, puts := memory.New(), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), 0
	old := relationBody{
		Side: identity.RolePerson, Person: person, Logs: [][]byte{{1}, {2}}, Label: "card/1",
		Mine: statement.Head{Count: 3}, Other: statement.Head{Count: 2}, Asked: identity.At(now),
	}
	in := func(fn func(c *change)) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Tx) error {
			fn(&change{Tx: spied{tx, kindRelation, &puts}, now: now})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	load := func(c *change) *relation {
		t.Helper()
		r, err := loadRelation(c.Tx, person)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	save := func(c *change, r *relation) {
		t.Helper()
		if err := r.save(c); err != nil {
			t.Fatal(err)
		}
	}
	in(func(c *change) {
		if err := put(c.Tx, store.Record{Kind: kindRelation, ID: string(person), State: relationOpen}, old); err != nil {
			t.Fatal(err)
		}
	})
	in(func(c *change) {
		r := load(c)
		if r.body.Mine.Count != 3 || r.body.Other.Count != 2 || !r.body.Asked.Std().Equal(now) {
			t.Fatalf("read as %+v", r.body)
		}
		r.body.Mine.Count = 4
		save(c, r)
	})
	puts = 0
	in(func(c *change) {
		r := load(c)
		if r.body.Mine.Count != 4 || r.body.Other.Count != 2 || r.body.Label != "card/1" {
			t.Errorf("read as %+v", r.body)
		}
		r.body.Other.Count = 3
		save(c, r)
		save(c, r)
	})
	if puts != 0 {
		t.Errorf("the record was written %d times, and only the heads have changed", puts)
	}
	in(func(c *change) {
		r := load(c)
		r.body.Alarm = "two stories"
		save(c, r)
	})
	in(func(c *change) {
		if r := load(c); r.body.Other.Count != 3 || r.rec.State != relationFrozen || r.body.Mine.Count != 4 {
			t.Errorf("read as %+v, %s", r.body, r.rec.State)
		}
	})
	if puts != 1 {
		t.Errorf("the alarm was written %d times", puts)
	}
}
