package mesh

import "math"

// pile puts numbers by size: one heap for each 64th of a power of two, so
// that quantiles are right within 2%.
type pile struct {
	piles [1 << 14]int64
	count int64
	sum   float64
	most  float32
}

func (h *pile) add(x float32) {
	h.piles[math.Float32bits(x)>>17]++ // 6 bits of the fraction stay
	h.count++
	h.sum += float64(x)
	h.most = max(h.most, x)
}

func (h *pile) load() Load {
	if h.count == 0 {
		return Load{}
	}
	return Load{Mean: h.sum / float64(h.count), P50: h.quantile(.5), P99: h.quantile(.99), Max: float64(h.most)}
}

func (h *pile) quantile(q float64) float64 {
	rank, seen := int64(math.Ceil(q*float64(h.count))), int64(0)
	for i, n := range h.piles {
		if seen += n; seen >= rank {
			return float64(math.Float32frombits(uint32(i) << 17))
		}
	}
	return float64(h.most)
}
