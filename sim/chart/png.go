package chart

import (
	"fmt"
	"image/color"
	"image/png"
	"io"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// mostPixels bounds a PNG's area.
const mostPixels = 60e6

// PNG writes a figure as a picture on white, two pixels to a unit of width;
// one where that would be too large.
func PNG(w io.Writer, f Figure, width float64) error {
	const margin = 12
	h := f.height(width)
	scale := 2.0
	if width*h*scale*scale > mostPixels {
		scale = 1
	}
	if width*h > mostPixels {
		return fmt.Errorf("draw %q: %.0f × %.0f pixels are too many", f.Name(), width, h)
	}
	faces := font.NewCache(liberation.Collection())
	// A unit is 1/72 inch, so that it is as many pixels as the scale says.
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(width+2*margin), vg.Length(h+2*margin)),
		vgimg.UseDPI(int(72*scale)), vgimg.UseBackgroundColor(color.White))
	f.draw(&imagePen{c: c, faces: faces, left: margin, top: h + margin}, box{0, 0, width, h})
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, c.Image()); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

// imagePen draws on gonum's canvas, where y grows upwards.
type imagePen struct {
	c         *vgimg.Canvas
	faces     *font.Cache
	left, top float64
}

func (p *imagePen) at(q point) vg.Point {
	return vg.Point{X: vg.Length(p.left + q.x), Y: vg.Length(p.top - q.y)}
}

func (p *imagePen) path(points []point) vg.Path {
	var out vg.Path
	for i, q := range points {
		if i == 0 {
			out.Move(p.at(q))
		} else {
			out.Line(p.at(q))
		}
	}
	return out
}

func (p *imagePen) stroke(through []point, k ink, width float64, dash []float64) {
	if len(through) < 2 {
		return
	}
	p.c.SetColor(k.rgb)
	p.c.SetLineWidth(vg.Length(width))
	var pattern []vg.Length
	for _, v := range dash {
		pattern = append(pattern, vg.Length(v))
	}
	p.c.SetLineDash(pattern, 0)
	p.c.Stroke(p.path(through))
}

func (p *imagePen) segments(ends []point, k ink, width float64) {
	var path vg.Path
	for i := 0; i+1 < len(ends); i += 2 {
		path.Move(p.at(ends[i]))
		path.Line(p.at(ends[i+1]))
	}
	p.c.SetColor(k.rgb)
	p.c.SetLineWidth(vg.Length(width))
	p.c.SetLineDash(nil, 0)
	p.c.Stroke(path)
}

func (p *imagePen) fill(corners []point, k ink, opacity float64, _ string) {
	if len(corners) < 3 {
		return
	}
	p.c.SetColor(color.NRGBA{R: k.rgb.R, G: k.rgb.G, B: k.rgb.B, A: uint8(opacity*255 + 0.5)})
	path := p.path(corners)
	path.Close()
	p.c.Fill(path)
}

func (p *imagePen) dot(at point, radius float64, k ink, _ string) {
	p.c.SetColor(k.rgb)
	var path vg.Path
	path.Move(p.at(point{at.x + radius, at.y}))
	path.Arc(p.at(at), vg.Length(radius), 0, 2*3.14159265358979)
	path.Close()
	p.c.Fill(path)
}

func (p *imagePen) text(at point, s string, size float64, k ink, align int, bold bool) {
	weight := stdfont.WeightNormal
	if bold {
		weight = stdfont.WeightBold
	}
	face := p.faces.Lookup(font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}, vg.Length(size))
	q := p.at(at)
	q.X -= face.Width(s) * vg.Length(align+1) / 2
	p.c.SetColor(k.rgb)
	p.c.FillString(face, q, s)
}
