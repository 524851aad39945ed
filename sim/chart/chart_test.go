package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anything draws figures of numbers and words that nobody checked.
func anything(t *rapid.T) Figure {
	number := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Float64Range(-1e30, 1e30),
		rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e-300, math.MaxFloat64, 5e-324}))
	numbers := rapid.SliceOfN(number, 0, 8)
	word := rapid.SampledFrom([]string{"", "share", "<script>alert('x')</script>", `"quoted" & </svg>`, strings.Repeat("long ", 40), "naïve – 好"})
	line := rapid.Custom(func(t *rapid.T) Line {
		return Line{Name: word.Draw(t, "name"), X: numbers.Draw(t, "x"), Y: numbers.Draw(t, "y"), Low: numbers.Draw(t, "low"), High: numbers.Draw(t, "high"),
			Left: numbers.Draw(t, "left"), Right: numbers.Draw(t, "right"), Mark: Mark(rapid.IntRange(0, 2).Draw(t, "mark")),
			Colour: rapid.IntRange(-3, 20).Draw(t, "colour"), Bars: rapid.Bool().Draw(t, "bars")}
	})
	plot := Plot{Title: word.Draw(t, "title"), X: word.Draw(t, "x"), Y: word.Draw(t, "y"), LogX: rapid.Bool().Draw(t, "logx"), LogY: rapid.Bool().Draw(t, "logy"),
		FromZero: rapid.Bool().Draw(t, "zero"), Small: rapid.Bool().Draw(t, "small"), Lines: rapid.SliceOfN(line, 0, 9).Draw(t, "lines")}
	words := rapid.SliceOfN(word, 0, 7)
	heat := Heat{Title: word.Draw(t, "heat"), X: word.Draw(t, "hx"), Y: word.Draw(t, "hy"), Columns: words.Draw(t, "columns"), Rows: words.Draw(t, "rows"),
		At: rapid.SliceOfN(numbers, 0, 6).Draw(t, "at"), Unit: word.Draw(t, "unit")}
	return rapid.SampledFrom([]Figure{plot, heat, Grid{Title: word.Draw(t, "grid"), Figures: []Figure{plot, heat, plot}, Legend: plot.Lines}, Grid{}}).Draw(t, "figure")
}

// Whatever the numbers and the words are, a drawing is well-formed XML whose
// only elements are a drawing's.
func TestSVGIsWellFormedWhateverItShows(t *testing.T) {
	known := map[string]bool{"svg": true, "title": true, "style": true, "rect": true, "path": true, "circle": true, "text": true}
	rapid.Check(t, func(t *rapid.T) {
		f, width := anything(t), rapid.Float64Range(120, 1600).Draw(t, "width")
		var file bytes.Buffer
		if err := SVG(&file, f, width); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{file.String(), Inline(f, width)} {
			if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Fatalf("a coordinate is no number: %s", text)
			}
			for d := xml.NewDecoder(strings.NewReader(text)); ; {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%v in %s", err, text)
				}
				if s, ok := token.(xml.StartElement); ok && !known[s.Name.Local] {
					t.Fatalf("element %s", s.Name.Local)
				}
			}
		}
	})
}

func TestPNGIsTheSameDrawing(t *testing.T) {
	for seed := range 10 {
		f := rapid.Custom(anything).Example(seed)
		var b bytes.Buffer
		if err := PNG(&b, f, 200); err != nil {
			t.Fatal(err)
		}
		im, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		// Two pixels a unit, with a margin of 12 on each side.
		if size := im.Bounds().Size(); math.Abs(float64(size.X)-448) > 2 || math.Abs(float64(size.Y)-2*(f.height(200)+24)) > 2 {
			t.Errorf("%v for a figure of 200 × %v", size, f.height(200))
		}
	}
}

func TestPNGRefusesTooManyPixels(t *testing.T) {
	g := Grid{Title: "all"}
	for range 5000 {
		g.Figures = append(g.Figures, Plot{})
	}
	if err := PNG(io.Discard, g, 2000); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("error %v", err)
	}
}

// A curve ends where its last value is, in the colour of its number.
func TestPlotPutsValuesWhereTheyBelong(t *testing.T) {
	p := Plot{Lines: []Line{{X: []float64{0, 10}, Y: []float64{0, 100}, Colour: 1}}}
	got := Inline(p, 400)
	// The axis takes extent("100") + 8 on the left and 10 on the right.
	left := extent("100", textSize) + 8
	height := p.height(400)
	want := `<path d="M` + num(left) + " " + num(height-textSize-8) + "L390 4" + `" class="s-c1 l"`
	if !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}

// Of what counts, such as steps, there is no half.
func TestPlotOfWholeStepsHasNoHalf(t *testing.T) {
	p := Plot{Lines: []Line{{X: []float64{0, 1, 2}, Y: []float64{5, 6, 7}}}}
	if !strings.Contains(Inline(p, 400), ">0.5<") {
		t.Error("a number has halves")
	}
	p.WholeX = true
	got := Inline(p, 400)
	for _, want := range []string{">0<", ">1<", ">2<"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(got, ">0.5<") || strings.Contains(got, ">1.5<") {
		t.Error("half a step")
	}
}

func TestHeatColoursFromLowToHigh(t *testing.T) {
	h := Heat{X: "p", Y: "q", Columns: []string{"1", "2", "3"}, Rows: []string{"a"}, At: [][]float64{{0, math.NaN(), 10}}}
	got := Inline(h, 400)
	for _, want := range []string{`fill="#00224e"`, `fill="#fee838"`, "<title>p 1, q a: 0</title>", "<title>p 2, q a: –</title>", "<title>p 3, q a: 10</title>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestGridFillsItsRowsEvenly(t *testing.T) {
	for _, c := range []struct {
		figures int
		width   float64
		columns int
	}{{1, 960, 1}, {2, 960, 2}, {3, 960, 3}, {4, 960, 2}, {5, 960, 3}, {6, 960, 3}, {7, 960, 3}, {4, 354, 1}, {9, 100, 1}, {0, 500, 1}} {
		g := Grid{Figures: make([]Figure, c.figures)}
		if n, w := g.columns(c.width); n != c.columns || w > c.width {
			t.Errorf("%d figures at %v: %d columns of %v, want %d", c.figures, c.width, n, w, c.columns)
		}
	}
}

func TestNetShowsWhoTakesPart(t *testing.T) {
	n := Net{X: []float32{0, 0.5, 1, 1}, Y: []float32{0, 0.5, 1, 0}, State: []State{In, Out, Gone, In},
		Square: []bool{false, false, false, true}, Edges: [][2]int32{{0, 3}, {0, 1}}}
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	got := Inline(n, 200)
	for class, want := range map[string]int{"f-c0": 1, "f-idle": 1, "f-c1": 1, "f-c4": 1, "s-grid": 1, "s-idle": 1} {
		if n := strings.Count(got, class); n != want {
			t.Errorf("%d × %s, want %d", n, class, want)
		}
	}
	for name, broken := range map[string]Net{
		"states": {X: []float32{1}, Y: []float32{1}},
		"edge":   {X: []float32{1}, Y: []float32{1}, State: []State{In}, Edges: [][2]int32{{0, 1}}},
		"below":  {X: []float32{1}, Y: []float32{1}, State: []State{In}, Edges: [][2]int32{{-1, 0}}},
	} {
		if broken.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
