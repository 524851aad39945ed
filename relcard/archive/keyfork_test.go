package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
)

func logOf(p *cardtest.Party) archive.KeyLog {
	return archive.KeyLog{DID: p.DID(), Log: p.Log.Bytes()}
}

func ofLog(p *cardtest.Party) archive.Bundle {
	return archive.Bundle{Logs: []archive.KeyLog{logOf(p)}}
}

// twinOf rotates the vendor's keys in a story, and returns the vendor as
// whoever holds a copy of its keys rotates them a day later.
func twinOf(t testing.TB, s *story) *cardtest.Party {
	t.Helper()
	twin := cardtest.NewParty("vendor", start)
	s.vendor.Rotate(s.at.AddDate(0, 0, 1))
	twin.Rotate(s.at.AddDate(0, 0, 2))
	return twin
}

// backdated is a story's person with keys that began before it said anything.
func backdated(s *story) *cardtest.Party {
	p := cardtest.NewParty("person", start)
	p.Rotate(start.Add(time.Minute))
	return p
}

// forged is a fork by somebody who has none of the log's keys: an entry with
// the proof of another.
func forged(t testing.TB, fork, other *cardtest.Party) archive.KeyLog {
	t.Helper()
	proofOf := func(p *cardtest.Party) []byte {
		lines := bytes.SplitAfter(bytes.TrimSpace(p.Log.Bytes()), []byte("\n"))
		var entry struct{ Proof []struct{ ProofValue string } }
		if err := json.Unmarshal(lines[len(lines)-1], &entry); err != nil || len(entry.Proof) != 1 {
			t.Fatalf("%v: %s", err, lines[len(lines)-1])
		}
		return []byte(entry.Proof[0].ProofValue)
	}
	log := bytes.Replace(fork.Log.Bytes(), proofOf(fork), proofOf(other), 1)
	if bytes.Equal(log, fork.Log.Bytes()) {
		t.Fatal("nothing is forged")
	}
	return archive.KeyLog{DID: fork.DID(), Log: log}
}

// A party that publishes its key log in two ways has forked that: the file says
// whose log it is, from which entry on, and names both.
func TestForkedKeyLog(t *testing.T) {
	s := lived(t)
	twin := twinOf(t, s)
	r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: ofLog(twin)})
	if len(r.Divergences) != 1 {
		t.Fatalf("%+v", r.Divergences)
	}
	d := r.Divergences[0]
	if d.What != "key log" || d.Of != vendor || d.Seq != 2 || d.Log.DID != s.vendor.DID() || !d.Log.Signed.IsZero() ||
		d.Log.A.ID != s.vendor.Log.VersionID() || d.Log.B.ID != twin.Log.VersionID() {
		t.Errorf("%+v, %+v", d, d.Log)
	}
	says(t, r, "DIVERGENCE in the key log of the vendor, from entry 2 on", "  log:     "+string(s.vendor.DID())+"\n",
		"  one:     "+s.vendor.Log.VersionID()+", dated 2026-03-02T09:07:00Z, in the copy of the person\n",
		"  other:   "+twin.Log.VersionID()+", dated 2026-03-03T09:07:00Z, in the copy of the vendor\n",
		"proof:   both are signed with the keys of the vendor")
	if r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: ofLog(cardtest.NewParty("vendor", start))}); r.Diverges() {
		t.Errorf("an older key log: %+v", r.Divergences)
	}
}

// A log that goes on from an entry before what was signed under it takes back
// what its holder signed. In whichever copy it is, the file shows it.
func TestKeyLogDatedBack(t *testing.T) {
	s := lived(t)
	back := backdated(s)
	d := archive.Dispute{By: vendor, Mine: s.bundle(), Theirs: ofLog(back)}
	r := judge(t, d)
	if len(r.Divergences) != 1 || r.Divergences[0].Of != person || r.Divergences[0].Seq != 2 {
		t.Fatalf("%+v", r.Divergences)
	}
	f := r.Divergences[0].Log
	last := s.logs[person][3].Body.Time
	if f.A.ID != "" || f.B.ID != back.Log.VersionID() || f.Signed != last {
		t.Errorf("%+v, the person signed last at %s", f, last)
	}
	says(t, r, "DIVERGENCE in the key log of the person, at entry 2: it is dated before what was signed ahead of it",
		"  other:   "+back.Log.VersionID()+", dated 2026-03-01T08:01:00Z, in the copy of the person\n", "  signed:  under the entry before it, at "+last.String())

	// Dated at the second of the last signature it is as bad; a second later it
	// is a rotation like any.
	for after, bad := range map[time.Duration]bool{0: true, time.Second: false} {
		p := cardtest.NewParty("person", start)
		p.Rotate(last.Std().Add(after))
		if r := judge(t, archive.Dispute{By: vendor, Mine: s.bundle(), Theirs: ofLog(p)}); r.Diverges() != bad {
			t.Errorf("%s after the last signature: %+v", after, r.Divergences)
		}
	}
	// Who hands it in as its own copy is refused: what it signed does not hold.
	b := s.bundle()
	b.Logs[0] = logOf(back)
	if _, err := archive.VerifyDispute(archive.Dispute{By: person, Mine: b}, later); relcard.ReasonOf(err) == "" {
		t.Errorf("a copy under a log that is dated back: %v", err)
	}
}

// What is not signed by the log's keys proves nothing, and is refused.
func TestForgedKeyLogs(t *testing.T) {
	s := lived(t)
	twin := twinOf(t, s)
	cut := logOf(twin)
	cut.Log = cut.Log[:len(cut.Log)-20]
	ahead := cardtest.NewParty("vendor", start)
	ahead.Rotate(later.Add(time.Hour))
	for name, c := range map[string]struct {
		log   archive.KeyLog
		where string
	}{
		"another's proof":     {forged(t, twin, s.vendor), "entry 2: proof"},
		"cut off":             {cut, "entry 2: json"},
		"another's log":       {archive.KeyLog{DID: s.vendor.DID(), Log: s.person.Log.Bytes()}, "it is the log of " + string(s.person.DID())},
		"nothing":             {archive.KeyLog{DID: s.vendor.DID()}, "key log"},
		"dated in the future": {logOf(ahead), "entry 2: time"},
	} {
		t.Run(name, func(t *testing.T) {
			d := archive.Dispute{By: person, Mine: s.bundle(), Theirs: archive.Bundle{Logs: []archive.KeyLog{c.log}}}
			_, _, err := archive.ImportDispute(bytes.NewReader(exportDispute(t, d)), later)
			if relcard.ReasonOf(err) != relcard.ErrSignature || !strings.Contains(err.Error(), "the vendor's copy: ") || !strings.Contains(err.Error(), c.where) {
				t.Errorf("%v, want %q", err, c.where)
			}
		})
	}
}

// Two logs of one party, rotated together and then apart: the file names the
// first entries that differ, in whosever log and whoever hands it in, and nothing
// where one only goes on from the other.
func TestForksProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := lived(t)
		of := rapid.SampledFrom([]identity.Role{person, vendor}).Draw(rt, "of")
		by := rapid.SampledFrom([]identity.Role{person, vendor}).Draw(rt, "by")
		common, a, b := rapid.IntRange(0, 3).Draw(rt, "common"), rapid.IntRange(0, 3).Draw(rt, "a"), rapid.IntRange(0, 3).Draw(rt, "b")
		mine, theirs := s.party(of), cardtest.NewParty(string(of), start)
		at := s.at
		for range common {
			at = at.Add(time.Hour)
			mine.Rotate(at)
			theirs.Rotate(at)
		}
		for i := range a {
			mine.Rotate(at.Add(time.Duration(i+1) * time.Hour))
		}
		for i := range b {
			theirs.Rotate(at.Add(time.Duration(i+1)*time.Hour + time.Minute))
		}
		r := judge(t, archive.Dispute{By: by, Mine: s.bundle(), Theirs: ofLog(theirs)})
		if r.Diverges() != (a > 0 && b > 0) {
			rt.Fatalf("%d common, then %d and %d: %+v", common, a, b, r.Divergences)
		}
		if !r.Diverges() {
			return
		}
		one := must[*webvh.History](t)(webvh.Verify(mine.Log, nil, later)).Versions()[common+1]
		other := must[*webvh.History](t)(webvh.Verify(theirs.Log, nil, later)).Versions()[common+1]
		d := r.Divergences[0]
		want := archive.KeyFork{DID: mine.DID(), A: archive.KeyEntry{ID: one.ID, Time: identity.At(one.Time)}, B: archive.KeyEntry{ID: other.ID, Time: identity.At(other.Time)}}
		if len(r.Divergences) != 1 || d.Of != of || d.Seq != uint64(common+2) || *d.Log != want || len(d.Proven) != 1 || d.Proven[0] != of {
			rt.Fatalf("%+v: %+v, want %+v", d, d.Log, want)
		}
	})
}

// FuzzForkedKeyLog changes a fork's bytes. What is taken verifies by itself, and
// is named only if its entries are other ones.
func FuzzForkedKeyLog(f *testing.F) {
	s := lived(f)
	twin := logOf(twinOf(f, s))
	mine := s.bundle()
	f.Add(twin.Log, []byte(nil))
	f.Add(mine.Logs[1].Log, []byte(nil))
	f.Add(mine.Logs[0].Log, []byte("[]"))
	f.Add(bytes.ReplaceAll(twin.Log, []byte("2-"), []byte("3-")), []byte("{}"))
	f.Fuzz(func(t *testing.T, log, witness []byte) {
		d := archive.Dispute{By: person, Mine: mine, Theirs: archive.Bundle{Logs: []archive.KeyLog{{DID: twin.DID, Log: log, Witness: witness}}}}
		var file bytes.Buffer
		if err := archive.ExportDispute(&file, d); err != nil {
			if errors.Is(err, relcard.ErrSize) || len(log) > 1<<20 {
				return
			}
			t.Fatal(err)
		}
		_, r, err := archive.ImportDispute(&file, later)
		if err != nil {
			if relcard.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		h := must[*webvh.History](t)(webvh.Verify(must[*webvh.Log](t)(webvh.Parse(log)), witness, later))
		other := must[*webvh.History](t)(webvh.Verify(s.vendor.Log, nil, later))
		if fork := h.Continues(other); r.Diverges() != (errors.As(fork, new(*webvh.ForkError))) || r.String() == "" {
			t.Fatalf("%+v where the log is %v", r.Divergences, fork)
		}
	})
}
