package node

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// ledgerTalk is a relationship as one side keeps it, and the statements that
// the two make.
type ledgerTalk struct {
	*rapid.T
	n       *Node
	s       store.Store
	r       *relation
	signers map[identity.Role]identity.Signer
	said    []dagcbor.CID // by the person, that a receipt can answer
}

func newLedgerTalk(t *rapid.T, side identity.Role) *ledgerTalk {
	k := &ledgerTalk{T: t, n: &Node{ledgers: newLedgers()}, s: memory.New(), signers: map[identity.Role]identity.Signer{}}
	for _, role := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		seed := sha256.Sum256([]byte(role))
		k.signers[role] = identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
	}
	b := relationBody{Side: side, Person: k.signers[identity.RolePerson].DID()}
	b.Vendor.DID = k.signers[identity.RoleVendor].DID()
	k.r = newRelation(b)
	return k
}

// statement draws what one side says next; content may make no sense.
func (k *ledgerTalk) statement(by identity.Role) *statement.Statement {
	mine, other := &k.r.body.Mine, &k.r.body.Other
	if by != k.r.body.Side {
		mine, other = other, mine
	}
	b := mine.Next(by, k.r.body.Person, k.r.body.Vendor.DID, *other, time.Now())
	var err error
	switch {
	case by == identity.RoleVendor && len(k.said) > 0:
		b.Kind, b.Answers = disclosure.KindReceipt, rapid.SampledFrom(k.said).Draw(k.T, "answers")
		b.Content, err = disclosure.Receipt{Verdict: disclosure.Recorded}.Encode()
	case by == identity.RoleVendor:
		b.Kind, b.Content = "other", []byte{0xa0}
	case rapid.Bool().Draw(k.T, "retract"):
		b.Kind = disclosure.KindRetract
		b.Content, err = disclosure.Retract{Items: []uint64{rapid.Uint64Range(1, 4).Draw(k.T, "item")}}.Encode()
	default:
		b.Kind = disclosure.KindDisclose
		item := disclosure.Item{ID: rapid.Uint64Range(1, 8).Draw(k.T, "id"), Path: "addresses/home", Purpose: []string{"delivery"}, Digest: make([]byte, 32)}
		if item.ID > 1 && rapid.Bool().Draw(k.T, "change") {
			item.Replaces = item.ID - 1
		}
		b.Content, err = disclosure.Disclose{Items: []disclosure.Item{item}}.Encode()
	}
	if err != nil {
		k.Fatal(err)
	}
	s, err := b.Sign(k.signers[by], time.Now())
	if err != nil {
		k.Fatal(err)
	}
	return &statement.Statement{ID: s.ID(), Body: b, Signed: s}
}

var errLostTx = errors.New("the transaction is lost")

// make has st take effect as say and hearSay do, or all of that be undone.
func (k *ledgerTalk) make(st *statement.Statement, lost bool) {
	before := k.r.body
	err := k.s.Update(context.Background(), func(tx store.Tx) error {
		c := &change{Tx: tx, n: k.n, now: time.Now()}
		raw, err := st.Signed.Encode()
		if err != nil {
			return err
		}
		if err := keepStatement(tx, &st.Body, st.ID, raw); err != nil {
			return err
		}
		head := statement.Head{Count: st.Body.Seq + 1, Last: st.ID}
		if st.Body.By == k.r.body.Side {
			k.r.body.Mine = head
			k.n.ledgers.follow(k.r.body.Person, endsOf(k.r), st, c.now)
		} else {
			k.r.body.Other = head
			got, err := k.n.ledgerBefore(c, k.r, st)
			if err != nil {
				return err
			}
			k.same(tx, got, st, "before a statement")
		}
		if lost {
			return errLostTx
		}
		return nil
	})
	switch {
	case lost && errors.Is(err, errLostTx):
		k.r.body = before
	case err != nil:
		k.Fatal(err)
	case st.Body.By == identity.RolePerson:
		k.said = append(k.said, st.ID)
	}
}

// same compares a ledger with the one in the logs, without st.
func (k *ledgerTalk) same(tx store.Tx, got disclosure.Ledger, st *statement.Statement, what string) {
	person, vendor, err := bothLogs(tx, k.r)
	if err != nil {
		k.Fatal(err)
	}
	now := time.Now()
	want, err := disclosure.Fold(withoutLast(person, st), withoutLast(vendor, st), now)
	if err != nil {
		k.Fatal(err)
	}
	if got = got.At(now); !reflect.DeepEqual(got.At(now), want.At(now)) {
		k.Fatalf("%s: kept\n%+v\nin the logs\n%+v", what, got, want)
	}
}

// However the logs go on, on either side, and whichever transactions come to
// nothing, the ledger that is kept is the one that the logs say.
func TestLedgersFollowTheLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newLedgerTalk(t, rapid.SampledFrom([]identity.Role{identity.RolePerson, identity.RoleVendor}).Draw(t, "side"))
		for range rapid.IntRange(1, 12).Draw(t, "statements") {
			by := rapid.SampledFrom([]identity.Role{identity.RolePerson, identity.RoleVendor}).Draw(t, "by")
			k.make(k.statement(by), rapid.IntRange(0, 4).Draw(t, "lost") == 0)
			if rapid.IntRange(0, 2).Draw(t, "read") > 0 {
				continue
			}
			if err := k.s.View(context.Background(), func(tx store.Tx) error {
				got, err := k.n.ledger(tx, k.r)
				k.same(tx, got, &statement.Statement{}, "read")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
