package society

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/scenario"
)

// numbers calls fn with every number of a row, those within others too.
func numbers(v reflect.Value, path string, fn func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			numbers(v.Field(i), path+"."+v.Type().Field(i).Name, fn)
		}
	case reflect.Array:
		for i := range v.Len() {
			numbers(v.Index(i), fmt.Sprintf("%s[%d]", path, i), fn)
		}
	default:
		fn(path, v)
	}
}

// numbered is a row of which each number is another, from `from` on.
func numbered(from float64) row {
	var r row
	numbers(reflect.NewAt(reflect.TypeFor[row](), reflect.ValueOf(&r).UnsafePointer()).Elem(), "", func(_ string, v reflect.Value) {
		// The fields are of this package: they may be set.
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
		if v.CanInt() {
			v.SetInt(int64(from))
		} else {
			v.SetFloat(from)
		}
		from++
	})
	return r
}

// Of two stretches each number is the sum, whichever is added to a row one day;
// but the step and who takes part are the later one's.
func TestRowsAddUp(t *testing.T) {
	a, b := numbered(1), numbered(1000)
	first, last := a, b
	a.add(&b)
	want := map[string]float64{}
	numbers(reflect.ValueOf(first), "", func(path string, v reflect.Value) { want[path] = number(v) })
	numbers(reflect.ValueOf(last), "", func(path string, v reflect.Value) {
		if slices.Contains([]string{".step", ".people", ".vendors"}, path) {
			want[path] = 0
		}
		want[path] += number(v)
	})
	numbers(reflect.ValueOf(a), "", func(path string, v reflect.Value) {
		if number(v) != want[path] {
			t.Errorf("%s is %v, want %v", path, number(v), want[path])
		}
	})
	if len(want) < 30 {
		t.Errorf("a row has %d numbers", len(want))
	}
}

func number(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// A histogram's quantiles are those of the numbers themselves, within 0.4%, and
// are the same in whatever order they came.
func TestHistogramIsTheNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(1e-9, 1e-3), rapid.Float64Range(0.01, 1e6)), 1, 200).Draw(t, "numbers")
		var h, again histogram
		for _, x := range xs {
			h.add(x)
		}
		for _, x := range slices.Backward(xs) {
			again.add(x)
		}
		slices.Sort(xs)
		for _, q := range []float64{0, .1, .5, .9, .99, 1} {
			want := xs[int(q*float64(len(xs)-1))]
			got := h.quantile(q)
			if math.Abs(got-want) > 0.004*want {
				t.Fatalf("quantile %v of %v is %v, want %v", q, xs, got, want)
			}
			if again.quantile(q) != got {
				t.Fatalf("in another order quantile %v is %v, not %v", q, again.quantile(q), got)
			}
		}
		s := h.sample("x")
		if s.Count != len(xs) || len(s.Of) != 101 || !slices.IsSorted(s.Of) || s.Of[0] != h.quantile(0) || s.Of[50] != h.quantile(.5) || s.Of[100] != h.quantile(1) {
			t.Fatalf("sample %+v", s)
		}
	})
}

// What is not positive, tiny or beyond all measure is counted in the cells at the
// ends, and nothing of nothing is 0.
func TestHistogramsEnds(t *testing.T) {
	var h histogram
	if h.quantile(.5) != 0 || h.sample("x").Of != nil {
		t.Error("quantiles of nothing")
	}
	for _, x := range []float64{0, -3, math.NaN(), math.Inf(-1), 1e-300} {
		h.add(x)
	}
	if got := h.quantile(1); got != 0 || h.count != 5 {
		t.Errorf("the greatest of %d is %v, want 0 of 5", h.count, got)
	}
	h.add(math.Inf(1))
	if got := h.quantile(1); got < 1e14 || math.IsInf(got, 0) {
		t.Errorf("beyond all measure is %v", got)
	}
}

// Series are kept each so many steps and at the last, those asked for alone, in
// the order of the package's comment.
func TestSeriesAreThinned(t *testing.T) {
	rows := make([]row, 8)
	for i := range rows {
		rows[i] = row{step: i, people: 10 * i, vendors: i, intents: 4, cast: 2, ended: [3]int{1, 2, 1}}
	}
	for _, c := range []struct {
		every int
		steps []int
	}{{0, []int{0, 1, 2, 3, 4, 5, 6, 7}}, {1, []int{0, 1, 2, 3, 4, 5, 6, 7}}, {3, []int{0, 3, 6, 7}}, {7, []int{0, 7}}, {100, []int{0, 7}}} {
		got := series(scenario.Record{Every: c.every, Series: []string{"vendors", "participants", "fill_members"}}, rows)
		if len(got) != 3 || got[0].Name != "participants" || got[1].Name != "vendors" || got[2].Name != "fill_members" {
			t.Fatalf("series %+v", got)
		}
		for _, s := range got {
			if !slices.Equal(s.Step, c.steps) {
				t.Errorf("each %d steps: %s at %v, want %v", c.every, s.Name, s.Step, c.steps)
			}
		}
		for k, step := range c.steps {
			if got[0].At[k] != float64(11*step) || got[1].At[k] != float64(step) || got[2].At[k] != 1 {
				t.Errorf("at step %d: %v, %v, %v", step, got[0].At[k], got[1].At[k], got[2].At[k])
			}
		}
	}
	if got := series(scenario.Record{}, rows); len(got) != len(SeriesNames()) {
		t.Errorf("none is named, and %d of %d are kept", len(got), len(SeriesNames()))
	}
}

// How an intent ended is counted once, its money with the way that it went.
func TestSettledIsCountedOnce(t *testing.T) {
	in := Intent{Most: 100}
	for _, c := range []struct {
		name string
		d    deal
		want row
	}{
		{"nobody had it", deal{vendor: -1}, row{intents: 1, ended: [3]int{1, 0, 0}}},
		{"sent away by one who lied", deal{vendor: -1, misled: true}, row{intents: 1, ended: [3]int{1, 0, 0}, misled: 1}},
		{"bought in the network", deal{way: byNetwork, price: 60},
			row{intents: 1, ended: [3]int{0, 1, 0}, worth: 100, paid: 60, taken: 60, surplus: 40, networkPaid: 60}},
		{"bought of the incumbent", deal{way: byIncumbent, price: 80, fee: 16},
			row{intents: 1, ended: [3]int{0, 0, 1}, worth: 100, paid: 80, fees: 16, taken: 64, surplus: 20, incumbentPaid: 80}},
	} {
		var got row
		if got.settled(in, c.d); got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, c.want)
		}
	}
}
