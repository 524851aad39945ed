package chart

import (
	"fmt"
	"math"
)

// Heat shows one number for each pair of two things, by colour and, where
// there is room, in digits.
type Heat struct {
	Title string
	// X and Y name what the columns and the rows are.
	X, Y          string
	Columns, Rows []string
	// At[r][c] is the number; the first row is drawn lowest.
	At [][]float64
	// Unit is written beside the colours' scale.
	Unit string
}

// Name implements [Figure].
func (h Heat) Name() string { return h.Title }

const (
	scaleHeight = 40
	mostTallRow = 44

	mostWideColumn = 120
)

func (h Heat) rowHeight() float64 {
	return math.Min(mostTallRow, math.Max(360/float64(max(len(h.Rows), 1)), 3))
}

func (h Heat) height(float64) float64 {
	head := 0.0
	if h.Title != "" {
		head = titleSize + 10
	}
	return head + scaleHeight + textSize + 8 + float64(max(len(h.Rows), 1))*h.rowHeight() + 2*textSize + 18
}

func (h Heat) draw(p pen, b box) {
	b = title(p, h.Title, b)
	low, high := h.span()
	h.legend(p, box{b.x, b.y, math.Min(b.w, 320), scaleHeight}, low, high)
	b = b.cut(0, scaleHeight, 0, 0)
	p.text(point{b.x, b.y + textSize - 2}, fitted(h.Y, textSize, b.w), textSize, faintInk, -1, false)
	b = b.cut(0, textSize+8, 0, 2*textSize+18)
	left := 8.0
	for _, s := range h.Rows {
		left = math.Max(left, math.Min(extent(s, textSize)+10, b.w*0.4))
	}
	in := b.cut(left, 0, 0, 0)
	in.w = math.Min(in.w, float64(len(h.Columns))*mostWideColumn)
	w, t := in.w/float64(max(len(h.Columns), 1)), in.h/float64(max(len(h.Rows), 1))
	for r := range h.Rows {
		for c := range h.Columns {
			h.cell(p, box{in.x + float64(c)*w, in.bottom() - float64(r+1)*t, w, t}, r, c, low, high)
		}
	}
	every := int(math.Ceil((textSize + 2) / t))
	for r := 0; r < len(h.Rows); r += every {
		p.text(point{in.x - 6, in.bottom() - (float64(r)+0.5)*t + textSize*0.35}, fitted(h.Rows[r], textSize, left-8), textSize, faintInk, 1, false)
	}
	free := math.Inf(-1)
	for c, s := range h.Columns {
		mid, half := in.x+(float64(c)+0.5)*w, extent(s, textSize)/2
		if mid-half < free || mid+half > in.right()+8 {
			continue
		}
		p.text(point{mid, in.bottom() + textSize + 4}, s, textSize, faintInk, 0, false)
		free = mid + half + 6
	}
	p.text(point{in.right(), in.bottom() + 2*textSize + 10}, fitted(h.X, textSize, b.w), textSize, faintInk, 1, false)
}

func (h Heat) value(r, c int) float64 {
	if r < len(h.At) && c < len(h.At[r]) {
		return h.At[r][c]
	}
	return math.NaN()
}

func (h Heat) span() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range h.At {
		for _, v := range row {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return 0, 1
	}
	return low, high
}

func (h Heat) cell(p pen, b box, r, c int, low, high float64) {
	v := h.value(r, c)
	told := fmt.Sprintf("%s %s, %s %s: %s", h.X, h.Columns[c], h.Y, h.Rows[r], Short(v))
	k := gridInk
	if !math.IsNaN(v) {
		k = heat(portion(v, low, high))
	}
	gap := 0.0
	if b.w > 8 && b.h > 8 {
		gap = 0.75
	}
	d := b.cut(gap, gap, gap, gap)
	p.fill([]point{{d.x, d.y}, {d.right(), d.y}, {d.right(), d.bottom()}, {d.x, d.bottom()}}, k, 1, told)
	if s := Short(v); b.h >= textSize+4 && extent(s, textSize) <= b.w-4 {
		on := faintInk
		if !math.IsNaN(v) {
			on = onHeat(k)
		}
		p.text(point{b.x + b.w/2, b.y + b.h/2 + textSize*0.35}, s, textSize, on, 0, false)
	}
}

func portion(v, low, high float64) float64 {
	if high == low {
		return 0.5
	}
	return (v - low) / (high - low)
}

func (h Heat) legend(p pen, b box, low, high float64) {
	const pieces, thick = 40, 10
	w := b.w / pieces
	for i := range pieces {
		x := b.x + float64(i)*w
		p.fill([]point{{x, b.y}, {x + w + 0.3, b.y}, {x + w + 0.3, b.y + thick}, {x, b.y + thick}}, heat((float64(i)+0.5)/pieces), 1, "")
	}
	y := b.y + thick + textSize + 3
	p.text(point{b.x, y}, Short(low), textSize, faintInk, -1, false)
	p.text(point{b.x + b.w/2, y}, h.Unit, textSize, faintInk, 0, false)
	p.text(point{b.right(), y}, Short(high), textSize, faintInk, 1, false)
}
