package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

func exportDispute(t testing.TB, d archive.Dispute) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := archive.ExportDispute(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// judge is a third party with the file and nothing else.
func judge(t testing.TB, d archive.Dispute) *archive.DisputeReport {
	t.Helper()
	file := exportDispute(t, d)
	got, r, err := archive.ImportDispute(bytes.NewReader(file), later)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(exportDispute(t, *got), file) {
		t.Error("written again it is another file")
	}
	if raw, err := json.Marshal(r); err != nil || !bytes.Contains(raw, []byte(`"divergences":[`)) {
		t.Errorf("%s %v", raw, err)
	}
	return r
}

func says(t testing.TB, r *archive.DisputeReport, want ...string) {
	t.Helper()
	text := r.String()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the report does not say %q", w)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// only returns a part with these of a bundle's versions and statements.
func only(versions []relcard.Signed, statements ...statement.Statement) archive.Bundle {
	b := archive.Bundle{Versions: versions}
	for _, s := range statements {
		b.Statements = append(b.Statements, s.Signed)
	}
	return b
}

func TestUndisputed(t *testing.T) {
	s := lived(t)
	mine := s.bundle()
	mine.Openings = s.openings[1:]
	for name, theirs := range map[string]archive.Bundle{
		"nothing known":    {},
		"the same":         s.bundle(),
		"a part":           only(mine.Versions[:1], s.logs[vendor][1:]...),
		"one of its parts": only(nil, s.logs[person][2]),
		"an opening":       {Openings: s.openings[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, archive.Dispute{By: person, Mine: mine, Theirs: theirs})
			if r.Diverges() || len(r.Agreed) != 1 || (r.Theirs == nil) != (name == "nothing known") || len(r.Missing) != 0 {
				t.Errorf("%+v", r)
			}
			says(t, r, "no divergence", "signed by both: version 0, ", "the person's word alone: statement 3 of ", ", demand; nothing the vendor signed shows that it came",
				"DEADLINE PASSED 2026-03-31T09:06:00Z: demand of 2026-03-01T09:07:00Z to delete data 1, 2; overdue\n", "DEADLINE PASSED 2026-03-25T08:00:00Z: fulfilment of what was agreed",
				"the person's copy:\n  relationship card ", `shown:   "moved"`)
		})
	}
}

// The vendor tells two stories of one card: the two signatures prove it.
func TestForkedCard(t *testing.T) {
	s := lived(t)
	other := s.copy()
	s.next("US-CO", person, vendor)
	forked := other.next("US-NV", vendor)
	d := archive.Dispute{By: person, Mine: s.bundle(), Theirs: only([]relcard.Signed{forked})}
	r := judge(t, d)
	if len(r.Divergences) != 1 || len(r.Agreed) != 2 {
		t.Fatalf("%+v", r)
	}
	got := r.Divergences[0]
	if got.What != "card" || got.Seq != 1 || !slices.Equal(got.Proven, []identity.Role{vendor}) || got.A.ID == got.B.ID {
		t.Errorf("%+v", got)
	}
	says(t, r, "DIVERGENCE in the card, from version 1 on", "proof:   the vendor signed both", ", in the copy of the person\n", ", in the copy of the vendor\n",
		"the vendor's word alone: version 1 of ", "never countersigned")
	// The vendor hands in its side of it: the same proof.
	d = archive.Dispute{By: vendor, Mine: other.bundle(), Theirs: s.bundle()}
	if r := judge(t, d); len(r.Divergences) != 1 || !slices.Equal(r.Divergences[0].Proven, []identity.Role{vendor}) {
		t.Errorf("%+v", r.Divergences)
	}
	// A chain that is frozen already shows it by itself.
	whole := s.bundle()
	whole.Versions = append(whole.Versions, forked)
	r = judge(t, archive.Dispute{By: person, Mine: whole})
	if len(r.Divergences) != 1 || r.Mine.State != relcard.StateFrozen || !slices.Equal(r.Divergences[0].A.Copies, []identity.Role{person}) {
		t.Errorf("%+v", r)
	}
}

// Proposals that cross, and news that has not arrived, contradict nothing.
func TestWhatIsNoDivergence(t *testing.T) {
	s := lived(t)
	other := s.copy()
	crossing := other.next("US-NV", vendor)
	s.next("US-CO", person)
	s.say(person, "channel", plain(t, "close"))
	r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: only([]relcard.Signed{crossing}, other.logs[person]...)})
	if r.Diverges() {
		t.Errorf("%+v", r.Divergences)
	}
	says(t, r, "the person's word alone: version 1 of ", "the vendor's word alone: version 1 of ", "the person's word alone: statement 4 of ")
}

// Each side comes with a first version of its own; only one of them has both
// names under it.
func TestAnotherFirstVersion(t *testing.T) {
	s := lived(t)
	other := s.copy()
	other.chain = relcard.Chain{}
	b := cardtest.Body(s.person.DID(), s.vendor.DID(), start)
	b.Terms = cardtest.Terms("SD-BASE-ATP-S3P")
	first := other.sign(b, vendor)
	told := other.say(vendor, "answer", plain(t, "as we agreed"))
	r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: only([]relcard.Signed{first}, told)})
	if len(r.Divergences) != 1 || r.Divergences[0].Proven != nil || len(r.Agreed) != 1 || r.Agreed[0].Terms.ID != "SD-BASE" {
		t.Errorf("%+v", r)
	}
	says(t, r, "DIVERGENCE in the card, from version 0 on", "the vendor's word alone: version 0 of ", "proof:   none: nobody is bound to both")
	// Where both are under both, both have told two stories.
	second := must[relcard.Signed](t)(first.Sign(s.person.Signer(), s.at))
	r = judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: only([]relcard.Signed{second}, told)})
	if len(r.Divergences) != 1 || !slices.Equal(r.Divergences[0].Proven, []identity.Role{person, vendor}) || len(r.Agreed) != 2 {
		t.Errorf("%+v", r)
	}
}

// To acknowledge the other's end is no second story.
func TestAcknowledgedEndProvesNothing(t *testing.T) {
	s := lived(t)
	other := s.copy()
	s.next("US-CO", person, vendor)
	end := must[relcard.Body](t)(other.chain.End(vendor, "closing", other.at))
	ended := other.sign(end, vendor, person)
	r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: only([]relcard.Signed{ended})})
	if len(r.Divergences) != 1 || !slices.Equal(r.Divergences[0].Proven, []identity.Role{vendor}) {
		t.Errorf("%+v", r.Divergences)
	}
}

// The vendor says to the person that a change is recorded, and elsewhere, in
// the same place of its log, that it never came.
func TestForkedLog(t *testing.T) {
	s := lived(t)
	s.say(vendor, "channel", plain(t, "one"))
	other := s.copy()
	other.logs[vendor], other.heads[vendor] = other.logs[vendor][:2], statement.Head{Count: 2, Last: other.logs[vendor][1].ID}
	forked := other.say(vendor, "channel", plain(t, "another story"))
	after := other.say(vendor, "channel", plain(t, "and on"))
	check := func(t *testing.T, theirs archive.Bundle, seen bool) {
		r := judge(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: theirs})
		if len(r.Divergences) != 1 {
			t.Fatalf("%+v", r.Divergences)
		}
		d := r.Divergences[0]
		if d.What != "vendor's log" || d.Seq != 2 || !slices.Equal(d.Proven, []identity.Role{vendor}) ||
			d.A.ID != s.logs[vendor][2].ID || d.B.ID != forked.ID || (len(d.B.Signed) == 1) != seen {
			t.Errorf("%+v", d)
		}
		says(t, r, "DIVERGENCE in the vendor's log, from statement 2 on", "proof:   the vendor signed both")
		if !seen {
			says(t, r, "not at hand; what its writer signed next names it")
		}
	}
	t.Run("the one statement", func(t *testing.T) { check(t, only(nil, forked), true) })
	t.Run("the branch", func(t *testing.T) { check(t, only(nil, forked, after), true) })
	t.Run("the whole copy", func(t *testing.T) { check(t, other.bundle(), true) })
	t.Run("what comes after it", func(t *testing.T) { check(t, only(nil, after), false) })
}

// What the other side has acknowledged is no mere claim; a statement that it
// says it has seen and nobody shows is missing.
func TestWordsAndProof(t *testing.T) {
	s := lived(t)
	before := s.bundle()
	asked := s.logs[person][3]
	r := judge(t, archive.Dispute{By: person, Mine: before})
	if r.Deadlines[1].Known != "" || !slices.ContainsFunc(r.Claims, func(c archive.Claim) bool { return c.ID == asked.ID && c.Kind == disclosure.KindDemand }) {
		t.Errorf("%+v %+v", r.Deadlines, r.Claims)
	}
	s.say(vendor, "channel", plain(t, "I have seen it"))
	r = judge(t, archive.Dispute{By: person, Mine: s.bundle()})
	if slices.ContainsFunc(r.Claims, func(c archive.Claim) bool { return c.By == person }) {
		t.Errorf("%+v", r.Claims)
	}
	says(t, r, "to delete data 1, 2; overdue; the vendor had it, by vendor statement 3, ")

	// The vendor kept its answer from the person, or it never came.
	done := s.say(vendor, disclosure.KindComply, must[[]byte](t)(disclosure.Comply{Did: disclosure.DidDelete}.Encode()), asked)
	r = judge(t, archive.Dispute{By: person, Mine: before, Theirs: only(nil, s.logs[vendor][3], done)})
	says(t, r, "no divergence", "due 2026-03-31T09:06:00Z: demand of 2026-03-01T09:07:00Z to delete data 1, 2; complied; the vendor had it, by ")

	// The person leaves its demand out.
	hidden := s.bundle()
	hidden.Statements = slices.Delete(hidden.Statements, 3, 4)
	r = judge(t, archive.Dispute{By: person, Mine: hidden})
	says(t, r, "missing: vendor statement 3 had seen a statement of the person, "+asked.ID.String())
}

func TestEndIsEithersWord(t *testing.T) {
	s := lived(t)
	end := must[relcard.Body](t)(s.chain.End(person, "moved away", s.at))
	s.sign(end, person)
	says(t, judge(t, archive.Dispute{By: person, Mine: s.bundle()}), "the person's word alone: version 1 of 2026-03-01T09:07:00Z, which ends the card, as either may", "  ended by the person: \"moved away\"")
}

func TestDisputesAreRefused(t *testing.T) {
	s := lived(t)
	mine := s.bundle()
	ahead := s.copy()
	ahead.say(vendor, "channel", plain(t, "1"))
	two := ahead.say(vendor, "channel", plain(t, "2"))
	orphan := s.copy()
	orphan.next("US-CO", person, vendor)
	far := orphan.next("US-NV", vendor)
	stranger := newStory(t)
	stranger.person = cardtest.NewParty("stranger", start)
	foreign := stranger.say(person, "proffer", plain(t, "x"))
	strange := stranger.sign(cardtest.Body(stranger.person.DID(), stranger.vendor.DID(), start), vendor)
	bad := s.logs[vendor][2]
	bad.Signed.Envelope.Signature = bytes.Repeat([]byte{1}, 64)
	shown := s.openings[0]
	shown.Item = 2
	unsigned := relcard.Signed{Raw: mine.Versions[0].Raw}

	for name, c := range map[string]struct {
		d     archive.Dispute
		want  relcard.Reason
		where string
		file  bool
	}{
		"by nobody":               {archive.Dispute{Mine: mine}, relcard.ErrArchive, "by: ", false},
		"by an author":            {archive.Dispute{By: identity.RoleAuthor, Mine: mine}, relcard.ErrArchive, "by: ", false},
		"no card":                 {archive.Dispute{By: person, Theirs: mine}, relcard.ErrArchive, "the person's copy: archive: no versions", false},
		"a gap":                   {archive.Dispute{By: person, Mine: mine, Theirs: only(nil, two)}, relcard.ErrArchive, "the vendor's copy: archive: between 3 statements of the vendor and vendor statement 4 there is a gap", true},
		"a gap inside":            {archive.Dispute{By: person, Mine: mine, Theirs: only(nil, s.logs[person][0], s.logs[person][2])}, relcard.ErrArchive, "there is a gap", false},
		"a statement twice":       {archive.Dispute{By: vendor, Mine: mine, Theirs: only(nil, s.logs[person][0], s.logs[person][0])}, relcard.ErrArchive, "the person's copy: archive: person statement 0 is there twice", false},
		"a version without past":  {archive.Dispute{By: person, Mine: mine, Theirs: only([]relcard.Signed{far})}, relcard.ErrOrphan, "the vendor's copy: ", true},
		"a bad signature":         {archive.Dispute{By: person, Mine: mine, Theirs: only(nil, bad)}, relcard.ErrSignature, "the vendor's copy: signature: vendor statement 2", true},
		"nobody's version":        {archive.Dispute{By: person, Mine: mine, Theirs: only([]relcard.Signed{unsigned})}, relcard.ErrSignature, "nobody", true},
		"another relationship":    {archive.Dispute{By: person, Mine: mine, Theirs: only(nil, foreign)}, relcard.ErrArchive, "person statement 0", true},
		"an opening that is not":  {archive.Dispute{By: person, Mine: mine, Theirs: archive.Bundle{Openings: []archive.Opening{shown}}}, relcard.ErrArchive, "no such item", true},
		"a stranger's key log":    {archive.Dispute{By: person, Mine: mine, Theirs: archive.Bundle{Logs: stranger.bundle().Logs[:1]}}, relcard.ErrArchive, "who is no party", true},
		"a card of other parties": {archive.Dispute{By: person, Mine: mine, Theirs: archive.Bundle{Versions: []relcard.Signed{strange}}}, relcard.ErrArchive, "is of another relationship", true},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(what string, err error) {
				t.Helper()
				if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
					t.Errorf("%s: %v, want %s and %q", what, err, c.want, c.where)
				}
			}
			if c.file {
				_, _, err := archive.ImportDispute(bytes.NewReader(exportDispute(t, c.d)), later)
				check("import", err)
			} else {
				check("export", archive.ExportDispute(&bytes.Buffer{}, c.d))
			}
			_, err := archive.VerifyDispute(c.d, later)
			check("verify", err)
		})
	}
}

func TestDisputeFileIsRefused(t *testing.T) {
	s := lived(t)
	other := s.copy()
	other.logs[vendor], other.heads[vendor] = other.logs[vendor][:2], statement.Head{Count: 2, Last: other.logs[vendor][1].ID}
	forked := other.say(vendor, "channel", plain(t, "another story"))
	file := exportDispute(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: only(nil, forked)})
	header, blocks := takeApart(t, file)
	card := export(t, s.bundle())
	if _, _, err := archive.ImportDispute(bytes.NewReader(card), later); relcard.ReasonOf(err) != relcard.ErrArchive {
		t.Errorf("a card: %v", err)
	}
	if _, _, err := archive.Import(bytes.NewReader(file), later); relcard.ReasonOf(err) != relcard.ErrArchive {
		t.Errorf("a dispute for a card: %v", err)
	}
	for i := range blocks {
		bad := putTogether(header, slices.Delete(slices.Clone(blocks), i, i+1))
		if _, _, err := archive.ImportDispute(bytes.NewReader(bad), later); relcard.ReasonOf(err) != relcard.ErrArchive || !strings.Contains(err.Error(), "missing") {
			t.Errorf("without block %d: %v", i, err)
		}
	}
	for i := 0; i < len(file); i += 11 {
		bad := bytes.Clone(file)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := archive.ImportDispute(bytes.NewReader(bad), later); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
	if _, _, err := archive.ImportDispute(bytes.NewReader(make([]byte, archive.MaxDispute+1)), later); relcard.ReasonOf(err) != relcard.ErrSize {
		t.Errorf("oversized: %v", err)
	}
	if _, _, err := archive.ImportDispute(broken{}, later); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if err := archive.ExportDispute(broken{}, archive.Dispute{By: person, Mine: s.bundle()}); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// Two copies cost little more than one.
func TestWhatIsTheSameIsThereOnce(t *testing.T) {
	s := lived(t)
	one, two := len(export(t, s.bundle())), len(exportDispute(t, archive.Dispute{By: person, Mine: s.bundle(), Theirs: s.bundle()}))
	if two > one+2048 {
		t.Errorf("%d bytes, one copy has %d", two, one)
	}
}

func FuzzImportDispute(f *testing.F) {
	s := lived(f)
	other := s.copy()
	forked := other.next("US-NV", vendor)
	mine := s.bundle()
	mine.Openings = s.openings
	f.Add(exportDispute(f, archive.Dispute{By: person, Mine: mine, Theirs: only([]relcard.Signed{forked}, s.logs[vendor]...)}))
	f.Add(exportDispute(f, archive.Dispute{By: vendor, Mine: mine}))
	f.Add(exportDispute(f, archive.Dispute{By: person, Mine: mine, Theirs: ofLog(twinOf(f, s))}))
	f.Add(export(f, mine))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, _, err := archive.Import(bytes.NewReader(file), later); err != nil && relcard.ReasonOf(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
		d, r, err := archive.ImportDispute(bytes.NewReader(file), later)
		if err != nil {
			if relcard.ReasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if !bytes.Equal(exportDispute(t, *d), file) || r.String() == "" {
			t.Fatal("accepted a file that ExportDispute would not write")
		}
	})
}

// The fuzzer rarely finds blocks that hash to their names; this one changes
// what is in them.
func FuzzVerifyDispute(f *testing.F) {
	s := lived(f)
	b := s.bundle()
	f.Add(0, 40, byte(1), b.Statements[0].Raw)
	f.Add(3, 200, byte(0x80), b.Statements[3].Raw)
	f.Fuzz(func(t *testing.T, which, at int, flip byte, raw []byte) {
		if which < 0 || at < 0 {
			return
		}
		d := archive.Dispute{By: person, Mine: b, Theirs: archive.Bundle{Statements: slices.Clone(b.Statements)}}
		st := &d.Theirs.Statements[which%len(b.Statements)]
		st.Raw = bytes.Clone(st.Raw)
		st.Raw[at%len(st.Raw)] ^= flip
		if len(raw) > 0 && at%2 == 0 {
			st.Raw = raw
		}
		same := bytes.Equal(st.Raw, b.Statements[which%len(b.Statements)].Raw)
		_, err := archive.VerifyDispute(d, later)
		if !same && err == nil {
			t.Fatal("a changed statement holds")
		}
		if err != nil && relcard.ReasonOf(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
	})
}

func BenchmarkImportDispute(b *testing.B) {
	s := lived(b)
	for range 200 {
		s.say(vendor, "channel", plain(b, "x"))
	}
	file := exportDispute(b, archive.Dispute{By: person, Mine: s.bundle(), Theirs: s.bundle()})
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, _, err := archive.ImportDispute(bytes.NewReader(file), later); err != nil {
			b.Fatal(err)
		}
	}
}
