package market

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"

	"github.com/parley-network/parley/gossip/intentcast"
)

// Area is where a vendor serves: a geohash cell, a circle, or a region. Set
// one of the three.
type Area struct {
	Geohash string  `json:"geohash,omitempty" toml:"geohash,omitempty"` // 1 to 12 characters
	Lat     float64 `json:"lat,omitempty" toml:"lat,omitempty"`         // WGS 84 degrees, of the circle's centre
	Lon     float64 `json:"lon,omitempty" toml:"lon,omitempty"`
	Metres  uint64  `json:"metres,omitempty" toml:"metres,omitempty"` // the circle's radius
	Region  string  `json:"region,omitempty" toml:"region,omitempty"` // ISO 3166-1 or -2: "US", "US-MI"
}

// Check names what is wrong with the area.
func (a Area) Check() error {
	set := 0
	for _, is := range []bool{a.Geohash != "", a.Metres != 0, a.Region != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return errors.New("area needs one of geohash, metres around lat and lon, region")
	}
	if _, ok := cell(a.Geohash); a.Geohash != "" && !ok {
		return fmt.Errorf("geohash %s is not 1 to 12 of its letters", quote(a.Geohash))
	}
	if !(math.Abs(a.Lat) <= 90 && math.Abs(a.Lon) <= 180) {
		return fmt.Errorf("point %v, %v is not on the earth", a.Lat, a.Lon)
	}
	return nil
}

// serves reports whether the area and the place have a point in common. The
// place may be coarse on purpose, so that touching is enough; a place that
// has nothing the area could be held against is not served.
func (a Area) serves(p *intentcast.Place) bool {
	if a.Region != "" {
		here, there := strings.ToUpper(a.Region), strings.ToUpper(p.Region)
		return there == here || strings.HasPrefix(there, here+"-")
	}
	place, ok := cell(p.Geohash)
	if !ok {
		return false
	}
	home, isCell := cell(a.Geohash)
	switch {
	case p.Radius > 0 && isCell:
		return home.DistanceToLatLng(place.Center()) <= angle(p.Radius)
	case p.Radius > 0:
		return place.Center().Distance(a.point()) <= angle(p.Radius)+angle(a.Metres)
	case isCell:
		here, there := strings.ToLower(a.Geohash), strings.ToLower(p.Geohash)
		return strings.HasPrefix(here, there) || strings.HasPrefix(there, here)
	}
	return place.DistanceToLatLng(a.point()) <= angle(a.Metres)
}

func (a Area) point() s2.LatLng { return s2.LatLngFromDegrees(a.Lat, a.Lon) }

// earthMetres is the mean radius of the earth (IUGG).
const earthMetres = 6_371_008.8

func angle(metres uint64) s1.Angle { return s1.Angle(float64(metres) / earthMetres) }

const geohashLetters = "0123456789bcdefghjkmnpqrstuvwxyz"

// cell returns the rectangle of a geohash (Niemeyer 2008): five bits a
// letter, which halve longitude and latitude in turn.
func cell(geohash string) (s2.Rect, bool) {
	if len(geohash) < 1 || len(geohash) > 12 {
		return s2.Rect{}, false
	}
	lat, lon := [2]float64{-90, 90}, [2]float64{-180, 180}
	axis, other := &lon, &lat
	for _, letter := range strings.ToLower(geohash) {
		five := strings.IndexRune(geohashLetters, letter)
		if five < 0 {
			return s2.Rect{}, false
		}
		for bit := 16; bit > 0; bit >>= 1 {
			middle := (axis[0] + axis[1]) / 2
			if five&bit != 0 {
				axis[0] = middle
			} else {
				axis[1] = middle
			}
			axis, other = other, axis
		}
	}
	low, high := s2.LatLngFromDegrees(lat[0], lon[0]), s2.LatLngFromDegrees(lat[1], lon[1])
	return s2.RectFromLatLng(low).AddPoint(high), true
}
