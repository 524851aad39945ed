package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

var (
	start = cardtest.Start
	now   = start.Add(time.Hour)
	later = start.AddDate(1, 0, 0)
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// amended is a card of three versions: agreed, amended after the person's keys
// were replaced, and ended by the vendor.
func amended(t testing.TB) archive.Bundle {
	p, v := cardtest.NewParty("person", start), cardtest.NewParty("vendor", start)
	sign := func(b relcard.Body, at time.Time, by ...*cardtest.Party) relcard.Signed {
		t.Helper()
		s := must[relcard.Signed](t)(b.Sign(by[0].Signer(), at))
		for _, other := range by[1:] {
			s = must[relcard.Signed](t)(s.Sign(other.Signer(), at))
		}
		return s
	}
	apply := func(c relcard.Chain, s relcard.Signed) relcard.Chain {
		t.Helper()
		return must[relcard.Chain](t)(c.Apply(s, cardtest.Keyring(later, p, v), later))
	}
	first := sign(cardtest.Body(p.DID(), v.DID(), start), now, v, p)
	c := apply(relcard.Chain{}, first)
	p.Rotate(now.Add(time.Hour))
	b := must[relcard.Body](t)(c.Next(now.Add(2 * time.Hour)))
	b.Terms = cardtest.Terms("SD-BASE-DP")
	second := sign(b, now.Add(2*time.Hour), p, v)
	c = apply(c, second)
	end := must[relcard.Body](t)(c.End(identity.RoleVendor, "closing down", now.Add(3*time.Hour)))
	third := sign(end, now.Add(3*time.Hour), v)
	return archive.Bundle{
		Versions: []relcard.Signed{first, second, third},
		Logs:     []archive.KeyLog{{DID: p.DID(), Log: p.Log.Bytes()}, {DID: v.DID(), Log: v.Log.Bytes()}},
	}
}

func export(t testing.TB, b archive.Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := archive.Export(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A stranger has the file and nothing else.
func TestStrangerVerifiesTheFile(t *testing.T) {
	want := amended(t)
	b, r, err := archive.Import(bytes.NewReader(export(t, want)), later)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != relcard.StateEnded || r.Ended.Reason != "closing down" || r.Terms.ID != "SD-BASE-DP" || len(r.Versions) != 3 {
		t.Errorf("report: %+v", r)
	}
	if s := r.Versions[0].Signatures; len(s) != 2 || s[0].Role != identity.RolePerson || s[0].KeyUntil.IsZero() || !s[1].KeyUntil.IsZero() {
		t.Errorf("signatures of the first version: %+v", s)
	}
	for i, s := range b.Versions {
		got, expect := must[[]byte](t)(s.Encode()), must[[]byte](t)(want.Versions[i].Encode())
		if !bytes.Equal(got, expect) {
			t.Errorf("version %d came back with other bytes", i)
		}
	}
	text := r.String()
	for _, want := range []string{
		"state:   ended", "ended by the vendor: \"closing down\"", "terms:   SD-BASE-DP (parley.roster 1): Service delivery only, with portability",
		"the last agreement before the end", "agreed by both", "version 2, ", ": the end\n", "total:   467.00 USD",
		"by the person at 2026-03-01T09:00:00Z, under key version 1-", "which stood from 2026-03-01T08:00:00Z until 2026-03-01T10:00:00Z",
		"\"Alpine Cars\"",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestSameContentSameBytes(t *testing.T) {
	b := amended(t)
	want := export(t, b)
	slices.Reverse(b.Versions)
	slices.Reverse(b.Logs)
	if !bytes.Equal(export(t, b), want) {
		t.Error("another order gave another file")
	}
}

func TestOneTimeKeysNeedNoLog(t *testing.T) {
	p, v := identity.NewKeySigner(cardtest.Key("p")), identity.NewKeySigner(cardtest.Key("v"))
	b := cardtest.Body(p.DID(), v.DID(), start)
	s := must[relcard.Signed](t)(b.Sign(p, now))
	_, r, err := archive.Import(bytes.NewReader(export(t, archive.Bundle{Versions: []relcard.Signed{s}})), later)
	if err != nil || r.State != relcard.StateProposed || !strings.Contains(r.String(), "with the key its identifier is") {
		t.Errorf("%v\n%s", err, r)
	}
}

func TestForkedCardIsReportedAsSuch(t *testing.T) {
	b := amended(t)
	v := cardtest.NewParty("vendor", start)
	body, _, err := relcard.DecodeBody(b.Versions[1].Raw)
	if err != nil {
		t.Fatal(err)
	}
	body.Jurisdiction = "FR"
	b.Versions = append(b.Versions, must[relcard.Signed](t)(body.Sign(v.Signer(), now.Add(2*time.Hour))))
	_, r, err := archive.Import(bytes.NewReader(export(t, b)), later)
	if err != nil || r.State != relcard.StateFrozen || !strings.Contains(r.String(), "alarm:   fork: the vendor signed both") || !r.InForce.IsZero() {
		t.Errorf("%v\n%s", err, r)
	}
}

// Whatever bit of a file is flipped, it is refused.
func TestEveryBitOfAFileMatters(t *testing.T) {
	file := export(t, amended(t))
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := archive.Import(bytes.NewReader(bad), later); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
}

func TestContentIsRefused(t *testing.T) {
	good := amended(t)
	stranger := cardtest.NewParty("stranger", start)
	for name, c := range map[string]struct {
		change func(b *archive.Bundle)
		want   relcard.Reason
		where  string
	}{
		"a party's log missing": {func(b *archive.Bundle) { b.Logs = b.Logs[:1] }, relcard.ErrSignature, "no key log"},
		"a stranger's log": {func(b *archive.Bundle) {
			b.Logs = append(b.Logs, archive.KeyLog{DID: stranger.DID(), Log: stranger.Log.Bytes()})
		}, relcard.ErrArchive, "no party"},
		"another's log":     {func(b *archive.Bundle) { b.Logs[0].Log = stranger.Log.Bytes() }, relcard.ErrSignature, "it is the log of"},
		"a log that is cut": {func(b *archive.Bundle) { b.Logs[0].Log = b.Logs[0].Log[:100] }, relcard.ErrSignature, "key log"},
		"a log with a later entry": {func(b *archive.Bundle) {
			b.Logs[0].Log = []byte(strings.Replace(string(b.Logs[0].Log), "2026-03-01T10", "2026-03-01T11", 1))
		}, relcard.ErrSignature, "key log"},
		"signed by nobody": {func(b *archive.Bundle) { b.Versions[1].Person, b.Versions[1].Vendor = nil, nil }, relcard.ErrSignature, "nobody"},
		"envelopes exchanged": {func(b *archive.Bundle) {
			b.Versions[0].Person, b.Versions[1].Person = b.Versions[1].Person, b.Versions[0].Person
		}, relcard.ErrSignature, "not over"},
		"a version left out": {func(b *archive.Bundle) { b.Versions = slices.Delete(b.Versions, 1, 2) }, relcard.ErrOrphan, "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			b := archive.Bundle{Versions: slices.Clone(good.Versions), Logs: slices.Clone(good.Logs)}
			c.change(&b)
			_, _, err := archive.Import(bytes.NewReader(export(t, b)), later)
			if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
				t.Errorf("got %v, want %s and %q", err, c.want, c.where)
			}
		})
	}
	if _, _, err := archive.Import(bytes.NewReader(export(t, good)), start.Add(-time.Hour)); err == nil {
		t.Error("verified before it was written")
	}
}

func TestBundleThatIsNoCard(t *testing.T) {
	good := amended(t)
	other := amended(t)
	body, _, err := relcard.DecodeBody(other.Versions[0].Raw)
	if err != nil {
		t.Fatal(err)
	}
	body.Jurisdiction = "FR"
	other.Versions[0].Raw, _, _ = body.Encode()
	for name, b := range map[string]archive.Bundle{
		"nothing":          {},
		"no first version": {Versions: good.Versions[1:]},
		"a version twice":  {Versions: append(good.Versions[:1:1], good.Versions...)},
		"two cards":        {Versions: append(good.Versions[:3:3], other.Versions[0])},
		"a log twice":      {Versions: good.Versions, Logs: append(good.Logs[:2:2], good.Logs[0])},
	} {
		var out bytes.Buffer
		if err := archive.Export(&out, b); relcard.ReasonOf(err) != relcard.ErrArchive || out.Len() > 0 {
			t.Errorf("%s: got %v and %d bytes", name, err, out.Len())
		}
	}
	if _, err := archive.Verify(archive.Bundle{}, now); relcard.ReasonOf(err) != relcard.ErrArchive {
		t.Errorf("verify nothing: %v", err)
	}
	big := good
	big.Logs = []archive.KeyLog{{DID: good.Logs[0].DID, Log: make([]byte, archive.MaxSize)}}
	if err := archive.Export(&bytes.Buffer{}, big); relcard.ReasonOf(err) != relcard.ErrSize {
		t.Errorf("oversized: %v", err)
	}
	if err := archive.Export(broken{}, good); !errors.Is(err, errDisk) {
		t.Errorf("full disk: %v", err)
	}
	if _, _, err := archive.Import(broken{}, now); !errors.Is(err, errDisk) {
		t.Errorf("broken reader: %v", err)
	}
}

var errDisk = errors.New("disk is full")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errDisk }
func (broken) Read([]byte) (int, error)  { return 0, errDisk }

func FuzzImport(f *testing.F) {
	good := amended(f)
	f.Add(export(f, good))
	f.Add(export(f, archive.Bundle{Versions: good.Versions[:1], Logs: good.Logs}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		b, r, err := archive.Import(bytes.NewReader(file), later)
		if err != nil {
			if relcard.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if !bytes.Equal(export(t, *b), file) || r.String() == "" {
			t.Fatal("accepted a file that Export would not write")
		}
	})
}

func BenchmarkImport(b *testing.B) {
	file := export(b, amended(b))
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, _, err := archive.Import(bytes.NewReader(file), later); err != nil {
			b.Fatal(err)
		}
	}
}
