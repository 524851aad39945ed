package chart

import (
	"fmt"
	"image/color"
	"strings"
)

// ink is a colour by its role, so that a page can have a light and a dark one,
// or a colour as such.
type ink struct {
	role string // a custom property's name on the page; "" for plain
	rgb  color.RGBA
}

var (
	textInk  = ink{"text", hex(0x1b1f24)}
	faintInk = ink{"faint", hex(0x59636e)}
	gridInk  = ink{"grid", hex(0xe1e5ea)}
	axisInk  = ink{"axis", hex(0x8c96a1)}
	idleInk  = ink{"idle", hex(0xc3cad2)}
	paperInk = ink{"paper", hex(0xffffff)}
)

// lineInks are told apart by hue and by lightness.
var lineInks = [Colours]ink{
	{"c0", hex(0x0072b2)}, // blue
	{"c1", hex(0xd55e00)}, // vermilion
	{"c2", hex(0x009e73)}, // green
	{"c3", hex(0xb5508c)}, // purple, darker than the original for contrast
	{"c4", hex(0xb87f00)}, // orange, so too
	{"c5", hex(0x3a94c8)}, // sky, so too
}

var dashes = [Colours][]float64{3: {7, 4}, 4: {2.5, 3}, 5: {9, 3, 2, 3}}

func lineInk(i int) ink { return lineInks[((i%Colours)+Colours)%Colours] }

// dark holds the roles' colours on a dark page.
var dark = map[string]string{
	"text": "#e8ebef", "faint": "#a3adb8", "grid": "#2c333b", "axis": "#69737e", "idle": "#4a535d", "paper": "#14181c",
	"c0": "#5aaef0", "c1": "#ff8a3d", "c2": "#2fc79a", "c3": "#e391c3", "c4": "#e9b949", "c5": "#9bd3f5",
}

func hex(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

func (k ink) String() string { return fmt.Sprintf("#%02x%02x%02x", k.rgb.R, k.rgb.G, k.rgb.B) }

func roles() []ink {
	return append([]ink{textInk, faintInk, gridInk, axisInk, idleInk, paperInk}, lineInks[:]...)
}

// Style is the CSS that [Inline] drawings need, once a page: the roles'
// colours for light, for dark, and for paper.
func Style() string {
	var light, night, rules strings.Builder
	for _, k := range roles() {
		fmt.Fprintf(&light, "--%s:%s;", k.role, k)
		fmt.Fprintf(&night, "--%s:%s;", k.role, dark[k.role])
		fmt.Fprintf(&rules, ".s-%s{stroke:var(--%s)}.f-%s{fill:var(--%s)}", k.role, k.role, k.role, k.role)
	}
	return ":root{color-scheme:light dark;" + light.String() + "}\n" +
		"@media screen and (prefers-color-scheme:dark){:root{" + night.String() + "}}\n" + rules.String() + "\n" + common
}

// common is what the page and a file share.
const common = "svg text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif}" +
	"svg .l{fill:none;stroke-linejoin:round;stroke-linecap:round}\n"

// cividis at eight steps of its range.
var cividis = []uint32{0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838}

// heat returns the colour of v in [0,1].
func heat(v float64) ink {
	v = min(max(v, 0), 1) * float64(len(cividis)-1)
	i := min(int(v), len(cividis)-2)
	a, b, u := hex(cividis[i]), hex(cividis[i+1]), v-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(float64(x) + u*(float64(y)-float64(x)) + 0.5) }
	return ink{"", color.RGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}}
}

// onHeat is the ink that can be read on a heat's colour.
func onHeat(k ink) ink {
	light := 0.2126*float64(k.rgb.R) + 0.7152*float64(k.rgb.G) + 0.0722*float64(k.rgb.B)
	if light > 115 {
		return ink{"", hex(0x10141a)}
	}
	return ink{"", hex(0xffffff)}
}
