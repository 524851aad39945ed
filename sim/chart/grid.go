package chart

import "math"

// Grid shows several figures beside and below each other.
type Grid struct {
	Title   string
	Figures []Figure
	// Legend names lines that all figures have.
	Legend []Line
	// Least is how narrow a figure may get, in pixels; 0: 260.
	Least float64
}

const gutter = 22

// Name implements [Figure].
func (g Grid) Name() string { return g.Title }

func (g Grid) columns(width float64) (int, float64) {
	least := g.Least
	if least == 0 {
		least = 260
	}
	n := max(1, min(int((width+gutter)/(least+gutter)), len(g.Figures)))
	// As many rows as that takes, evenly filled: four are 2 × 2, not 3 and 1.
	rows := (len(g.Figures) + n - 1) / n
	n = max(1, (len(g.Figures)+rows-1)/max(rows, 1))
	return n, (width - float64(n-1)*gutter) / float64(n)
}

// rows returns each row's height.
func (g Grid) rows(width float64) []float64 {
	n, w := g.columns(width)
	var out []float64
	for i, f := range g.Figures {
		if i%n == 0 {
			out = append(out, 0)
		}
		out[len(out)-1] = math.Max(out[len(out)-1], f.height(w))
	}
	return out
}

func (g Grid) height(width float64) float64 {
	var sum float64
	if g.Title != "" {
		sum = titleSize + 10
	}
	sum += Plot{Lines: g.Legend}.legendHeight(width)
	for i, h := range g.rows(width) {
		if i > 0 {
			sum += gutter
		}
		sum += h
	}
	return sum
}

func (g Grid) draw(p pen, b box) {
	b = Plot{Lines: g.Legend}.legend(p, title(p, g.Title, b))
	n, w := g.columns(b.w)
	y, rows := b.y, g.rows(b.w)
	for i, f := range g.Figures {
		if i > 0 && i%n == 0 {
			y += rows[i/n-1] + gutter
		}
		f.draw(p, box{b.x + float64(i%n)*(w+gutter), y, w, f.height(w)})
	}
}
