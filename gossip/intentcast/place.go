package intentcast

import "strings"

// geohashAlphabet is base 32 as geohash uses it: digits and letters without
// a, i, l and o.
const geohashAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// check: a taxonomy is lower-case letters, digits and '-'; a value is one to
// eight parts of lower-case letters, digits, '-', '_' and '.', so that
// categories compare byte by byte and can stand in the name of a topic.
func (c *Category) check() *InvalidError {
	switch {
	case c.Taxonomy == "":
		return invalid("taxonomy", "is missing")
	case len(c.Taxonomy) > maxTaxonomy || !only(c.Taxonomy, lower+digits+"-"):
		return invalid("taxonomy", "%.40q is not a name of at most %d lower-case letters, digits and '-'", c.Taxonomy, maxTaxonomy)
	case c.Value == "":
		return invalid("value", "is missing")
	case len(c.Value) > maxCategory || strings.Count(c.Value, "/") >= maxParts:
		return invalid("value", "%.40q is longer than %d bytes or deeper than %d parts", c.Value, maxCategory, maxParts)
	}
	for part := range strings.SplitSeq(c.Value, "/") {
		if part == "" || strings.IndexByte(lower+digits, part[0]) < 0 || !only(part, lower+digits+"-_.") {
			return invalid("value", "part %.40q is not lower-case letters, digits, '-', '_' and '.'", part)
		}
	}
	return nil
}

func (p *Place) check() *InvalidError {
	switch {
	case *p == Place{}:
		return invalid("", "says nothing")
	case len(p.Geohash) > maxGeohash:
		return invalid("geohash", "%d characters, at most %d may be public", len(p.Geohash), maxGeohash)
	case !only(p.Geohash, geohashAlphabet):
		return invalid("geohash", "%q is not geohash base 32", p.Geohash)
	case p.Radius > MaxRadius:
		return invalid("radius", "%d m, at most %d are allowed", p.Radius, MaxRadius)
	case p.Radius != 0 && p.Geohash == "":
		return invalid("radius", "around no place: geohash is missing")
	case p.Region != "" && !isRegion(p.Region):
		return invalid("region", "%.20q is not of the form of ISO 3166-2", p.Region)
	}
	return checkOptional("name", p.Name)
}

// isRegion is the form of ISO 3166-2: "US-UT".
func isRegion(s string) bool {
	country, part, ok := strings.Cut(s, "-")
	return ok && len(country) == 2 && only(country, upper) &&
		len(part) >= 1 && len(part) <= 3 && only(part, upper+digits)
}
