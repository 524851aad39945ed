package archive_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/internal/cardtest"
	"github.com/parley-network/parley/relcard/statement"
)

// A proposal that was declined is told as declined, by whom and why; one that
// waits is not, nor is one that its own proposer takes back.
func TestDeclinedProposalIsTold(t *testing.T) {
	read := func(s *story) (*archive.Report, string) {
		_, r, err := archive.Import(bytes.NewReader(export(t, s.bundle())), later)
		if err != nil {
			t.Fatal(err)
		}
		return r, r.String()
	}
	decl := func(reason string, v relcard.Signed) []byte {
		return must[[]byte](t)(decline.Content{Proposal: dagcbor.Sum(v.Raw), Reason: reason}.Encode())
	}
	s := negotiated(t)
	proposal := s.next("DE", vendor)
	s.say(vendor, decline.Kind, decl("my own", proposal))
	if r, text := read(s); r.Versions[1].Declined != nil || !strings.Contains(text, "state:   in force, with a change proposed\n") ||
		!strings.Contains(text, ": proposed, never countersigned\n") {
		t.Errorf("before anybody else declines: %s", text)
	}
	no := s.say(person, decline.Kind, decl("too \"far\"", proposal))
	r, text := read(s)
	if d := r.Versions[1].Declined; d == nil || d.By != person || d.Statement != no.ID || d.Time != no.Body.Time || d.Reason != "too \"far\"" {
		t.Errorf("%+v", d)
	}
	if r.State != relcard.StateAmending || r.Versions[0].Declined != nil {
		t.Errorf("%s %+v", r.State, r.Versions[0])
	}
	for _, want := range []string{"state:   in force; a change was proposed, and declined\n", `: proposed, declined by the person: "too \"far\""`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", text, want)
		}
	}
	later := s.next("FR", person)
	if _, text := read(s); !strings.Contains(text, "in force, with a change proposed\n") {
		t.Errorf("with another proposal: %s", text)
	}
	s.say(vendor, decline.Kind, decl("", later))
	if _, text := read(s); !strings.Contains(text, ", and declined\n") || !strings.Contains(text, ": proposed, declined by the vendor\n") {
		t.Errorf("with both declined: %s", text)
	}
}

// A stranger reads from the file alone what was said, given and shown.
func TestStatementsAndOpenings(t *testing.T) {
	s := lived(t)
	b := s.bundle()
	b.Openings = s.openings[:1]
	got, r, err := archive.Import(bytes.NewReader(export(t, b)), later)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Statements) != 7 || len(r.Missing) != 0 || len(got.Statements) != 7 || len(got.Openings) != 1 {
		t.Fatalf("%d statements, missing %q", len(r.Statements), r.Missing)
	}
	st := r.Statements[1]
	if st.By != person || st.Seq != 1 || st.Kind != "disclose" || st.ID != s.logs[person][1].ID || st.Signature.Signer != s.person.DID() || st.Signature.KeySince.IsZero() {
		t.Errorf("%+v", st)
	}
	if r.Data == nil || r.Data.Entries[0].State != disclosure.StateRetracted || r.Data.Demands[0].State != disclosure.DemandOverdue {
		t.Errorf("data: %+v", r.Data)
	}
	if len(r.Shown) != 1 || string(r.Shown[0].Value) != address || r.Shown[0].Path != "addresses/home" {
		t.Errorf("shown: %+v", r.Shown)
	}
	text := r.String()
	for _, want := range []string{
		"person statement 0, bafy", ": proffer\n", "vendor statement 2, bafy", "  answers: person statement 2\n",
		"data 1, addresses/home for delivery: given 2026-03-01T09:03:00Z, taken back 2026-03-01T09:07:00Z",
		"  shown:   " + address, "demand of 2026-03-01T09:07:00Z to delete data 1, 2 by 2026-03-31T09:06:00Z: overdue, no answer",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(text, "moved") {
		t.Error("the report shows what was not opened")
	}
	if t.Failed() {
		t.Log(text)
	}
	if raw, err := json.Marshal(r); err != nil || !bytes.Contains(raw, []byte(`"value":{"countryCode"`)) {
		t.Errorf("%s %v", raw, err)
	}
}

// Both sides export the same bytes, whatever order they keep things in.
func TestSameStatementsSameBytes(t *testing.T) {
	s := lived(t)
	b := s.bundle()
	b.Openings = s.openings
	want := export(t, b)
	slices.Reverse(b.Statements)
	slices.Reverse(b.Openings)
	slices.Reverse(b.Versions)
	if !bytes.Equal(export(t, b), want) {
		t.Error("another order gave another file")
	}
}

// A card without statements is written as before there were any.
func TestCardWithoutStatementsIsOfTheFirstVersion(t *testing.T) {
	s := negotiated(t)
	b := s.bundle()
	with := export(t, b)
	b.Statements = nil
	without := export(t, b)
	_, blocks := takeApart(t, without)
	_, more := takeApart(t, with)
	for file, want := range map[*carBlock]uint64{&blocks[0]: 1, &more[0]: 2} {
		var m map[string]any
		if err := dagcbor.Unmarshal(file.raw, &m); err != nil || m["v"] != int64(want) && m["v"] != want {
			t.Errorf("manifest version %v, want %d (%v)", m["v"], want, err)
		}
	}
	for i, blk := range blocks[1:] {
		if !bytes.Equal(blk.raw, more[1+i].raw) {
			t.Error("statements move other blocks")
		}
	}
	if _, r, err := archive.Import(bytes.NewReader(without), later); err != nil || len(r.Missing) != 0 {
		t.Errorf("%v: %v", err, r)
	}
}

// The negotiation alone is a valid file: later statements are not missed.
func TestNegotiationAlone(t *testing.T) {
	s := lived(t)
	b := s.bundle()
	b.Statements = []statement.Signed{s.logs[person][0].Signed, s.logs[vendor][0].Signed}
	if _, r, err := archive.Import(bytes.NewReader(export(t, b)), later); err != nil || len(r.Missing) != 0 || r.Data != nil {
		t.Errorf("%v: %v", err, r)
	}
}

// A tail that was cut off is told by the other side's log.
func TestMissingStatementsAreTold(t *testing.T) {
	s := lived(t)
	b := s.bundle()
	b.Statements = slices.Delete(b.Statements, 2, 4) // the person's last two
	_, r, err := archive.Import(bytes.NewReader(export(t, b)), later)
	if err != nil || len(r.Missing) != 1 || !strings.Contains(r.String(), "missing: vendor statement 2 had seen a statement of the person, ") {
		t.Errorf("%v: %v", err, r)
	}
	b.Statements = b.Statements[2:] // the vendor's log only
	_, r, err = archive.Import(bytes.NewReader(export(t, b)), later)
	if err != nil || !strings.Contains(r.String(), "missing: version 0 names a statement of the person, ") {
		t.Errorf("%v: %v", err, r)
	}
}

func TestStatementsAreRefused(t *testing.T) {
	s := lived(t)
	good := s.bundle()
	good.Openings = s.openings
	stranger := newStory(t)
	stranger.vendor = cardtest.NewParty("stranger", start)
	foreign := stranger.say(person, "proffer", plain(t, "x")).Signed
	otherCard := s.copy()
	otherCard.chain = relcard.Chain{}
	b := cardtest.Body(s.person.DID(), s.vendor.DID(), start)
	b.Jurisdiction = "FR"
	otherCard.sign(b, vendor)
	elsewhere := otherCard.say(vendor, "answer", plain(t, "x")).Signed
	unlinked := s.copy()
	unlinked.heads[vendor] = statement.Head{Count: 3, Last: foreign.ID()}
	wrong := unlinked.say(vendor, "answer", plain(t, "x")).Signed
	twice := s.copy()
	twice.heads[person] = statement.Head{Count: 3, Last: s.logs[person][2].ID}
	second := twice.say(person, "channel", plain(t, "x")).Signed

	for name, c := range map[string]struct {
		change func(b *archive.Bundle)
		want   relcard.Reason
		where  string
		file   bool // can be written
	}{
		"a gap":                   {func(b *archive.Bundle) { b.Statements = slices.Delete(b.Statements, 2, 3) }, relcard.ErrArchive, "between person statement 1 and person statement 3 there is a gap", false},
		"no beginning":            {func(b *archive.Bundle) { b.Statements = b.Statements[1:] }, relcard.ErrArchive, "the person's log begins at statement 1", false},
		"a statement twice":       {func(b *archive.Bundle) { b.Statements = append(b.Statements, b.Statements[5]) }, relcard.ErrArchive, "vendor statement 1 is there twice", false},
		"two with one number":     {func(b *archive.Bundle) { b.Statements = append(b.Statements, second) }, relcard.ErrFork, "the person's statements up to 3 are told in two ways", false},
		"bytes that are none":     {func(b *archive.Bundle) { b.Statements[2].Raw = b.Statements[2].Raw[1:] }, relcard.ErrEncoding, "statement 2 of 7", false},
		"of another relationship": {func(b *archive.Bundle) { b.Statements = []statement.Signed{foreign} }, relcard.ErrArchive, "person statement 0 is of another relationship", true},
		"about another card":      {func(b *archive.Bundle) { b.Statements = append(b.Statements, elsewhere) }, relcard.ErrArchive, "vendor statement 3 is about another card", true},
		"after another past":      {func(b *archive.Bundle) { b.Statements = append(b.Statements, wrong) }, relcard.ErrFork, "vendor statement 3", true},
		"envelopes exchanged": {func(b *archive.Bundle) {
			b.Statements[1].Envelope, b.Statements[2].Envelope = b.Statements[2].Envelope, b.Statements[1].Envelope
		}, relcard.ErrSignature, "person statement 1", true},
		"a bad signature": {func(b *archive.Bundle) {
			e := &b.Statements[2].Envelope
			e.Signature = bytes.Clone(e.Signature)
			e.Signature[3] ^= 4
		}, relcard.ErrSignature, "person statement 2", true},
		"signed by the other side":    {func(b *archive.Bundle) { b.Statements[2].Envelope.Signer = s.vendor.DID() }, relcard.ErrSigner, "person statement 2", true},
		"an opening of other salt":    {func(b *archive.Bundle) { b.Openings[0].Salt = bytes.Repeat([]byte{9}, 16) }, relcard.ErrArchive, "salt and value are not those of item 1", true},
		"an opening of no item":       {func(b *archive.Bundle) { b.Openings[0].Item = 7 }, relcard.ErrArchive, "no such item", true},
		"an opening of a copy":        {func(b *archive.Bundle) { b.Openings[0].Item = 0 }, relcard.ErrArchive, "no such item", true},
		"an opening of nothing":       {func(b *archive.Bundle) { b.Openings[0].Statement = foreign.ID() }, relcard.ErrArchive, "the statement is not there", true},
		"an opening of a receipt":     {func(b *archive.Bundle) { b.Openings[0].Statement = s.logs[vendor][1].ID }, relcard.ErrArchive, "a receipt statement has nothing to open", true},
		"an opening twice":            {func(b *archive.Bundle) { b.Openings = append(b.Openings, b.Openings[0]) }, relcard.ErrArchive, "two openings of item 1", false},
		"an opening that is no JSON":  {func(b *archive.Bundle) { b.Openings[0].Value = []byte("{") }, relcard.ErrArchive, "not strict JSON", false},
		"openings without statements": {func(b *archive.Bundle) { b.Statements = nil }, relcard.ErrArchive, "the statement is not there", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := archive.Bundle{Versions: good.Versions, Logs: good.Logs, Statements: slices.Clone(good.Statements), Openings: slices.Clone(good.Openings)}
			c.change(&b)
			check := func(what string, err error) {
				t.Helper()
				if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) {
					t.Errorf("%s: %v, want %s and %q", what, err, c.want, c.where)
				}
			}
			if c.file {
				_, _, err := archive.Import(bytes.NewReader(export(t, b)), later)
				check("import", err)
			} else {
				check("export", archive.Export(&bytes.Buffer{}, b))
			}
			_, err := archive.Verify(b, later)
			check("verify", err)
		})
	}
}

// What is done to the blocks of a file is seen, and named.
func TestFileWithStatementsIsRefused(t *testing.T) {
	s := lived(t)
	b := s.bundle()
	b.Openings = s.openings[:1]
	file := export(t, b)
	header, blocks := takeApart(t, file)
	last := len(blocks) - 1
	without := func(i int) []carBlock { return slices.Delete(slices.Clone(blocks), i, i+1) }
	at := func(raw []byte) int {
		return slices.IndexFunc(blocks, func(b carBlock) bool { return bytes.Equal(b.raw, raw) })
	}
	body := at(b.Statements[2].Raw)
	swapped := slices.Clone(blocks)
	swapped[body], swapped[body+2] = swapped[body+2], swapped[body]
	// The manifest lists the vendor's statements before the person's.
	var m map[string]any
	if err := dagcbor.Unmarshal(blocks[0].raw, &m); err != nil {
		t.Fatal(err)
	}
	list := m["statements"].([]any)
	remade := func(change func()) []byte {
		old := slices.Clone(list)
		change()
		raw := must[[]byte](t)(dagcbor.Marshal(m))
		m["statements"] = old
		list = old
		root := carBlock{dagcbor.Sum(raw).Cid(), raw}
		return putTogether(headerOf(1, root.id), append([]carBlock{root}, blocks[1:]...))
	}
	for name, c := range map[string]struct {
		file  []byte
		where string
	}{
		"statement removed": {putTogether(header, without(body)), "statement " + dagcbor.Sum(b.Statements[2].Raw).String() + " is missing"},
		"envelope removed":  {putTogether(header, without(body+1)), "envelope of statement " + dagcbor.Sum(b.Statements[2].Raw).String()},
		"opening removed":   {putTogether(header, without(last)), "opening"},
		"blocks reordered":  {putTogether(header, swapped), "differs at byte"},
		"logs swapped":      {remade(func() { m["statements"] = append(slices.Clone(list[4:]), list[:4]...) }), "differs at byte"},
		"reordered":         {remade(func() { m["statements"] = append([]any{list[1], list[0]}, list[2:]...) }), "differs at byte"},
		"named twice":       {remade(func() { m["statements"] = append(slices.Clone(list), list[0]) }), "is named twice"},
		"not named":         {remade(func() { m["statements"] = list[:6] }), "belongs to nothing"},
		"left out between":  {remade(func() { m["statements"] = append(slices.Clone(list[:1]), list[2:]...) }), "belongs to nothing"},
	} {
		_, _, err := archive.Import(bytes.NewReader(c.file), later)
		if relcard.ReasonOf(err) != relcard.ErrArchive || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v, want %q", name, err, c.where)
		}
	}
	for i := 0; i < len(file); i += 7 {
		bad := bytes.Clone(file)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := archive.Import(bytes.NewReader(bad), later); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
}

func TestOpeningOfACopy(t *testing.T) {
	s := lived(t)
	o := must[disclosure.Opening](t)(disclosure.NewOpening(bytes.NewReader(make([]byte, 16)), 0, []byte(`["all \u0001 of it","`+"\u202e"+`"]`)))
	d := disclosure.Demand{What: disclosure.WantCopy, Items: []uint64{1}, Deadline: identity.At(s.at.AddDate(0, 0, 30))}
	asked := s.say(person, disclosure.KindDemand, must[[]byte](t)(d.Encode()))
	done := s.say(vendor, disclosure.KindComply, must[[]byte](t)(disclosure.Comply{Did: disclosure.DidCopy, Digest: o.Digest()}.Encode()), asked)
	b := s.bundle()
	b.Openings = []archive.Opening{{Statement: done.ID, Opening: o}}
	_, r, err := archive.Import(bytes.NewReader(export(t, b)), later)
	if err != nil || r.Shown[0].Path != "copy" || !strings.Contains(r.String(), `  shown:   ["all \u0001 of it","\u202e"]`) {
		t.Errorf("%v\n%s", err, r)
	}
	b.Openings[0].Salt = bytes.Repeat([]byte{1}, 16)
	if _, err := archive.Verify(b, later); relcard.ReasonOf(err) != relcard.ErrArchive {
		t.Error(err)
	}
}
