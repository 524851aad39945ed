package profile_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/parley-network/parley/node/profile"
	"pgregory.net/rapid"
)

// machine runs a profile beside a map that says what it should hold.
type machine struct {
	p    profile.Profile
	want map[profile.Path]string
	past []snapshot
}

// snapshot is a profile kept while others are made from it.
type snapshot struct {
	p     profile.Profile
	bytes string
}

func (m *machine) path(t *rapid.T) profile.Path {
	return profile.Path(rapid.SampledFrom([]string{"name", "emails/a", "emails/b", "notes/a", "notes/b", "phones/a"}).Draw(t, "path"))
}

func (m *machine) Set(t *rapid.T) {
	path := m.path(t)
	typed := map[string]string{
		"name":   rapid.SampledFrom([]string{"Jo", "Bo"}).Draw(t, "name"),
		"emails": rapid.StringMatching(`[a-z]{1,8}@example\.org`).Draw(t, "email"),
		"notes":  rapid.StringMatching(`[a-z]{1,20}`).Draw(t, "note"),
		"phones": rapid.StringMatching(`\+1 [0-9]{3} 555 [0-9]{4}`).Draw(t, "phone"),
	}[path.Kind()]
	next, err := m.p.SetText(path, typed)
	if err != nil {
		t.Fatal(err)
	}
	m.p, m.want[path] = next, typed
}

func (m *machine) SetGarbage(t *rapid.T) {
	path := m.path(t)
	next, err := m.p.Set(path, []byte(rapid.SampledFrom([]string{`{`, `[]`, `{"x":1}`, `null`, `{"address":7}`, `{"full":null}`}).Draw(t, "value")))
	if err == nil {
		t.Fatalf("garbage is taken for %s", path)
	}
	m.p = next
}

func (m *machine) Remove(t *rapid.T) {
	path := m.path(t)
	next, err := m.p.Remove(path)
	if _, had := m.want[path]; had != (err == nil) {
		t.Fatalf("%s: was there %v: %v", path, had, err)
	}
	m.p = next
	delete(m.want, path)
}

func (m *machine) Store(t *rapid.T) {
	b, err := m.p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m.past = append(m.past, snapshot{m.p, string(b)})
	if m.p, err = profile.Decode(b); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) ImportItself(t *rapid.T) {
	b, err := m.p.ExportVCard()
	if err != nil {
		t.Fatal(err)
	}
	next, report, err := m.p.ImportVCard(b)
	if err != nil || len(report.Replaced) > 0 || len(report.Taken) != len(m.want) {
		t.Fatalf("%+v %v", report, err)
	}
	m.p = next
}

func (m *machine) Check(t *rapid.T) {
	got := map[profile.Path]string{}
	var order []profile.Path
	for _, piece := range m.p.List() {
		got[piece.Path] = profile.Text(piece)
		order = append(order, piece.Path)
	}
	if !maps.Equal(got, m.want) || !slices.IsSorted(order) {
		t.Fatalf("holds %v, want %v", got, m.want)
	}
	for i, was := range m.past {
		if b, _ := was.p.Encode(); string(b) != was.bytes {
			t.Fatalf("profile %d was changed by what was made from it", i)
		}
	}
}

func TestProfileIsAMapThatForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{want: map[profile.Path]string{}}
		t.Repeat(rapid.StateMachineActions(m))
	})
}

// An import sets its pieces over the profile's and touches no other.
func TestImportTouchesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := drawProfile(t), drawProfile(t)
		card, err := q.ExportVCard()
		if err != nil {
			t.Fatal(err)
		}
		next, report, err := p.ImportVCard(card)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range next.List() {
			from, taken := q.Get(piece.Path)
			old, had := p.Get(piece.Path)
			if !taken {
				from = old
			}
			if string(piece.Value) != string(from.Value) || taken != slices.Contains(report.Taken, piece.Path) {
				t.Fatalf("%s is %s, want %s", piece.Path, piece.Value, from.Value)
			}
			changed := taken && had && string(old.Value) != string(piece.Value)
			if changed != slices.Contains(report.Replaced, piece.Path) {
				t.Fatalf("%s: replaced %v, reported %v", piece.Path, changed, fmt.Sprint(report.Replaced))
			}
		}
		if len(next.List()) < len(p.List()) {
			t.Fatal("an import removed a piece")
		}
	})
}
