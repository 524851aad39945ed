// Package chart draws figures, each once, as SVG for a page, as an SVG file and
// as PNG. Colours are those of Okabe and Ito (2008) moved further apart, so that
// the colour-blind tell any two lines from each other, and heat is cividis
// (Nuñez, Anderton and Renslow, PLoS ONE 13, 2018). Lines beyond the third are
// dashed as well.
//
// Pure: values in, drawings out. A NaN is a gap.
package chart

import (
	"math"
	"strings"
)

// Figure is something that can be drawn.
type Figure interface {
	// Name is the figure's title.
	Name() string
	// height is what it takes at a width, in pixels.
	height(width float64) float64
	draw(p pen, box box)
}

// Colours is how many lines one plot can tell apart.
const Colours = 6

type point struct{ x, y float64 }

// box is a rectangle on the paper; y grows downwards.
type box struct{ x, y, w, h float64 }

func (b box) right() float64  { return b.x + b.w }
func (b box) bottom() float64 { return b.y + b.h }

// cut takes margins away.
func (b box) cut(left, top, right, bottom float64) box {
	return box{b.x + left, b.y + top, math.Max(b.w-left-right, 1), math.Max(b.h-top-bottom, 1)}
}

// pen is what figures are drawn with.
type pen interface {
	// stroke draws a line through points.
	stroke(through []point, k ink, width float64, dash []float64)
	// segments draws many lines of two points each as one.
	segments(ends []point, k ink, width float64)
	// fill fills a polygon, telling what it is where that can be asked.
	fill(corners []point, k ink, opacity float64, told string)
	dot(at point, radius float64, k ink, told string)
	// text writes a line beginning (-1), centred (0) or ending (1) there; its
	// baseline is at y.
	text(at point, s string, size float64, k ink, align int, bold bool)
}

// Sizes of letters.
const (
	titleSize = 15
	textSize  = 12
)

// extent estimates a text's width by classes of letters. They are those of the
// widest sans that readers commonly have (DejaVu, Verdana): in a narrower one
// there is some room left, and nothing touches or is cut.
func extent(s string, size float64) float64 {
	var em float64
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,' |:;!fIt()[]", r):
			em += 0.37
		case strings.ContainsRune("mwMW%@=+±×−", r) || r > 0x2000:
			em += 0.92
		case r >= 'A' && r <= 'Z':
			em += 0.74
		default:
			em += 0.64
		}
	}
	return em * size
}

// fitted shortens a text to a width.
func fitted(s string, size, width float64) string {
	if extent(s, size) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && extent(string(r)+"…", size) > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// title writes a figure's own above it, and returns what is left below.
func title(p pen, s string, b box) box {
	if s == "" {
		return b
	}
	p.text(point{b.x, b.y + titleSize}, fitted(s, titleSize*1.06, b.w), titleSize, textInk, -1, true)
	return b.cut(0, titleSize+10, 0, 0)
}
