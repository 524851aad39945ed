package chart

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// tile is a figure that notes where it was drawn.
type tile struct {
	tall  float64
	where *box
}

func (tile) Name() string             { return "tile" }
func (f tile) height(float64) float64 { return f.tall }
func (f tile) draw(_ pen, b box)      { *f.where = b }

// Figures of a grid fill its width in columns, a gutter apart; a row is as high
// as its highest, and all lie within the grid's height.
func TestGridTiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := rapid.IntRange(1, 11).Draw(t, "figures"), rapid.Float64Range(100, 1500).Draw(t, "width")
		g := Grid{Title: rapid.SampledFrom([]string{"", "title"}).Draw(t, "title"), Least: rapid.SampledFrom([]float64{0, 165, 320}).Draw(t, "least")}
		where := make([]box, n)
		for i := range where {
			g.Figures = append(g.Figures, tile{rapid.Float64Range(20, 90).Draw(t, "height"), &where[i]})
		}
		l := kept(g, width)
		columns, w := g.columns(width)
		if math.Abs(float64(columns)*w+float64(columns-1)*gutter-width) > 1e-9 {
			t.Fatalf("%d columns of %v in %v", columns, w, width)
		}
		top := 40.
		if g.Title != "" {
			top += titleSize + 10
		}
		bottom := top
		for i, b := range where {
			if i%columns == 0 && i > 0 {
				top = bottom + gutter
			}
			if i%columns == 0 {
				bottom = top
			}
			bottom = math.Max(bottom, b.bottom())
			if want := 30 + float64(i%columns)*(w+gutter); math.Abs(b.x-want) > 1e-9 || math.Abs(b.y-top) > 1e-9 || b.w != w || b.h != g.Figures[i].height(w) {
				t.Fatalf("figure %d of %d in %d columns lies at %+v, want %v, %v", i, n, columns, b, want, top)
			}
		}
		if math.Abs(40+g.height(width)-bottom) > 1e-9 {
			t.Fatalf("a grid that ends at %v is %v high", bottom, g.height(width))
		}
		if (len(l.texts) == 1) != (g.Title != "") {
			t.Fatalf("it says %v", l.texts)
		}
	})
}

// Labels along the x axis never touch, and the last stays within the figure.
func TestLabelsOfXKeepApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Float64Range(0, 1e6).Draw(t, "from")
		p := Plot{LogX: rapid.Bool().Draw(t, "log"), Lines: []Line{{X: []float64{from + 1, from + rapid.Float64Range(2, 1e9).Draw(t, "span")}, Y: []float64{1, 2}}}}
		width := rapid.Float64Range(260, 900).Draw(t, "width") // no report has a narrower plot
		l := kept(p, width)
		end, shown := math.Inf(-1), 0
		for _, w := range l.texts {
			if w.align != 0 {
				continue
			}
			half := extent(w.s, textSize) / 2
			if w.at.x-half < end+6-1e-9 || w.at.x+half > 30+width+1e-9 {
				t.Fatalf("%q from %v to %v; the one before ends at %v, the figure at %v", w.s, w.at.x-half, w.at.x+half, end, 30+width)
			}
			end = w.at.x + half
			shown++
		}
		if shown == 0 {
			t.Fatal("the x axis has no label")
		}
	})
}

// On a logarithm up to two decades have 1, 2 and 5, up to seven each power of
// ten, and more each so many that seven or so are left. Of nothing an axis goes
// from 0 to 1, or from 1 to 10.
func TestTicksByHand(t *testing.T) {
	for _, c := range []struct {
		values []float64
		log    bool
		want   []string
	}{
		{[]float64{1, 100}, true, []string{"1", "2", "5", "10", "20", "50", "100"}},
		{[]float64{1, 200}, true, []string{"1", "10", "100"}},
		{[]float64{1, 1e7}, true, []string{"1", "10", "100", "1000", "10 k", "100 k", "1 M", "10 M"}},
		{[]float64{1, 1e8}, true, []string{"1", "100", "10 k", "1 M", "100 M"}},
		{[]float64{1, 1e15}, true, []string{"1", "1000", "1 M", "1 G", "1 T", "1e+15"}},
		{[]float64{3, 70}, true, []string{"2", "5", "10", "20", "50", "100"}},
		{nil, false, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{nil, true, []string{"1", "2", "5", "10"}},
		{[]float64{math.NaN(), math.Inf(1), -5}, true, []string{"1", "2", "5", "10"}},
		{[]float64{0}, false, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{[]float64{-8}, false, []string{"-12", "-10", "-8", "-6", "-4"}},
		{[]float64{10}, true, []string{"5", "10", "20"}},
		{[]float64{1000.001, 1000.002}, false, []string{"1000.001", "1000.0012", "1000.0014", "1000.0016", "1000.0018", "1000.002"}},
	} {
		s := newScale(c.values, c.log, false, true, 5)
		if got := labels(s.ticks); !slices.Equal(got, c.want) {
			t.Errorf("%v, log %v: from %v to %v by %q, want %q", c.values, c.log, s.low, s.high, got, c.want)
		}
	}
}
