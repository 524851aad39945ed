package chart

import (
	"fmt"
	"image/color"
	"math"
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

// lineInks are told apart by hue and by lightness, by the colour-blind too: any
// two are ΔE 25 or more apart for protanopes, deuteranopes and tritanopes.
var lineInks = [Colours]ink{
	{"c0", hex(0x034284)}, // blue
	{"c1", hex(0xff5b13)}, // vermilion
	{"c2", hex(0x03a671)}, // green
	{"c3", hex(0xe45fb0)}, // pink
	{"c4", hex(0x885726)}, // brown; yellow on a dark page
	{"c5", hex(0x5d6ef8)}, // periwinkle; a pale cyan on a dark page
}

var dashes = [Colours][]float64{3: {7, 4}, 4: {2.5, 3}, 5: {9, 3, 2, 3}}

func lineInk(i int) ink { return lineInks[((i%Colours)+Colours)%Colours] }

// dark holds the roles' colours on a dark page.
var dark = map[string]string{
	"text": "#e8ebef", "faint": "#a3adb8", "grid": "#2c333b", "axis": "#69737e", "idle": "#4a535d", "paper": "#14181c",
	"c0": "#2d7efb", "c1": "#de5c0e", "c2": "#00f799", "c3": "#bb65b7", "c4": "#ffe623", "c5": "#c6ffff",
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

// cividis at ten steps of its range.
var cividis = []uint32{0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838}

// heat returns the colour of v in [0,1].
func heat(v float64) ink {
	v = min(max(v, 0), 1) * float64(len(cividis)-1)
	i := min(int(v), len(cividis)-2)
	a, b, u := hex(cividis[i]), hex(cividis[i+1]), v-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(float64(x) + u*(float64(y)-float64(x)) + 0.5) }
	return ink{"", color.RGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}}
}

// linear is sRGB's transfer function.
func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// onHeat is the ink that can be read on a heat's colour.
func onHeat(k ink) ink {
	light := 0.2126*linear(k.rgb.R) + 0.7152*linear(k.rgb.G) + 0.0722*linear(k.rgb.B)
	if light > 0.179 { // where black and white contrast alike
		return ink{"", hex(0)}
	}
	return ink{"", hex(0xffffff)}
}
