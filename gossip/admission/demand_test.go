package admission_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
)

func TestOneLiarDoesNotSetThePrice(t *testing.T) {
	for _, tt := range []struct {
		demands []int
		want    int
	}{
		{nil, 0}, {[]int{0}, 0}, {[]int{14}, 14}, {[]int{64}, 22}, {[]int{64, 64, 0}, 22}, {[]int{-5}, 0},
		{[]int{64, 0, 0, 0}, 14}, {[]int{0, 64, 12, 11}, 14}, {[]int{12, 12}, 12}, {[]int{0, 13}, 13}, {[]int{18, 64, 0}, 18},
	} {
		if got := admission.Believed(tt.demands); got != tt.want {
			t.Errorf("of %v: %d, want %d", tt.demands, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		honest := rapid.SliceOfN(rapid.IntRange(0, 22), 1, 12).Draw(t, "honest")
		most := 0
		for _, h := range honest {
			most = max(most, h)
		}
		with := append([]int{rapid.IntRange(0, 1000).Draw(t, "lie")}, honest...)
		if got := admission.Believed(with); got > max(most, admission.GrantedBits) {
			t.Fatalf("%d of %v", got, with)
		}
	})
}

func TestDemandsOfNeighbours(t *testing.T) {
	d := admission.NewDemands[string](4)
	d.Say("a", topic, 12, start)
	d.Say("b", topic, 300, start)
	d.Say("b", "other", 18, start)
	for _, tt := range []struct {
		topic      string
		neighbours []string
		at         time.Time
		want       int
	}{
		{topic, []string{"a", "b", "c"}, start, admission.GrantedBits},
		{topic, []string{"a", "c"}, start, 12},
		{topic, []string{"b"}, start, admission.MaxBits},
		{topic, []string{"b", "c"}, start, admission.GrantedBits},
		{"other", []string{"b"}, start, 18},
		{"none", []string{"b"}, start, 0},
		{topic, []string{"b"}, start.Add(time.Hour), 0},
		{topic, []string{"b"}, start.Add(-time.Hour), 0}, // a clock set back
		{topic, nil, start, 0},
	} {
		if got := d.Of(tt.topic, tt.neighbours, tt.at); got != tt.want {
			t.Errorf("on %s of %v: %d, want %d", tt.topic, tt.neighbours, got, tt.want)
		}
	}
	d.Say("a", topic, 0, start)
	if got := d.Of(topic, []string{"a"}, start); got != 0 {
		t.Errorf("taken back: %d", got)
	}
	for i := range 10 {
		d.Say(fmt.Sprint(i), topic, 20, start)
	}
	if got := d.Of(topic, []string{"9"}, start); got != 0 {
		t.Error("a full table took more")
	}
	d.Forget("b")
	d.Say("9", topic, 20, start)
	if got := d.Of(topic, []string{"9"}, start) + d.Of("other", []string{"b"}, start); got != 20 {
		t.Errorf("after one is gone: %d", got)
	}
	for i := range 4 {
		d.Say(fmt.Sprint("late ", i), topic, 20, start.Add(time.Hour))
	}
	if got := d.Of(topic, []string{"late 3"}, start.Add(time.Hour)); got != 20 {
		t.Error("old ones did not make room")
	}
}

func notice() admission.Notice {
	return admission.Notice{
		Version: 1,
		Needs:   []admission.Need{{Topic: topic, Bits: 14}, {Topic: "other"}},
		Refused: []admission.Refusal{{Topic: topic, ID: cast, Bits: 14}},
	}
}

func TestNoticesTravel(t *testing.T) {
	b, err := notice().Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := admission.DecodeNotice(b)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(notice()) {
		t.Errorf("%+v, %v", got, err)
	}
	long := strings.Repeat("t", 257)
	for name, change := range map[string]func(*admission.Notice){
		"says nothing":        func(n *admission.Notice) { n.Needs, n.Refused = nil, nil },
		"names no topic":      func(n *admission.Notice) { n.Needs[0].Topic = "" },
		"a topic too long":    func(n *admission.Notice) { n.Needs[0].Topic = long },
		"needs 65 bits":       func(n *admission.Notice) { n.Needs[0].Bits = 65 },
		"refused for nothing": func(n *admission.Notice) { n.Refused[0].Bits = 0 },
		"refused too long":    func(n *admission.Notice) { n.Refused[0].Topic = long },
		"too many needs":      func(n *admission.Notice) { n.Needs = make([]admission.Need, 65) },
		"too many refused":    func(n *admission.Notice) { n.Refused = make([]admission.Refusal, 65) },
	} {
		n := notice()
		change(&n)
		if _, err := n.Encode(); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "cut": b[:len(b)-1], "more": append(bytes.Clone(b), 0), "large": make([]byte, admission.MaxNotice+1),
	} {
		if _, err := admission.DecodeNotice(b); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func FuzzNotice(f *testing.F) {
	b, err := notice().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := admission.DecodeNotice(b)
		if err != nil {
			return
		}
		if again, err := n.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two encodings of one notice: %v", err)
		}
	})
}
