package figure

import (
	"strings"
	"testing"
	"time"
)

func work(n int) func() {
	return func() {
		x := 1
		for i := range n {
			x = x*31 + i
		}
		sink = x
	}
}

var sink int

func TestRatioOfTheSameIsOne(t *testing.T) {
	if r := Ratio(work(20_000), work(10_000)); r < 1.5 || r > 2.7 {
		t.Errorf("twice the work took %.2f times as long", r)
	}
}

func TestLines(t *testing.T) {
	var b strings.Builder
	if !AtLeast(&b, "a", 0.81, 0.6) || AtLeast(&b, "b", 0.5, 0.6) || !AtMost(&b, "c", 3, 4) || AtMost(&b, "d", 5, 4) {
		t.Error("wrong verdict")
	}
	Info(&b, "e", 12.3456)
	Info(&b, "f", 2769)
	Info(&b, "g", 1500*time.Millisecond)
	want := "figure a got 0.81 want ≥0.6 ok\nfigure b got 0.5 want ≥0.6 SHORT\nfigure c got 3 want ≤4 ok\nfigure d got 5 want ≤4 SHORT\n" +
		"info e 12.3\ninfo f 2769\ninfo g 1.5s\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestQuantile(t *testing.T) {
	d := []time.Duration{5, 1, 4, 2, 3}
	for q, want := range map[float64]time.Duration{0: 1, .2: 1, .21: 2, .5: 3, .8: 4, .99: 5, 1: 5} {
		if got := Quantile(d, q); got != want {
			t.Errorf("%v: got %d, want %d", q, got, want)
		}
	}
	if got := Quantile(nil, .5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestYardstickCostsSomething(t *testing.T) {
	if r := Ratio(Verify(), work(1)); r < 10 {
		t.Errorf("a verification takes %.1f times as long as nothing", r)
	}
}
