package chart

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
)

// Inline returns a figure as an <svg> element for a page that has [Style]. All
// text is escaped.
func Inline(f Figure, width float64) string {
	var b strings.Builder
	h := f.height(width)
	fmt.Fprintf(&b, `<svg viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="%s">`,
		num(width), num(h), num(width), num(h), html.EscapeString(f.Name()))
	f.draw(&svgPen{out: &b}, box{0, 0, width, h})
	b.WriteString("</svg>")
	return b.String()
}

// SVG writes a figure as a file of its own, on white.
func SVG(w io.Writer, f Figure, width float64) error {
	var b strings.Builder
	h := f.height(width)
	const margin = 12
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="%d %d %s %s" width="%s" height="%s" role="img">`,
		-margin, -margin, num(width+2*margin), num(h+2*margin), num(width+2*margin), num(h+2*margin))
	fmt.Fprintf(&b, "<title>%s</title><style>", html.EscapeString(f.Name()))
	for _, k := range roles() {
		fmt.Fprintf(&b, ".s-%s{stroke:%s}.f-%s{fill:%s}", k.role, k, k.role, k)
	}
	fmt.Fprintf(&b, `%s</style><rect x="%d" y="%d" width="100%%" height="100%%" fill="#fff"/>`, common, -margin, -margin)
	f.draw(&svgPen{out: &b}, box{0, 0, width, h})
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

type svgPen struct{ out *strings.Builder }

func num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// paint names an ink as the stroke or the fill.
func paint(kind byte, k ink, more string) string {
	if k.role != "" {
		if more != "" {
			more = " " + more
		}
		return fmt.Sprintf(` class="%c-%s%s"`, kind, k.role, more)
	}
	name := "fill"
	if kind == 's' {
		name = "stroke"
	}
	if more != "" {
		more = fmt.Sprintf(` class="%s"`, more)
	}
	return fmt.Sprintf(`%s %s="%s"`, more, name, k)
}

func (p *svgPen) path(points []point) {
	p.out.WriteString(`<path d="`)
	for i, q := range points {
		letter := byte('L')
		if i == 0 {
			letter = 'M'
		}
		p.out.WriteByte(letter)
		p.out.WriteString(num(q.x))
		p.out.WriteByte(' ')
		p.out.WriteString(num(q.y))
	}
}

func (p *svgPen) stroke(through []point, k ink, width float64, dash []float64) {
	if len(through) < 2 {
		return
	}
	p.path(through)
	fmt.Fprintf(p.out, `"%s stroke-width="%s"`, paint('s', k, "l"), num(width))
	if len(dash) > 0 {
		var d []string
		for _, v := range dash {
			d = append(d, num(v))
		}
		fmt.Fprintf(p.out, ` stroke-dasharray="%s"`, strings.Join(d, " "))
	}
	p.out.WriteString("/>")
}

func (p *svgPen) segments(ends []point, k ink, width float64) {
	if len(ends) < 2 {
		return
	}
	p.out.WriteString(`<path d="`)
	for i := 0; i+1 < len(ends); i += 2 {
		fmt.Fprintf(p.out, "M%s %sL%s %s", num(ends[i].x), num(ends[i].y), num(ends[i+1].x), num(ends[i+1].y))
	}
	fmt.Fprintf(p.out, `"%s stroke-width="%s"/>`, paint('s', k, "l"), num(width))
}

func (p *svgPen) fill(corners []point, k ink, opacity float64, told string) {
	if len(corners) < 3 {
		return
	}
	p.path(corners)
	p.out.WriteString(`Z"` + paint('f', k, ""))
	if opacity < 1 {
		fmt.Fprintf(p.out, ` fill-opacity="%g"`, opacity)
	}
	p.end("path", told)
}

func (p *svgPen) dot(at point, radius float64, k ink, told string) {
	fmt.Fprintf(p.out, `<circle cx="%s" cy="%s" r="%s"%s`, num(at.x), num(at.y), num(radius), paint('f', k, ""))
	p.end("circle", told)
}

func (p *svgPen) end(element, told string) {
	if told == "" {
		p.out.WriteString("/>")
		return
	}
	fmt.Fprintf(p.out, "><title>%s</title></%s>", html.EscapeString(told), element)
}

func (p *svgPen) text(at point, s string, size float64, k ink, align int, bold bool) {
	anchor := map[int]string{-1: "", 0: ` text-anchor="middle"`, 1: ` text-anchor="end"`}[align]
	if bold {
		anchor += ` font-weight="600"`
	}
	fmt.Fprintf(p.out, `<text x="%s" y="%s" font-size="%s"%s%s>%s</text>`,
		num(at.x), num(at.y), num(size), anchor, paint('f', k, ""), html.EscapeString(s))
}
