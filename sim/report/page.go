package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/parley-network/parley/sim/chart"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed film.js
var filmJS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// Widths of drawings, in pixels: for a desk and for a telephone.
const (
	wideWidth   = 960
	halfWidth   = 464
	narrowWidth = 354
)

// policy forbids the page everything but its own style and script.
func policy(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

type view struct {
	Policy, Name, Description, Footer string
	Style                             template.CSS
	Script                            template.JS
	Contents                          []link
	Summary, Notes                    []string
	Facts                             []fact
	Overview                          *table
	Scenario                          string
	Sections                          []section
	Values                            []valueView
	Files                             []fileView
}

type link struct{ ID, Title string }

type fact struct {
	Name, Value string
	Code        bool
}

type section struct {
	ID, Title, Lead string
	Aside           string // below the lead, smaller
	Plates          []plateView
	Films           []filmView
}

// Folded tells whether any plate is folded away.
func (s section) Folded() bool {
	for _, p := range s.Plates {
		if !p.Open {
			return true
		}
	}
	return false
}

type plateView struct {
	ID, Title, Caption string
	Wide, Narrow       template.HTML
	Table              table
	Open, Half         bool
	Downloads          []fileView
}

type filmView struct {
	Plate       plateView
	Title, Unit string
	Data        filmData
}

type valueView struct {
	Name, Title, Brief string
	Table              table
}

type fileView struct{ Href, Name, About string }

// HTML writes the report as one page. Whatever the input says is escaped: a
// scenario may come from anyone. Plots names the folder, beside the page, that
// has the plots' files; none: "".
func HTML(w io.Writer, in Input, o Options) error {
	d, err := sorted(in)
	if err != nil {
		return fmt.Errorf("make report: %w", err)
	}
	return d.html(w, d.figures(o), o)
}

// figures are all plates, by section.
type figures struct {
	curves, sweeps, distributions []plate
	films                         []film
}

func (d *digest) figures(o Options) figures {
	return figures{d.curves(), d.sweeps(o.Values), d.distributions(), d.films()}
}

// all are the plates that get files.
func (f figures) all() []plate {
	out := append(append(append([]plate(nil), f.curves...), f.sweeps...), f.distributions...)
	for _, m := range f.films {
		out = append(out, m.plate)
	}
	return out
}

func (d *digest) html(w io.Writer, f figures, o Options) error {
	v := d.view(f, o)
	if err := pageTemplate.Execute(w, v); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (d *digest) view(f figures, o Options) view {
	s := d.in.Scenario
	v := view{Name: s.Name, Description: s.Description, Style: template.CSS(chart.Style() + pageCSS),
		Summary: d.summary(), Notes: d.notes(), Facts: d.facts(), Overview: d.overview(o.Values),
		Values: d.valueViews(o.Values), Footer: "Made by parley-sim " + d.in.Program + ". Everything in this file was drawn when it was written: it asks for nothing over a network."}
	if v.Name == "" {
		v.Name = "Unnamed scenario"
	}
	if text, err := json.MarshalIndent(s, "", "  "); err == nil {
		v.Scenario = string(text)
	}
	for _, sec := range []section{
		{ID: "curves", Title: "Over time", Lead: "How each quantity went, " + d.step() + " by " + d.step() + ".", Aside: steady(rank(d.series.names), d.steadySeries), Plates: d.plates(f.curves, o)},
		{ID: "sweep", Title: "Over the sweep", Lead: "What changes with " + d.labelAxes(len(d.axes)) + ".", Aside: d.steadyValues(), Plates: d.plates(f.sweeps, o)},
		{ID: "distributions", Title: "Distributions", Lead: "What single intents, messages and nodes met with.", Plates: d.plates(f.distributions, o)},
		{ID: "spread", Title: "The spread over the network", Films: d.filmViews(f.films, o)},
	} {
		if len(sec.Plates)+len(sec.Films) > 0 || sec.Aside != "" {
			v.Sections = append(v.Sections, sec)
		}
	}
	v.Policy = policy("")
	if len(f.films) > 0 {
		v.Script, v.Policy = template.JS(filmJS), policy(filmJS)
	}
	v.Contents = append(v.Contents, link{"summary", "What was run"})
	for _, sec := range v.Sections {
		v.Contents = append(v.Contents, link{sec.ID, sec.Title})
	}
	if len(v.Values) > 0 {
		v.Contents = append(v.Contents, link{"values", "Every value"})
	}
	v.Contents = append(v.Contents, link{"files", "Files"})
	for _, name := range d.in.Files {
		v.Files = append(v.Files, fileView{href(name), name, abouts[name]})
	}
	return v
}

// abouts say what is in the files of a run's folder.
var abouts = map[string]string{
	"runs.csv":       "a row a run: its point, seed and values",
	"series.csv":     "a row a number of a series",
	"series.parquet": "the same, for data frames",
	"samples.csv":    "a row a quantile of a distribution",
	"manifest.json":  "program, scenario, hash, cells and seeds",
}

// href makes a relative link of a file's name, and of nothing else.
func href(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "./" + strings.Join(parts, "/")
}

func (d *digest) plate(p plate, o Options) plateView {
	width := float64(wideWidth)
	if p.Half {
		width = halfWidth
	}
	v := plateView{ID: p.ID, Half: p.Half, Title: p.Figure.Name(), Caption: p.Caption, Table: p.Table, Open: p.Open,
		Wide: template.HTML(chart.Inline(p.Figure, width)), Narrow: template.HTML(chart.Inline(p.Figure, narrowWidth))}
	if !o.NoPlots {
		for _, ext := range []string{"svg", "png"} {
			v.Downloads = append(v.Downloads, fileView{Href: href(plotsFolder + "/" + p.ID + "." + ext), Name: strings.ToUpper(ext)})
		}
	}
	return v
}

func (d *digest) plates(all []plate, o Options) []plateView {
	var out []plateView
	for _, p := range all {
		out = append(out, d.plate(p, o))
	}
	return out
}

func (d *digest) filmViews(films []film, o Options) []filmView {
	var out []filmView
	for _, f := range films {
		out = append(out, filmView{d.plate(f.plate, o), f.Title, f.Unit, f.Data})
	}
	return out
}
