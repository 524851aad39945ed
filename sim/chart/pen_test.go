package chart

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
)

// pixels are a figure's picture, and where a place on the paper is in it.
func pixels(t *testing.T, f Figure, width float64) func(point) color.RGBA {
	t.Helper()
	var b bytes.Buffer
	if err := PNG(&b, f, width); err != nil {
		t.Fatal(err)
	}
	im, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	scale := float64(im.Bounds().Dx()) / (width + 24)
	return func(p point) color.RGBA {
		at := image.Pt(int((p.x+12)*scale), int((p.y+12)*scale))
		return color.RGBAModel.Convert(im.At(at.X, at.Y)).(color.RGBA)
	}
}

// A picture has each ink where the drawing has it: lines, bands, dots, cells,
// letters, and the edges of a net.
func TestPNGHasTheInksInTheirPlaces(t *testing.T) {
	white := color.RGBA{255, 255, 255, 255}
	drawing := func(f Figure) *ledger {
		l := &ledger{}
		f.draw(l, box{0, 0, 400, f.height(400)})
		return l
	}
	p := Plot{Title: "HHHH", Lines: []Line{{X: []float64{0, 10}, Y: []float64{50, 50}, Low: []float64{0, 0}, High: []float64{100, 100}, Colour: 1}, {X: []float64{5}, Y: []float64{90}, Mark: Dots, Colour: 2}}}
	l, at := drawing(p), pixels(t, p, 400)
	for _, s := range l.strokes {
		if s.ink == lineInk(1) {
			a, b := s.through[0], s.through[1]
			if got := at(point{a.x + (b.x-a.x)*0.3, a.y}); got != s.ink.rgb {
				t.Errorf("the line is %v, want %v", got, s.ink.rgb)
			}
		}
	}
	for _, d := range l.dots {
		if got := at(d.at); got != d.ink.rgb {
			t.Errorf("the dot is %v, want %v", got, d.ink.rgb)
		}
		if got := at(point{d.at.x + d.radius + 1.5, d.at.y}); got == d.ink.rgb {
			t.Error("the dot is wider than its radius")
		}
	}
	band := l.fills[0]
	inside := point{(band.corners[0].x + band.corners[1].x) / 2, (band.corners[0].y*0.7 + band.corners[2].y*0.3)}
	// 18% of the ink on white.
	want := func(c uint8) float64 { return 255 - 0.18*(255-float64(c)) }
	if got := at(inside); math.Abs(float64(got.R)-want(band.ink.rgb.R)) > 3 || math.Abs(float64(got.G)-want(band.ink.rgb.G)) > 3 || math.Abs(float64(got.B)-want(band.ink.rgb.B)) > 3 {
		t.Errorf("the band is %v, of %v", got, band.ink.rgb)
	}
	if got := at(point{399, 2}); got != white {
		t.Errorf("where nothing is, is %v", got)
	}
	letters := 0
	title := l.said(t, "HHHH")
	for x := title.at.x; x < title.at.x+30; x += 0.5 {
		if at(point{x, title.at.y - 4}) != white {
			letters++
		}
	}
	if letters < 5 {
		t.Errorf("the title has ink at %d places", letters)
	}

	h := Heat{Columns: []string{"a", "b"}, Rows: []string{"r"}, At: [][]float64{{0, 10}}}
	l, at = drawing(h), pixels(t, h, 400)
	for _, f := range l.fills {
		if f.told != "" {
			if got := at(point{f.corners[0].x + 3, f.corners[0].y + 3}); got != f.ink.rgb {
				t.Errorf("cell %q is %v, want %v", f.told, got, f.ink.rgb)
			}
		}
	}

	n := Net{X: []float32{0.1, 0.9}, Y: []float32{0.5, 0.5}, State: []State{In, In}, Edges: [][2]int32{{0, 1}}}
	l, at = drawing(n), pixels(t, n, 400)
	ends := l.lines[1].through
	if got := at(point{(ends[0].x + ends[1].x) / 2, ends[0].y}); got == white {
		t.Error("an edge is not in the picture")
	}
	if got := at(l.dots[0].at); got != lineInk(0).rgb {
		t.Errorf("an agent is %v", got)
	}
}

// What each stroke of the pen is in a drawing: places to a tenth, an ink by its
// role, and what is told of a shape in its title.
func TestSVGSpellsItsStrokes(t *testing.T) {
	for want, draw := range map[string]func(pen){
		`<path d="M1 2L3 4.1" class="s-c0 l" stroke-width="2.5" stroke-dasharray="7 4.5"/>`: func(p pen) {
			p.stroke([]point{{1, 2}, {3.04, 4.06}}, lineInk(0), 2.5, []float64{7, 4.5})
		},
		"": func(p pen) {
			p.stroke([]point{{1, 2}}, lineInk(0), 1, nil)
			p.fill([]point{{1, 2}, {3, 4}}, lineInk(0), 1, "")
			p.segments([]point{{1, 2}}, lineInk(0), 1)
		},
		`<path d="M1 2L3 4M5 6L7 8" class="s-grid l" stroke-width="0.6"/>`: func(p pen) {
			p.segments([]point{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 9}}, gridInk, 0.6)
		},
		`<path d="M0 0L1 0L1 1Z" class="f-c1" fill-opacity="0.18"/>`: func(p pen) {
			p.fill([]point{{0, 0}, {1, 0}, {1, 1}}, lineInk(1), 0.18, "")
		},
		`<path d="M0 0L1 0L1 1Z" fill="#00224e"><title>a &lt; b</title></path>`: func(p pen) {
			p.fill([]point{{0, 0}, {1, 0}, {1, 1}}, heat(0), 1, "a < b")
		},
		`<circle cx="5" cy="6.5" r="3" class="f-c2"><title>q 1: 2</title></circle>`: func(p pen) { p.dot(point{5, 6.46}, 3, lineInk(2), "q 1: 2") },
		`<text x="1" y="2" font-size="12" class="f-text">a</text>`:                  func(p pen) { p.text(point{1, 2}, "a", 12, textInk, -1, false) },
		`<text x="1" y="2" font-size="15" text-anchor="middle" font-weight="600" class="f-faint">b&amp;c</text>`: func(p pen) {
			p.text(point{1, 2}, "b&c", 15, faintInk, 0, true)
		},
		`<text x="1" y="2" font-size="12" text-anchor="end" fill="#ffffff">d</text>`: func(p pen) { p.text(point{1, 2}, "d", 12, ink{"", hex(0xffffff)}, 1, false) },
	} {
		var b strings.Builder
		draw(&svgPen{out: &b})
		if got := b.String(); got != want {
			t.Errorf("drawn %s\nwant  %s", got, want)
		}
	}
}

// lettered is a figure of one word at the middle of the paper.
type lettered int

func (lettered) Name() string           { return "word" }
func (lettered) height(float64) float64 { return 60 }
func (l lettered) draw(p pen, b box) {
	p.text(point{b.x + b.w/2, 40}, "HHHHHH", textSize, textInk, int(l), false)
}

// Words of a picture begin, stand about, or end where the drawing says.
func TestPNGAlignsWords(t *testing.T) {
	for align, want := range map[lettered][2]bool{-1: {false, true}, 0: {true, true}, 1: {true, false}} {
		at, ink := pixels(t, align, 200), [2]int{}
		for x := 2.; x < 198; x += 0.5 {
			if at(point{x, 36}) != (color.RGBA{255, 255, 255, 255}) && math.Abs(x-100) > 1.5 {
				ink[map[bool]int{true: 1}[x > 100]]++
			}
		}
		if (ink[0] > 0) != want[0] || (ink[1] > 0) != want[1] || align == 0 && (ink[0]-ink[1])*(ink[0]-ink[1]) > 9 {
			t.Errorf("align %d: ink at %d places left of it and %d right", align, ink[0], ink[1])
		}
	}
}
