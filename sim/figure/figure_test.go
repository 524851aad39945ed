package figure

import (
	"strings"
	"testing"
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
	want := "figure a got 0.81 want ≥0.6 ok\nfigure b got 0.5 want ≥0.6 SHORT\nfigure c got 3 want ≤4 ok\nfigure d got 5 want ≤4 SHORT\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
