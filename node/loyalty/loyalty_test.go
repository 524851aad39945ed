package loyalty_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/loyalty"
	"pgregory.net/rapid"
)

const secret = "WZ-4471 9920"

func number(t testing.TB, s string) loyalty.Number {
	n, err := loyalty.NewNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func at(t testing.TB, s string) identity.Time {
	got, err := identity.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wizard(t testing.TB) loyalty.Programme {
	return loyalty.Programme{Name: "Avis Wizard", Issuer: "Avis", Number: number(t, secret), Tier: "gold",
		Since: at(t, "2019-05-01T00:00:00Z"), Until: at(t, "2027-05-01T00:00:00Z"), Note: "card in the blue wallet"}
}

func two(t testing.TB) loyalty.Programmes {
	var l loyalty.Programmes
	for _, p := range []loyalty.Programme{wizard(t), {Name: "Hertz 1 Club", Number: number(t, "88231")}} {
		var err error
		if l, err = l.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestNumberNeverPrints(t *testing.T) {
	p := wizard(t)
	l := two(t)
	type kept struct { // fmt calls no methods of what an unexported field holds
		p loyalty.Programme
		n loyalty.Number
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p", "%T", "%50s"} {
		for _, v := range []any{p, &p, p.Number, &p.Number, l, &l, l.List(), []any{p}, map[string]any{"p": p}, kept{p, p.Number}, &kept{p, p.Number}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, v := range []any{p, p.Number, l, l.List(), map[string]loyalty.Number{"n": p.Number}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("joined", "programme", p, "number", p.Number)
	slog.New(slog.NewTextHandler(&out, nil)).Info("joined", "programme", p, "number", p.Number)
	for line := range strings.Lines(out.String()) {
		for _, s := range []string{"WZ-4471", "4471 9920", fmt.Sprintf("%x", secret)} {
			if strings.Contains(line, s) {
				t.Errorf("%q is in %s", s, line)
			}
		}
	}
	if b, err := dagcbor.Marshal(&struct {
		N loyalty.Number `cbor:"n"`
	}{p.Number}); err == nil {
		t.Errorf("a body with a number: %x", b)
	}
	if p.Number.Reveal() != secret || p.Number.String() != "[hidden]" || (loyalty.Number{}).String() != "" {
		t.Error("a number should be hidden and be revealed")
	}
}

func TestNumberIsReadFromJSONButNotItsStandIn(t *testing.T) {
	var p loyalty.Programme
	if err := json.Unmarshal([]byte(`{"name":"Avis Wizard","number":" WZ-4471 9920 "}`), &p); err != nil || p.Number.Reveal() != secret {
		t.Errorf("read %q: %v", p.Number.Reveal(), err)
	}
	for _, bad := range []string{`{"number":"[hidden]"}`, `{"number":44719920}`, `{"number":"4471\u0000"}`, `{"number":"` + strings.Repeat("4471", 40) + `"}`} {
		err := json.Unmarshal([]byte(bad), &p)
		if err == nil || strings.Contains(err.Error(), "4471") {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
	if !p.Number.Equal(number(t, secret)) || p.Number.Equal(loyalty.Number{}) {
		t.Error("Equal is wrong")
	}
}

func TestCheckNamesTheField(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*loyalty.Programme)
		field  string
	}{
		"no name":          {func(p *loyalty.Programme) { p.Name = "" }, "name"},
		"blank name":       {func(p *loyalty.Programme) { p.Name = " " }, "name"},
		"long name":        {func(p *loyalty.Programme) { p.Name = strings.Repeat("x", 201) }, "name"},
		"number in name":   {func(p *loyalty.Programme) { p.Name = "Wizard wz44719920" }, "name"},
		"number in tier":   {func(p *loyalty.Programme) { p.Tier = "WZ 4471-9920" }, "tier"},
		"number in issuer": {func(p *loyalty.Programme) { p.Issuer = secret }, "issuer"},
		"line end":         {func(p *loyalty.Programme) { p.Issuer = "Avis\nInc" }, "issuer"},
		"control":          {func(p *loyalty.Programme) { p.Note = "a\x1b[31m" }, "note"},
		"not UTF-8":        {func(p *loyalty.Programme) { p.Tier = "\xff" }, "tier"},
		"ends first":       {func(p *loyalty.Programme) { p.Until = at(t, "2018-01-01T00:00:00Z") }, "until"},
	} {
		p := wizard(t)
		c.change(&p)
		l, err := two(t).Put(p)
		var invalid *loyalty.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != c.field || len(l.List()) != 2 {
			t.Errorf("%s: %v, want the field %s", name, err, c.field)
		}
		if s := err.Error(); strings.Contains(s, "4471") {
			t.Errorf("%s: the error shows the number: %s", name, s)
		}
	}
}

func TestAttachGivesNamesAlone(t *testing.T) {
	l := two(t)
	names, err := l.Attach("Hertz 1 Club", "Avis Wizard")
	if err != nil || !slices.Equal(names, []string{"Hertz 1 Club", "Avis Wizard"}) {
		t.Errorf("%q %v", names, err)
	}
	if _, err := l.Attach("Budget"); !errors.Is(err, loyalty.ErrNoProgramme) {
		t.Errorf("not a member: %v", err)
	}
	if _, err := l.Attach("Avis Wizard", "Avis Wizard"); err == nil {
		t.Error("attached twice")
	}
	if _, err := l.Attach(slices.Repeat([]string{"Avis Wizard"}, 17)...); err == nil {
		t.Error("attached too many")
	}
}

func TestListOperations(t *testing.T) {
	l := two(t)
	p, _ := l.Get("Avis Wizard")
	p.Tier = "silver"
	m, err := l.Put(p)
	if err != nil {
		t.Fatal(err)
	}
	if was, _ := l.Get("Avis Wizard"); was.Tier != "gold" || len(m.List()) != 2 {
		t.Error("a change touched the list it was made from")
	}
	if m, err = m.Remove("Avis Wizard"); err != nil || len(m.List()) != 1 {
		t.Errorf("removed: %v", err)
	}
	if _, err = m.Remove("Avis Wizard"); !errors.Is(err, loyalty.ErrNoProgramme) {
		t.Errorf("removed twice: %v", err)
	}
	for i := 1; i < loyalty.MaxProgrammes; i++ {
		if m, err = m.Put(loyalty.Programme{Name: fmt.Sprint("club ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = m.Put(loyalty.Programme{Name: "one more"}); err == nil {
		t.Error("a programme too many")
	}
	if p.Lapsed(time.Date(2027, 4, 30, 0, 0, 0, 0, time.UTC)) || !p.Lapsed(p.Until.Std()) {
		t.Error("lapses at the wrong time")
	}
}

func TestStoredFormKeepsNumbersAndIsStrict(t *testing.T) {
	b, err := two(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	l, err := loyalty.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := l.Get("Avis Wizard"); !ok || p.Number.Reveal() != secret || p.Since != at(t, "2019-05-01T00:00:00Z") {
		t.Errorf("read back %+v", p)
	}
	for _, bad := range []string{``, `{}`, `{"v":2,"programmes":[]}`, `{"v":1,"programmes":null}`, `{"v":1, "programmes":[]}`,
		`{"v":1,"programmes":[{"name":""}]}`, `{"v":1,"programmes":[{"name":"b"},{"name":"a"}]}`, `{"v":1,"programmes":[{"name":"a"},{"name":"a"}]}`,
		`{"v":1,"programmes":[{"name":"a","number":"[hidden]"}]}`, `{"v":1,"programmes":[{"name":"a","x":1}]}`, strings.Repeat(" ", 2<<20)} {
		if _, err := loyalty.Decode([]byte(bad)); err == nil {
			t.Errorf("%.60s: taken", bad)
		}
	}
}

func TestStatementSaysItOnce(t *testing.T) {
	s := loyalty.NewStatement(loyalty.Regular)
	s.Text, s.Since, s.Programmes = "I shop here first.\nThank Ann.", at(t, "2015-01-01T00:00:00Z"), []string{"Avis Wizard"}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := loyalty.DecodeStatement(b)
	if err != nil || got.Text != s.Text || got.Since != s.Since || got.Level != "regular" || !slices.Equal(got.Programmes, s.Programmes) {
		t.Errorf("read back %+v: %v", got, err)
	}
	for name, c := range map[string]struct {
		change func(*loyalty.Statement)
		field  string
	}{
		"version":         {func(s *loyalty.Statement) { s.Version = 2 }, "v"},
		"no level":        {func(s *loyalty.Statement) { s.Level = "" }, "level"},
		"unknown level":   {func(s *loyalty.Statement) { s.Level = "gold" }, "level"},
		"blank text":      {func(s *loyalty.Statement) { s.Text = "\n" }, "text"},
		"long text":       {func(s *loyalty.Statement) { s.Text = strings.Repeat("x", 1025) }, "text"},
		"control":         {func(s *loyalty.Statement) { s.Text = "\x07" }, "text"},
		"programme twice": {func(s *loyalty.Statement) { s.Programmes = []string{"a", "a"} }, "programmes[1]"},
		"programme empty": {func(s *loyalty.Statement) { s.Programmes = []string{""} }, "programmes[0]"},
		"many programmes": {func(s *loyalty.Statement) { s.Programmes = make([]string, 17) }, "programmes"},
	} {
		bad := s
		c.change(&bad)
		_, err := bad.Encode()
		var invalid *loyalty.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != c.field {
			t.Errorf("%s: encode: %v, want the field %s", name, err, c.field)
		}
		if raw, err := dagcbor.Marshal(bad); err == nil {
			if _, err := loyalty.DecodeStatement(raw); !errors.As(err, &invalid) || invalid.Field != c.field {
				t.Errorf("%s: decode: %v, want the field %s", name, err, c.field)
			}
		}
	}
	for name, raw := range map[string][]byte{"nothing": nil, "trailing": append(slices.Clone(b), 0), "cut": b[:len(b)-1], "too big": make([]byte, 9<<10)} {
		if _, err := loyalty.DecodeStatement(raw); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestEveryStatementReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zé山 ]{0,20}x`)
		s := loyalty.NewStatement(rapid.SampledFrom([]string{"tried", "returning", "regular", "devoted"}).Draw(t, "level"))
		s.Text = rapid.OneOf(rapid.Just(""), word).Draw(t, "text")
		s.Programmes = rapid.SliceOfNDistinct(word, 0, 16, rapid.ID).Draw(t, "programmes")
		if rapid.Bool().Draw(t, "since") {
			s.Since = identity.At(time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "time"), 0))
		}
		b, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := loyalty.DecodeStatement(b)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is not %x: %v", again, b, err)
		}
	})
}

func FuzzDecodeStatement(f *testing.F) {
	s := loyalty.NewStatement(loyalty.Tried)
	b, _ := s.Encode()
	f.Add(b)
	s.Text, s.Programmes = "again", []string{"a", "b"}
	b, _ = s.Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := loyalty.DecodeStatement(b)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x decoded and is %x: %v", b, again, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, _ := two(f).Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := loyalty.Decode(b)
		if err != nil {
			return
		}
		if again, err := l.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%s decoded and is %s: %v", b, again, err)
		}
	})
}
