package archive_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

var update = flag.Bool("update", false, "write the published vectors in testdata/vectors anew")

const (
	vectorFormat = "parley archive vectors 1"
	vectorsPath  = "testdata/vectors"
)

// vectorFile is one file of vectors; the README beside it describes it.
type vectorFile struct {
	Format string   `json:"format"`
	About  string   `json:"about"`
	Cases  []vector `json:"cases"`
}

type vector struct {
	Name        string         `json:"name"`
	Text        string         `json:"text"`
	Now         identity.Time  `json:"now"`
	CAR         []byte         `json:"car"`
	Accept      bool           `json:"accept"`
	Reason      relcard.Reason `json:"reason,omitempty"`
	State       relcard.State  `json:"state,omitempty"`
	Statements  int            `json:"statements,omitempty"`
	Missing     int            `json:"missing,omitempty"`
	Shown       int            `json:"shown,omitempty"`
	Divergences []parting      `json:"divergences,omitempty"`
}

type parting struct {
	What   string           `json:"what"`
	Seq    uint64           `json:"seq"`
	Proven []identity.Role  `json:"proven,omitempty"`
	Log    *archive.KeyFork `json:"log,omitempty"`
}

// judged reads a vector's file and fills in what comes of it.
func (v vector) judged(dispute bool) (vector, error) {
	v.State, v.Statements, v.Missing, v.Shown, v.Divergences = "", 0, 0, 0, nil
	if !dispute {
		_, r, err := archive.Import(bytes.NewReader(v.CAR), v.Now.Std())
		if err == nil {
			v.State, v.Statements, v.Missing, v.Shown = r.State, len(r.Statements), len(r.Missing), len(r.Shown)
		}
		return v, err
	}
	_, r, err := archive.ImportDispute(bytes.NewReader(v.CAR), v.Now.Std())
	if err == nil {
		v.State, v.Statements, v.Missing, v.Shown = r.Mine.State, len(r.Mine.Statements), len(r.Missing), len(r.Mine.Shown)
		for _, d := range r.Divergences {
			v.Divergences = append(v.Divergences, parting{d.What, d.Seq, d.Proven, d.Log})
		}
	}
	return v, err
}

// The tests read nothing but the files, as another implementation would.
func TestVectors(t *testing.T) {
	for _, name := range []string{"cards.json", "disputes.json"} {
		d := json.NewDecoder(bytes.NewReader(must[[]byte](t)(os.ReadFile(filepath.Join(vectorsPath, name)))))
		d.DisallowUnknownFields()
		var f vectorFile
		if err := d.Decode(&f); err != nil || f.Format != vectorFormat || len(f.Cases) == 0 {
			t.Fatalf("%s: format %q with %d cases: %v", name, f.Format, len(f.Cases), err)
		}
		for _, v := range f.Cases {
			t.Run(name+"/"+v.Name, func(t *testing.T) {
				got, err := v.judged(name == "disputes.json")
				if (err == nil) != v.Accept || relcard.ReasonOf(err) != v.Reason {
					t.Fatalf("got %v, want reason %q", err, v.Reason)
				}
				if !reflect.DeepEqual(got, v) {
					t.Errorf("got %+v, want %+v", got, v)
				}
			})
		}
	}
}

// TestVectorsAreCurrent makes the vectors anew and compares; -update writes
// them. A difference means that the format has changed: give it a new version.
func TestVectorsAreCurrent(t *testing.T) {
	for name, f := range map[string]vectorFile{
		"cards.json":    {vectorFormat, "Cards with the statements beside them.", cardVectors(t)},
		"disputes.json": {vectorFormat, "Two copies of one card.", disputeVectors(t)},
	} {
		want := append(must[[]byte](t)(json.MarshalIndent(f, "", "  ")), '\n')
		path := filepath.Join(vectorsPath, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(must[[]byte](t)(os.ReadFile(path)), want) {
			t.Errorf("%s is not what this code would write; if that is meant, run: go test ./relcard/archive -run Vectors -update", name)
		}
	}
}

func vectorOf(t *testing.T, dispute bool, name, text string, file []byte, want relcard.Reason) vector {
	v, err := vector{Name: name, Text: text, Now: identity.At(later), CAR: file, Accept: want == "", Reason: want}.judged(dispute)
	if relcard.ReasonOf(err) != want {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func cardVectors(t *testing.T) (all []vector) {
	s := lived(t)
	good := s.bundle()
	add := func(name, text string, want relcard.Reason, change func(b *archive.Bundle)) {
		b := archive.Bundle{Versions: good.Versions, Logs: good.Logs, Statements: slices.Clone(good.Statements), Openings: slices.Clone(s.openings)}
		change(&b)
		all = append(all, vectorOf(t, false, name, text, export(t, b), want))
	}
	add("whole", "both logs, and both addresses shown", "", func(*archive.Bundle) {})
	add("not-shown", "both logs, and no piece of data", "", func(b *archive.Bundle) { b.Openings = nil })
	add("negotiation", "the proffer and its answer alone", "", func(b *archive.Bundle) {
		b.Statements, b.Openings = []statement.Signed{good.Statements[0], good.Statements[4]}, nil
	})
	add("tail-cut", "the person's last statements are left out, and the vendor has seen one of them", "", func(b *archive.Bundle) {
		b.Statements, b.Openings = slices.Delete(b.Statements, 2, 4), b.Openings[:1]
	})
	add("without", "a card that names a proffer, without statements: a file of the first version", "", func(b *archive.Bundle) { b.Statements, b.Openings = nil, nil })
	add("bad-signature", "a bit of a statement's signature is flipped", relcard.ErrSignature, func(b *archive.Bundle) {
		e := &b.Statements[2].Envelope
		e.Signature = bytes.Clone(e.Signature)
		e.Signature[0] ^= 1
	})
	add("wrong-signer", "a statement of the person's log signed by the vendor", relcard.ErrSigner, func(b *archive.Bundle) { b.Statements[2].Envelope.Signer = s.vendor.DID() })
	add("other-salt", "an opening with another salt", relcard.ErrArchive, func(b *archive.Bundle) { b.Openings[0].Salt = bytes.Repeat([]byte{9}, 16) })
	add("other-item", "an opening of another item", relcard.ErrArchive, func(b *archive.Bundle) { b.Openings[0].Item = 2 })
	stranger := newStory(t)
	stranger.vendor = cardtest.NewParty("stranger", start)
	foreign := stranger.say(person, "proffer", plain(t, "x")).Signed
	add("other-relationship", "a statement to another vendor", relcard.ErrArchive, func(b *archive.Bundle) { b.Statements, b.Openings = []statement.Signed{foreign}, nil })
	forked := s.copy()
	forked.heads[vendor] = statement.Head{Count: 3, Last: foreign.ID()}
	wrong := forked.say(vendor, "channel", plain(t, "x")).Signed
	add("other-past", "a statement that follows another one than is there", relcard.ErrFork, func(b *archive.Bundle) { b.Statements = append(b.Statements, wrong) })

	b := good
	header, blocks := takeApart(t, export(t, b))
	at := slices.IndexFunc(blocks, func(blk carBlock) bool { return bytes.Equal(blk.raw, b.Statements[2].Raw) })
	for name, i := range map[string]int{"statement-removed": at, "envelope-removed": at + 1} {
		all = append(all, vectorOf(t, false, name, "a block of a statement is not there", putTogether(header, slices.Delete(slices.Clone(blocks), i, i+1)), relcard.ErrArchive))
	}
	slices.SortStableFunc(all[len(all)-2:], func(a, b vector) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	blocks[at], blocks[at+2] = blocks[at+2], blocks[at]
	all = append(all, vectorOf(t, false, "reordered", "two statements' blocks are exchanged", putTogether(header, blocks), relcard.ErrArchive))
	return all
}

func disputeVectors(t *testing.T) (all []vector) {
	add := func(name, text string, want relcard.Reason, d archive.Dispute) {
		all = append(all, vectorOf(t, true, name, text, exportDispute(t, d), want))
	}
	s := lived(t)
	mine := s.bundle()
	add("alone", "one copy, and nothing of the other", "", archive.Dispute{By: person, Mine: mine})
	add("same", "two copies that are the same", "", archive.Dispute{By: vendor, Mine: mine, Theirs: mine})
	other := s.copy()
	other.logs[vendor], other.heads[vendor] = other.logs[vendor][:2], statement.Head{Count: 2, Last: other.logs[vendor][1].ID}
	forked := other.say(vendor, "channel", plain(t, "another story"))
	after := other.say(vendor, "channel", plain(t, "and on"))
	add("forked-log", "the vendor's log has two statements 2", "", archive.Dispute{By: person, Mine: mine, Theirs: only(nil, forked)})
	add("forked-log-unseen", "a statement 3 that follows another statement 2, which is not there", "", archive.Dispute{By: person, Mine: mine, Theirs: only(nil, after)})
	a, b := s.copy(), s.copy()
	a.next("US-CO", person, vendor)
	add("forked-card", "the vendor signed two versions after the first", "", archive.Dispute{By: person, Mine: a.bundle(), Theirs: only([]relcard.Signed{b.next("US-NV", vendor)})})
	c, d := s.copy(), s.copy()
	c.next("US-CO", person)
	add("crossed", "two proposals crossed: no divergence", "", archive.Dispute{By: person, Mine: c.bundle(), Theirs: only([]relcard.Signed{d.next("US-NV", vendor)})})
	e := s.copy()
	e.chain = relcard.Chain{}
	body := cardtest.Body(s.person.DID(), s.vendor.DID(), start)
	body.Jurisdiction = "FR"
	first := e.sign(body, vendor)
	add("other-first-version", "another first version, with the vendor's name alone under it", "", archive.Dispute{By: person, Mine: mine, Theirs: only([]relcard.Signed{first})})

	f := s.copy()
	f.say(vendor, "channel", plain(t, "1"))
	add("gap", "a statement 4 where the vendor's log is known up to 2", relcard.ErrArchive, archive.Dispute{By: person, Mine: mine, Theirs: only(nil, f.say(vendor, "channel", plain(t, "2")))})
	bad := forked
	bad.Signed.Envelope.Signature = make([]byte, 64)
	add("bad-signature", "the other story is not signed by the vendor", relcard.ErrSignature, archive.Dispute{By: person, Mine: mine, Theirs: only(nil, bad)})
	all = append(all, vectorOf(t, true, "card", "a card's file", export(t, mine), relcard.ErrArchive))

	g := lived(t)
	twin := twinOf(t, g)
	keys := func(name, text string, want relcard.Reason, log archive.KeyLog) {
		add(name, text, want, archive.Dispute{By: person, Mine: g.bundle(), Theirs: archive.Bundle{Logs: []archive.KeyLog{log}}})
	}
	keys("forked-key-log", "the vendor's key log has two entries 2", "", logOf(twin))
	keys("older-key-log", "the other copy has the vendor's key log as it was: no divergence", "", logOf(cardtest.NewParty("vendor", start)))
	keys("key-log-dated-back", "an entry 2 of the person's key log is dated before what the person signed", "", logOf(backdated(g)))
	keys("forged-key-log", "an entry 2 with the proof of the other entry 2", relcard.ErrSignature, forged(t, twin, g.vendor))
	keys("other-key-log", "another party's key log under the vendor's identifier", relcard.ErrSignature, archive.KeyLog{DID: g.vendor.DID(), Log: g.person.Log.Bytes()})
	return all
}
