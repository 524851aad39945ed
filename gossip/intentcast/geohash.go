package intentcast

import "math"

// A geohash interleaves the bits of longitude and latitude, longitude first,
// five to a character. Three characters are 15 bits: 8 of longitude and 7 of
// latitude, which makes cells square in degrees.
const (
	columns     = 1 << 8
	rows        = 1 << 7
	cellDegrees = 360.0 / columns

	earthRadius     = 6_371_008.8 // metres, the mean of WGS 84
	metresPerDegree = earthRadius * math.Pi / 180
	halfEarth       = earthRadius * math.Pi
)

// box is an area between two parallels and two meridians, in degrees.
type box struct{ south, north, west, east float64 }

func decodeGeohash(s string) box {
	b := box{-90, 90, -180, 180}
	even := true
	for i := range len(s) {
		v := indexGeohash(s[i])
		for bit := 4; bit >= 0; bit-- {
			low, high := &b.south, &b.north
			if even {
				low, high = &b.west, &b.east
			}
			if mid := (*low + *high) / 2; v>>bit&1 == 1 {
				*low = mid
			} else {
				*high = mid
			}
			even = !even
		}
	}
	return b
}

func indexGeohash(c byte) int {
	for i := range len(geohashAlphabet) {
		if geohashAlphabet[i] == c {
			return i
		}
	}
	return 0
}

// encodeCell returns the geohash of three characters of the cell in column x
// from the west and row y from the south.
func encodeCell(x, y int) string {
	var bits int
	for i := 7; i >= 0; i-- {
		bits = bits<<1 | x>>i&1
		if i > 0 {
			bits = bits<<1 | y>>(i-1)&1
		}
	}
	return string([]byte{geohashAlphabet[bits>>10&31], geohashAlphabet[bits>>5&31], geohashAlphabet[bits&31]})
}

func cellBox(x, y int) box {
	south, west := float64(y)*cellDegrees-90, float64(x)*cellDegrees-180
	return box{south, south + cellDegrees, west, west + cellDegrees}
}

func row(latitude float64) int {
	return min(rows-1, max(0, int(math.Floor((latitude+90)/cellDegrees))))
}

// distance is a lower bound, in metres, of the way from any point of b to any
// of c, and 0 where they touch: never too far, so that no cell is missed.
func (b box) distance(c box) float64 {
	dLat := gap(b.south, b.north, c.south, c.north)
	dLon := min(gap(b.west, b.east, c.west, c.east),
		gap(b.west+360, b.east+360, c.west, c.east), gap(b.west-360, b.east-360, c.west, c.east))
	if dLon == 0 {
		return dLat * metresPerDegree
	}
	// Haversine with the cosines at the latitudes nearest to a pole.
	cos := math.Cos(radians(math.Max(math.Abs(b.south), math.Abs(b.north)))) *
		math.Cos(radians(math.Max(math.Abs(c.south), math.Abs(c.north))))
	h := square(math.Sin(radians(dLat)/2)) + cos*square(math.Sin(radians(dLon)/2))
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

func gap(low, high, otherLow, otherHigh float64) float64 {
	return max(0, otherLow-high, low-otherHigh)
}

func radians(d float64) float64 { return d * math.Pi / 180 }
func square(x float64) float64  { return x * x }
