package disclosure_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func day(n int) time.Time      { return start.AddDate(0, 0, n) }
func at(n int) identity.Time   { return identity.At(day(n)) }
func key(name string) signer   { return signer{identity.NewKeySigner(seed(name))} }
func digest(s string) []byte   { d := sha256.Sum256([]byte(s)); return d[:] }
func ids(n ...uint64) []uint64 { return n }

// signer is one party's key.
type signer struct{ identity.Signer }

// seed makes the same key each time; it guards nothing.
func seed(name string) ed25519.PrivateKey {
	s := sha256.Sum256([]byte("parley test key: " + name))
	return ed25519.NewKeyFromSeed(s[:])
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// failer is what testing and rapid have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// encoder is any of the five contents.
type encoder interface{ Encode() ([]byte, error) }

// talk is a relationship: both logs, written and signed as the story goes on.
type talk struct {
	failer
	person, vendor signer
	logs           map[identity.Role][]statement.Statement
	heads          map[identity.Role]statement.Head
}

func newTalk(t failer) *talk {
	return &talk{failer: t, person: key("person"), vendor: key("vendor"),
		logs: map[identity.Role][]statement.Statement{}, heads: map[identity.Role]statement.Head{}}
}

var kinds = map[statement.Kind]identity.Role{
	disclosure.KindDisclose: identity.RolePerson, disclosure.KindRetract: identity.RolePerson, disclosure.KindDemand: identity.RolePerson,
	disclosure.KindReceipt: identity.RoleVendor, disclosure.KindComply: identity.RoleVendor,
}

func other(r identity.Role) identity.Role {
	if r == identity.RolePerson {
		return identity.RoleVendor
	}
	return identity.RolePerson
}

func kindOf(c encoder) statement.Kind {
	switch c.(type) {
	case disclosure.Disclose:
		return disclosure.KindDisclose
	case disclosure.Retract:
		return disclosure.KindRetract
	case disclosure.Demand:
		return disclosure.KindDemand
	case disclosure.Receipt:
		return disclosure.KindReceipt
	}
	return disclosure.KindComply
}

// say writes a statement of the side whose kind it is.
func (k *talk) say(when time.Time, c encoder, answers ...statement.Statement) statement.Statement {
	k.Helper()
	content, err := c.Encode()
	if err != nil {
		k.Fatal(err)
	}
	kind := kindOf(c)
	return k.raw(when, kinds[kind], kind, content, answers...)
}

// raw writes a statement whatever it says.
func (k *talk) raw(when time.Time, by identity.Role, kind statement.Kind, content []byte, answers ...statement.Statement) statement.Statement {
	k.Helper()
	b := k.draft(when, by, kind, content, answers...)
	who := k.person
	if by == identity.RoleVendor {
		who = k.vendor
	}
	signed, err := b.Sign(who, when)
	if err != nil {
		k.Fatal(err)
	}
	s, err := signed.Verify(nil, when)
	if err != nil {
		k.Fatal(err)
	}
	if k.heads[by], err = k.heads[by].Follow(&s); err != nil {
		k.Fatal(err)
	}
	k.logs[by] = append(k.logs[by], s)
	return s
}

func (k *talk) draft(when time.Time, by identity.Role, kind statement.Kind, content []byte, answers ...statement.Statement) statement.Body {
	b := k.heads[by].Next(by, k.person.DID(), k.vendor.DID(), k.heads[other(by)], when)
	b.Kind, b.Content = kind, content
	if len(answers) > 0 {
		b.Answers = answers[0].ID
	}
	return b
}

// skip writes a statement of a kind of another package.
func (k *talk) skip(when time.Time, by identity.Role) statement.Statement {
	k.Helper()
	content, err := dagcbor.Marshal(map[string]any{"v": uint64(1)})
	if err != nil {
		k.Fatal(err)
	}
	return k.raw(when, by, "channel", content)
}

func (k *talk) fold(now time.Time) disclosure.Ledger {
	k.Helper()
	l, err := disclosure.Fold(k.logs[identity.RolePerson], k.logs[identity.RoleVendor], now)
	if err != nil {
		k.Fatal(err)
	}
	return l
}

// home is an item for a home address.
func home(id, replaces uint64) disclosure.Item {
	return disclosure.Item{ID: id, Path: "addresses/home", Digest: digest(string(rune('a' + id))), Purpose: []string{"delivery", "billing"}, Replaces: replaces}
}

func disclose(items ...disclosure.Item) disclosure.Disclose { return disclosure.Disclose{Items: items} }

var (
	recorded = disclosure.Receipt{Verdict: disclosure.Recorded}
	refused  = disclosure.Receipt{Verdict: disclosure.Refused, Reason: "we do not deliver there"}
)

// states checks the state of each entry, in order.
func states(t testing.TB, l disclosure.Ledger, want ...disclosure.State) {
	t.Helper()
	var got []disclosure.State
	for _, e := range l.Entries {
		got = append(got, e.State)
	}
	if len(got) != len(want) {
		t.Fatalf("states %q, want %q; problems %q", got, want, l.Problems)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("states %q, want %q; problems %q", got, want, l.Problems)
		}
	}
}

func problems(t testing.TB, l disclosure.Ledger, want int) {
	t.Helper()
	if len(l.Problems) != want {
		t.Errorf("problems %q, want %d", l.Problems, want)
	}
}
