package fit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The range of each parameter, in the frame: per span, and in units of the
// largest value. The launch is sought up to one span before the first point.
const (
	leastP, mostP    = 1e-6, 50
	leastQ, mostQ    = 1e-3, 1e3
	leastM           = 0.5
	mostBeyond       = 20
	earliest         = -1
	earliestFromZero = -0.5
)

// The starts of the search; for each, m is the one that fits best.
var (
	startP = []float64{1e-4, 1e-3, 1e-2, 0.1, 0.5, 2, 8}
	startQ = []float64{0.5, 1, 2, 4, 8, 16, 32, 64, 128}
)

// descents is how many of the best starts are followed down.
const descents = 6

const (
	atP = iota // ln p
	atQ        // ln q
	atM
	atT0 // absent where the launch is fixed
)

// found is one fit in its frame.
type found struct {
	frame
	x         []float64
	low, high []float64
	sum       float64
	fixed     float64 // the launch, where x has none
	where     string  // what a fixed launch was put at
	why       string  // why it was not estimated
	odds      float64 // what its launch has to be better by, in AICc
}

// estimated tells whether the launch is one of the parameters.
func (f *found) estimated() bool { return len(f.x) > atT0 }

func best(f frame) found {
	free := f.free()
	fits := []found{free}
	// A leading zero may be what was rounded or lost in noise.
	fits = append(fits, f.fit(-f.interval(), "an interval before the first value"))
	zeros := 0
	for zeros < len(f.y) && f.y[zeros] == 0 {
		zeros++
	}
	if zeros > 0 {
		fits = append(fits, f.fit(0, "at the first zero"))
	}
	noise := asNothing * scatter(f.y)
	nothing := zeros
	for nothing < len(f.y) && math.Abs(f.y[nothing]) <= noise {
		nothing++
	}
	doubtful := func(i int, where string) {
		late := f.fit(f.t[i], where)
		late.odds = twentyToOne
		fits = append(fits, late)
	}
	if nothing > 0 && zeros == 0 {
		doubtful(0, "at the first value, which is as good as nothing")
	}
	if nothing > max(zeros, 1) {
		doubtful(nothing-1, "at the last value that is as good as nothing")
	}
	if zeros > 1 {
		fits = append(fits, f.fit(f.t[zeros-1], "at the last leading zero"))
	}
	out := slices.MinFunc(fits, func(a, b found) int {
		if a, b := a.sound(), b.sound(); a != b {
			if a {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.aicc()+a.odds, b.aicc()+b.odds)
	})
	if !out.estimated() {
		out.why = free.notTaken()
	}
	return out
}

// twentyToOne is the evidence that a launch needs which is not where one would
// put it by hand, 2 ln 20 (Burnham and Anderson 2002). Where the noise hides the
// first years, p and the launch stand for each other, and a launch drawn from the
// noise takes p with it.
const twentyToOne = 6

// asNothing is how many standard deviations of the noise a value may be from 0
// to count as one.
const asNothing = 3

// notTaken says what is wrong with an estimate of the launch.
func (f *found) notTaken() string {
	switch {
	case f.side(atT0) < 0:
		return fmt.Sprintf("estimated, it would be %s, the earliest year that is tried", year(f.year(f.x[atT0])))
	case f.side(atT0) > 0:
		return fmt.Sprintf("estimated, it would be %s, the latest that is possible", year(f.year(f.x[atT0])))
	case f.side(atP) < 0:
		return "estimated, it leaves p at nothing"
	case f.side(atP) > 0 || f.side(atQ) > 0:
		return "estimated, it takes p or q to the side of what is tried"
	case f.r2() < goodR2:
		return "no estimate of it makes a good curve"
	}
	return fmt.Sprintf("estimated, it would be %s, and the curve hardly better", year(f.year(f.x[atT0])))
}

// year turns a time of the frame into one of the series.
func (f *frame) year(t float64) float64 { return f.first + f.span*t }

// interval is the usual distance between points.
func (f frame) interval() float64 {
	gaps := make([]float64, 0, len(f.t))
	for i := 1; i < len(f.t); i++ {
		gaps = append(gaps, f.t[i]-f.t[i-1])
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

func (f frame) free() found {
	low, high := float64(earliest), 0.0
	if f.y[0] == 0 {
		low = earliestFromZero
		high = f.t[slices.IndexFunc(f.y, func(v float64) bool { return v > 0 })]
	}
	out := found{frame: f, odds: twentyToOne,
		low:  []float64{math.Log(leastP), math.Log(leastQ), leastM, low},
		high: []float64{math.Log(mostP), math.Log(mostQ), f.most, high}}
	launches := make([]float64, 0, 8)
	for i := range 8 { // denser towards the first value
		u := float64(i) / 7
		launches = append(launches, high-(high-low)*u*u)
	}
	out.search(launches)
	return out
}

func (f frame) fit(launch float64, where string) found {
	out := found{frame: f, where: where, fixed: launch,
		low:  []float64{math.Log(leastP), math.Log(leastQ), leastM},
		high: []float64{math.Log(mostP), math.Log(mostQ), f.most}}
	out.search([]float64{launch})
	return out
}

func (f *found) search(launches []float64) {
	type start struct {
		x   []float64
		sum float64
	}
	var starts []start
	p := problem{points: len(f.t), residuals: f.residuals, low: f.low, high: f.high}
	r := make([]float64, len(f.t))
	for _, t0 := range launches {
		for _, a := range startP {
			for _, b := range startQ {
				x := []float64{math.Log(a), math.Log(b), f.size(a, b, t0), t0}[:len(f.low)]
				x = p.clip(x)
				p.residuals(x, r, nil)
				starts = append(starts, start{x, squares(r)})
			}
		}
	}
	slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(a.sum, b.sum) })
	f.sum = math.Inf(1)
	for _, s := range starts[:descents] {
		if x, sum := p.minimum(s.x); sum < f.sum {
			f.x, f.sum = x, sum
		}
	}
}

// size is the m that fits best when the rest is given.
func (f *found) size(p, q, t0 float64) float64 {
	var above, below float64
	for i, t := range f.t {
		v, _, _, _ := share(p, q, t-t0)
		above += f.y[i] * v
		below += v * v
	}
	if below == 0 {
		return leastM
	}
	return above / below
}

func (f *found) residuals(x, r, j []float64) {
	p, q, t0, k := math.Exp(x[atP]), math.Exp(x[atQ]), f.t0(x), len(x)
	for i, t := range f.t {
		v, byP, byQ, byTime := share(p, q, t-t0)
		r[i] = x[atM]*v - f.y[i]
		if j == nil {
			continue
		}
		row := j[i*k : (i+1)*k]
		row[atP], row[atQ], row[atM] = x[atM]*byP*p, x[atM]*byQ*q, v
		if k > atT0 {
			row[atT0] = -x[atM] * byTime
		}
	}
}

func (f *found) t0(x []float64) float64 {
	if len(x) > atT0 {
		return x[atT0]
	}
	return f.fixed
}

// side tells where a parameter stands: -1 at its low side, 1 at the high.
func (f *found) side(k int) int {
	slack := 1e-6 * (f.high[k] - f.low[k])
	switch {
	case f.x[k] <= f.low[k]+slack:
		return -1
	case f.x[k] >= f.high[k]-slack:
		return 1
	}
	return 0
}

// atSide tells whether p, q or a sought launch ran against a side, so that
// another launch may tell more. That m did says only how far the market was
// seen; that q fell to nothing is what the series says.
func (f *found) atSide() bool {
	return f.side(atP) != 0 || f.side(atQ) > 0 || f.estimated() && f.side(atT0) != 0
}

// sound fits are preferred to any other.
func (f *found) sound() bool { return !f.atSide() && f.r2() >= goodR2 }

func (f *found) r2() float64 { return 1 - f.sum/spreadOf(f.y) }

// aicc is Akaike's criterion corrected for few points; at the fewest, where the
// correction has no value, as if there was one more. Sums below rounding count
// as equal, so that the simpler of two perfect fits is taken.
func (f *found) aicc() float64 {
	n, k := float64(len(f.t)), float64(len(f.x)+1)
	sum := math.Max(f.sum/n, 1e-22)
	return n*math.Log(sum) + 2*k + 2*k*(k+1)/math.Max(n-k-1, 1)
}
