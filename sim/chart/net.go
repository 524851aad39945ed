package chart

import "fmt"

// Net shows who of a network takes part at one time.
type Net struct {
	Title string
	// X and Y are places on a plane of side 1.
	X, Y  []float32
	Edges [][2]int32
	// State is each one's.
	State []State
	// Square has those drawn as squares: vendors.
	Square []bool
}

// State is whether one takes part.
type State uint8

const (
	// Out has not joined.
	Out State = iota
	// In takes part.
	In
	// Gone has left.
	Gone
)

// mostEdges is how many are drawn of a picture that stands still; they are
// taken evenly from all.
const mostEdges = 1500

// Name implements [Figure].
func (n Net) Name() string { return n.Title }

func (n Net) height(width float64) float64 { return width + textSize + 10 }

func (n Net) draw(p pen, b box) {
	p.text(point{b.x, b.y + textSize}, fitted(n.Title, textSize*1.06, b.w), textSize, textInk, -1, true)
	b = b.cut(6, textSize+16, 6, 6)
	at := func(i int) point { return point{b.x + float64(n.X[i])*b.w, b.y + float64(n.Y[i])*b.h} }
	p.segments(n.edges(at, false), gridInk, 0.6)
	p.segments(n.edges(at, true), idleInk, 0.8)
	radius := 3.2
	if len(n.X) > 400 {
		radius = 2
	}
	for _, s := range []State{Out, Gone, In} { // those who take part on top
		for i := range n.X {
			if n.State[i] == s {
				n.agent(p, at(i), i, radius)
			}
		}
	}
}

func (n Net) agent(p pen, at point, i int, r float64) {
	k := idleInk
	switch n.State[i] {
	case In:
		k = lineInk(0)
	case Gone:
		k = lineInk(1)
	}
	if n.Square == nil || !n.Square[i] {
		p.dot(at, r, k, "")
		return
	}
	if n.State[i] == In {
		k = lineInk(4)
	}
	r *= 1.15
	p.fill([]point{{at.x - r, at.y - r}, {at.x + r, at.y - r}, {at.x + r, at.y + r}, {at.x - r, at.y + r}}, k, 1, "")
}

// edges returns those among agents who take part, or the others.
func (n Net) edges(at func(int) point, both bool) []point {
	every := max(1, (len(n.Edges)+mostEdges-1)/mostEdges)
	var out []point
	for i := 0; i < len(n.Edges); i += every {
		a, b := int(n.Edges[i][0]), int(n.Edges[i][1])
		if (n.State[a] == In && n.State[b] == In) == both {
			out = append(out, at(a), at(b))
		}
	}
	return out
}

// Check says what is wrong with a net, such as lists of different lengths or
// an edge to nowhere. One that passes can be drawn.
func (n Net) Check() error {
	if len(n.Y) != len(n.X) || len(n.State) != len(n.X) || n.Square != nil && len(n.Square) != len(n.X) {
		return fmt.Errorf("net: %d places across, %d down, %d states, %d shapes", len(n.X), len(n.Y), len(n.State), len(n.Square))
	}
	for i, e := range n.Edges {
		for _, v := range e {
			if v < 0 || int(v) >= len(n.X) {
				return fmt.Errorf("net: edge %d leads to %d of %d", i, v, len(n.X))
			}
		}
	}
	return nil
}
