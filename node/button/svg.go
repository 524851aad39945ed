package button

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// Options is how a picture looks.
type Options struct {
	Size  int    // its height in CSS pixels, half as wide again; 0 is 16, the most is 1024
	Title string // its accessible name; empty is "r-button"
}

const maxSize = 1024

// svgStyle colours the picture for a light page, a dark one, and for colours
// the reader forces. Form says the state: o is outlined, s solid, n absent.
const svgStyle = `.rb path{stroke:#1a1a1a;stroke-width:2;stroke-linejoin:round;fill:none}` +
	`.rb .s{fill:#1a1a1a}.rb .n{stroke:none}` +
	`@media(prefers-color-scheme:dark){.rb path{stroke:#f2f2f2}.rb .s{fill:#f2f2f2}.rb .n{stroke:none}}` +
	`@media(forced-colors:active){.rb path{stroke:CanvasText}.rb .s{fill:CanvasText}.rb .n{stroke:none}}`

// The halves on a field of 24 by 16: open where they are outlined, closed by
// their filling where they are solid. The bar is what joins them.
const (
	leftHalf  = "M9 3H7a5 5 0 0 0 0 10h2"
	rightHalf = "M15 3h2a5 5 0 0 1 0 10h-2"
	bar       = "M9 6h6v4H9z"
)

// SVG returns the picture of s: one file without script or reference to
// another, with its name and meaning for screen readers.
func SVG(s State, o Options) []byte {
	if o.Size <= 0 {
		o.Size = 16
	}
	o.Size = min(o.Size, maxSize)
	if o.Title == "" {
		o.Title = "r-button"
	}
	left, right, joint := "o", "o", "n"
	if s == Mine || s == Both {
		left = "s"
	}
	if s == Theirs || s == Both {
		right = "s"
	}
	if s == Both {
		joint = "s"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="rb" role="img" viewBox="0 0 24 16" width="%d" height="%d">`, o.Size*3/2, o.Size)
	fmt.Fprintf(&b, `<title>%s</title><desc>%s</desc><style>%s</style>`, escape(o.Title), escape(Words(s)), svgStyle)
	fmt.Fprintf(&b, `<path class="%s" d="%s"/><path class="%s" d="%s"/><path class="%s" d="%s"/></svg>`, left, leftHalf, right, rightHalf, joint, bar)
	return b.Bytes()
}

func escape(s string) []byte {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.Bytes()
}
