package statement_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

// The parties have key logs; the person replaces its keys at rotated.
var (
	start   = cardtest.Start
	rotated = start.Add(24 * time.Hour)
	now     = start.Add(72 * time.Hour)

	person, vendor, third = cardtest.NewParty("person", start), cardtest.NewParty("vendor", start), cardtest.NewParty("third", start)

	oldPerson = person.Signer()
	keys      = func() identity.KeySource {
		person.Rotate(rotated)
		return cardtest.Keyring(now, person, vendor, third)
	}()
)

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// reasonOf returns the reason in err, or "" when it has none.
func reasonOf(err error) (r statement.Reason) {
	errors.As(err, &r)
	return r
}

func id(name string) dagcbor.CID { return dagcbor.Sum([]byte(name)) }

// body is a statement with every field set.
func body() statement.Body {
	return statement.Body{
		Version: 1, Type: "statement", Person: person.DID(), Vendor: vendor.DID(), By: identity.RolePerson,
		Seq: 1, Prev: id("the one before"), Seen: id("the vendor's newest"), Card: id("a card"), Answers: id("a question"),
		Time: identity.At(start), Kind: "disclose", Content: must(dagcbor.Marshal(map[string]any{"v": 1, "item": id("an item")})),
	}
}

// refusals break one rule each; the vectors publish them too.
var refusals = []struct {
	name   string
	change func(b *statement.Body)
	want   statement.Reason
	where  string
}{
	{"version 2", func(b *statement.Body) { b.Version = 2 }, statement.ErrVersion, "version 2"},
	{"another type", func(b *statement.Body) { b.Type = "relcard" }, statement.ErrVersion, `"relcard"`},
	{"no type", func(b *statement.Body) { b.Type = "" }, statement.ErrVersion, `""`},
	{"no person", func(b *statement.Body) { b.Person = "" }, statement.ErrField, "person: "},
	{"person of an unknown method", func(b *statement.Body) { b.Person = "did:web:example.org" }, statement.ErrField, "person: "},
	{"vendor with a fragment", func(b *statement.Body) { b.Vendor += "#key" }, statement.ErrField, "vendor: "},
	{"one party twice", func(b *statement.Body) { b.Vendor = b.Person }, statement.ErrField, "vendor: "},
	{"by nobody", func(b *statement.Body) { b.By = "" }, statement.ErrField, "by: "},
	{"by an author", func(b *statement.Body) { b.By = identity.RoleAuthor }, statement.ErrField, "by: "},
	{"seq beyond the bound", func(b *statement.Body) { b.Seq = 1<<20 + 1 }, statement.ErrField, "seq: "},
	{"seq 0 after another", func(b *statement.Body) { b.Seq = 0 }, statement.ErrField, "prev: "},
	{"seq 1 after nothing", func(b *statement.Body) { b.Prev = dagcbor.CID{} }, statement.ErrField, "prev: "},
	{"answers what it has not seen", func(b *statement.Body) { b.Seen = dagcbor.CID{} }, statement.ErrField, "seen: "},
	{"no time", func(b *statement.Body) { b.Time = identity.Time{} }, statement.ErrField, "time: "},
	{"year 10000", func(b *statement.Body) { b.Time = identity.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }, statement.ErrField, "time: "},
	{"no kind", func(b *statement.Body) { b.Kind = "" }, statement.ErrField, "kind: "},
	{"kind in capitals", func(b *statement.Body) { b.Kind = "Disclose" }, statement.ErrField, "kind: "},
	{"kind of two words", func(b *statement.Body) { b.Kind = "dis close" }, statement.ErrField, "kind: "},
	{"kind that begins with a digit", func(b *statement.Body) { b.Kind = "2disclose" }, statement.ErrField, "kind: "},
	{"kind too long", func(b *statement.Body) { b.Kind = statement.Kind(strings.Repeat("k", 33)) }, statement.ErrField, "kind: "},
	{"no content", func(b *statement.Body) { b.Content = nil }, statement.ErrField, "content: "},
	{"content that is no map", func(b *statement.Body) { b.Content = []byte{0x80} }, statement.ErrField, "content: "},
	{"content that is null", func(b *statement.Body) { b.Content = []byte{0xf6} }, statement.ErrField, "content: "},
	{"content with a float", func(b *statement.Body) { b.Content = []byte("\xa1\x61a\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00") }, statement.ErrField, "content: "},
	{"content with a byte after it", func(b *statement.Body) { b.Content = append(b.Content, 0) }, statement.ErrField, "content: "},
	{"content with unsorted keys", func(b *statement.Body) { b.Content = []byte("\xa2\x61b\x01\x61a\x01") }, statement.ErrField, "content: "},
	{"content with a key twice", func(b *statement.Body) { b.Content = []byte("\xa2\x61a\x01\x61a\x01") }, statement.ErrField, "content: "},
	{"content with keys that are no text", func(b *statement.Body) { b.Content = []byte("\xa1\x01\x01") }, statement.ErrField, "content: "},
	{"content too long", func(b *statement.Body) { b.Content = contentOf(statement.MaxContent + 1) }, statement.ErrSize, "content: "},
}

// contentOf is a content of n bytes.
func contentOf(n int) []byte {
	over := len(must(dagcbor.Marshal(map[string]any{"text": strings.Repeat("x", 1000)}))) - 1000
	return must(dagcbor.Marshal(map[string]any{"text": strings.Repeat("x", n-over)}))
}

// logOf is a log of n statements by one side, a minute apart.
func logOf(t testing.TB, signer identity.Signer, by identity.Role, n int) []statement.Signed {
	t.Helper()
	var head statement.Head
	var log []statement.Signed
	for i := range n {
		at := start.Add(time.Duration(i) * time.Minute)
		b := head.Next(by, person.DID(), vendor.DID(), statement.Head{}, at)
		b.Kind, b.Content = "note", must(dagcbor.Marshal(map[string]any{"v": 1, "n": i}))
		s, err := b.Sign(signer, at)
		if err != nil {
			t.Fatal(err)
		}
		st, err := s.Verify(keys, now)
		if err != nil {
			t.Fatal(err)
		}
		if head, err = head.Follow(&st); err != nil {
			t.Fatal(err)
		}
		log = append(log, s)
	}
	return log
}
