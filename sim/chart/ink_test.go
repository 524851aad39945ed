package chart

import (
	"image/color"
	"math"
	"strconv"
	"strings"
	"testing"
)

type rgb [3]float64

func of(c color.RGBA) rgb { return rgb{linear(c.R), linear(c.G), linear(c.B)} }

func (c rgb) luminance() float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

// contrast is WCAG 2's.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func parse(t *testing.T, s string) color.RGBA {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return hex(uint32(v))
}

// themes are the roles' colours on a light and on a dark page.
func themes(t *testing.T) map[string]map[string]rgb {
	out := map[string]map[string]rgb{"light": {}, "dark": {}}
	for _, k := range roles() {
		out["light"][k.role] = of(k.rgb)
		out["dark"][k.role] = of(parse(t, dark[k.role]))
	}
	return out
}

// Words need 4.5 to 1 (WCAG 2.2, 1.4.3), lines 3 to 1 (1.4.11).
func TestInksCanBeSeenOnTheirPaper(t *testing.T) {
	for name, theme := range themes(t) {
		for role, want := range map[string]float64{"text": 7, "faint": 4.5, "c0": 3, "c1": 3, "c2": 3, "c3": 3, "c4": 3, "c5": 3} {
			if got := contrast(theme[role], theme["paper"]); got < want {
				t.Errorf("%s: %s has contrast %.2f, want %v", name, role, got, want)
			}
		}
	}
}

// deficiencies are from Machado, Oliveira and Fernandes (2009), severity 1, on
// linear RGB.
var deficiencies = map[string][3]rgb{
	"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	"deuteranopia": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	"tritanopia":   {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

func seen(m [3]rgb, c rgb) rgb {
	var out rgb
	for i, row := range m {
		out[i] = min(max(row[0]*c[0]+row[1]*c[1]+row[2]*c[2], 0), 1)
	}
	return out
}

// lab is CIE L*a*b* under D65.
func lab(c rgb) rgb {
	f := func(v float64) float64 {
		if v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	x := f((0.4124*c[0] + 0.3576*c[1] + 0.1805*c[2]) / 0.9505)
	y := f(c.luminance())
	z := f((0.0193*c[0] + 0.1192*c[1] + 0.9505*c[2]) / 1.089)
	return rgb{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func distance(a, b rgb) float64 {
	p, q := lab(a), lab(b)
	return math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
}

// Any two lines differ by ten times what can just be seen (ΔE 2.3).
func TestLinesCanBeToldApartByTheColourBlind(t *testing.T) {
	for name, theme := range themes(t) {
		for kind, m := range deficiencies {
			for i := range Colours {
				for j := range i {
					a, b := seen(m, theme["c"+strconv.Itoa(i)]), seen(m, theme["c"+strconv.Itoa(j)])
					d := distance(a, b)
					if d < 23 {
						t.Errorf("%s, %s: lines %d and %d are ΔE %.1f apart", name, kind, j, i, d)
					}
				}
			}
		}
	}
}

func TestHeatGrowsLighter(t *testing.T) {
	before := -1.0
	for v := 0.0; v <= 1; v += 0.02 {
		k := heat(v)
		y := of(k.rgb).luminance()
		if y <= before {
			t.Errorf("at %v it is no lighter than before", v)
		}
		before = y
		if c := contrast(of(k.rgb), of(onHeat(k).rgb)); c < 4.5 {
			t.Errorf("at %v digits have contrast %.2f", v, c)
		}
	}
	if heat(-5) != heat(0) || heat(7) != heat(1) {
		t.Error("beyond the range")
	}
}

func TestStyleHasEveryRoleInBothThemes(t *testing.T) {
	css := Style()
	for _, k := range roles() {
		if strings.Count(css, "--"+k.role+":") != 2 || !strings.Contains(css, ".f-"+k.role+"{") || !strings.Contains(css, ".s-"+k.role+"{") {
			t.Errorf("role %s", k.role)
		}
	}
}
