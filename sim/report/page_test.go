package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/scenario"
)

func page(t *testing.T, in Input, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, in, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// every calls f with each element of a page.
func every(t *testing.T, text string, f func(n *html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			f(n)
		}
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func TestPageTellsWhatWasRun(t *testing.T) {
	in := example([]float64{.005, .05}, []float64{.02, .1, .3}, 3, 60)
	in.Cells[4].Outcome = nil
	got := page(t, in, Options{})
	for _, want := range []string{"First town, first year", "18 runs with the model engine: 6 points (adoption.p 0.005, 0.05 × adoption.q 0.02, 0.1, 0.3), 3 runs of each with a seed of its own.",
		"60 people and 3 vendors in 12 places, over 52 weeks", "17 of 18", "1 of 18 was not finished, and left out of this report.",
		in.Hash, "v0.5.0", "2026-03-04T05:06:07Z", "1000, 1001, 1002, 2000, and 14 more", "The whole scenario", "Over time", "Over the sweep", "Distributions", "The spread over the network",
		`<a href="./runs.csv">runs.csv</a>`, "Intents filled by the network", `href="./plots/curve-1-participants.svg"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

// Strings of a scenario, a series and a file are foreign. None becomes an
// element, an attribute or a scheme of a link.
func TestPageEscapesWhatItIsGiven(t *testing.T) {
	evil := []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><b>`, `javascript:alert(1)`, `</svg><iframe src="//evil.example">`,
		`</title>`, `-->`, "{{.}}", `'onmouseover='x`, "</script><script>alert(2)</script>"}
	in := example([]float64{.02}, []float64{.1, .3}, 2, 40)
	clean := map[string]int{}
	every(t, page(t, in, Options{}), func(n *html.Node) { clean[n.Data]++ })
	for _, bad := range evil {
		in := example([]float64{.02}, []float64{.1, .3}, 2, 40)
		in.Scenario.Name, in.Scenario.Description, in.Program, in.Hash = bad, bad, bad, bad
		in.Scenario.Clock.Unit, in.Scenario.Network.Kind, in.Scenario.Adoption.Rule = bad, bad, bad
		in.Notes, in.Files = []string{bad}, []string{bad}
		for i := range in.Points {
			in.Points[i] = Point{{bad, bad + fmt.Sprint(i)}}
		}
		for _, c := range in.Cells {
			c.Outcome.Values[6].Name, c.Outcome.Series[1].Name, c.Outcome.Samples[0].Name = bad, bad, bad
		}
		every(t, page(t, in, Options{Values: []string{bad}}), func(n *html.Node) {
			if clean[n.Data] == 0 && n.Data != "div" && n.Data != "strong" {
				t.Errorf("%q became an element %s", bad, n.Data)
			}
			if n.Data == "script" {
				if kind, _ := attr(n, "type"); kind != "application/json" && n.FirstChild.Data != filmJS {
					t.Errorf("%q became a script: %.80s", bad, n.FirstChild.Data)
				}
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "srcdoc" || a.Key == "style" {
					t.Errorf("%q became the attribute %s=%q", bad, a.Key, a.Val)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "./") {
					t.Errorf("%q became a link to %q", bad, a.Val)
				}
			}
		})
	}
}

// Nothing is fetched: no link, script, picture or style from elsewhere, and the
// policy would forbid it.
func TestPageStandsAlone(t *testing.T) {
	text := page(t, example([]float64{.02}, []float64{.1}, 2, 60), Options{NoPlots: true})
	policies := 0
	every(t, text, func(n *html.Node) {
		if v, _ := attr(n, "http-equiv"); v == "Content-Security-Policy" {
			policies++
			if v, _ := attr(n, "content"); !strings.HasPrefix(v, "default-src 'none'") || strings.Contains(v, "script-src 'unsafe-inline'") {
				t.Errorf("policy %s", v)
			}
		}
		if slices.Contains([]string{"link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"}, n.Data) {
			t.Errorf("element %s", n.Data)
		}
	})
	if policies != 1 || strings.Contains(pageCSS, "url(") || strings.Contains(pageCSS, "@import") {
		t.Errorf("%d policies", policies)
	}
}

// Headings go down one level at a time; each drawing has a name, each table
// heads, each id is there once, and each link within the page leads somewhere.
func TestPageCanBeReadWithoutSeeingIt(t *testing.T) {
	text := page(t, example([]float64{.005, .05}, []float64{.02, .1, .3}, 2, 40), Options{})
	ids, links, level := map[string]int{}, []string{}, 0
	every(t, text, func(n *html.Node) {
		if id, ok := attr(n, "id"); ok {
			ids[id]++
		}
		if h, _ := attr(n, "href"); strings.HasPrefix(h, "#") {
			links = append(links, h[1:])
		}
		switch n.Data {
		case "h1", "h2", "h3":
			at := int(n.Data[1] - '0')
			if at > level+1 {
				t.Errorf("%s after h%d", n.Data, level)
			}
			level = at
		case "svg":
			if name, _ := attr(n, "aria-label"); name == "" {
				t.Error("a drawing has no name")
			}
		case "th":
			if scope, _ := attr(n, "scope"); scope == "" {
				t.Error("a table's head has no scope")
			}
		case "html":
			if lang, _ := attr(n, "lang"); lang == "" {
				t.Error("no language")
			}
		case "figure":
			if !strings.Contains(childrens(n), "figcaption") {
				t.Error("a figure without a caption")
			}
		}
	})
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %s is there %d times", id, n)
		}
	}
	for _, l := range links {
		if ids[l] == 0 {
			t.Errorf("link to #%s leads nowhere", l)
		}
	}
}

func childrens(n *html.Node) string {
	s := ""
	for c := range n.ChildNodes() {
		s += c.Data + " "
	}
	return s
}

func TestPageIsTheSameForTheSameInput(t *testing.T) {
	a := page(t, example([]float64{.005, .05}, []float64{.02, .1}, 2, 40), Options{})
	if b := page(t, example([]float64{.005, .05}, []float64{.02, .1}, 2, 40), Options{}); a != b {
		t.Error("two pages differ")
	}
}

func TestPageShowsTheValuesAskedForFirst(t *testing.T) {
	in := example([]float64{.02}, []float64{.1, .2}, 2, 40)
	d, err := sorted(in)
	if err != nil {
		t.Fatal(err)
	}
	names, open := d.chosen([]string{"peak_step", "nonsense", "copies", "copies"})
	if open != 2 || names[0] != "peak_step" || names[1] != "copies" || len(names) != 7 {
		t.Errorf("%d of %v", open, names)
	}
	if names, open := d.chosen(nil); names[0] != "participants" || open != overviewNames {
		t.Errorf("%d of %v", open, names)
	}
}

// However many points and axes there are, there is a page, and not a huge one.
func TestPageOfEverySizeOfSweep(t *testing.T) {
	small := func(name string) *outcome.Outcome {
		o := outcome.Outcome{Values: []outcome.Value{{Name: name, Number: 1}}, Series: []outcome.Series{{Name: name}}, Samples: []outcome.Sample{{Name: name, Count: 3, Of: []float64{1, 2, 3}}}}
		for s := range 100 {
			o.Series[0].Step, o.Series[0].At = append(o.Series[0].Step, s), append(o.Series[0].At, float64(s))
		}
		return &o
	}
	for _, sizes := range [][]int{{}, {1}, {6}, {7}, {24}, {25}, {500}, {7, 3}, {3, 7}, {30, 30}, {2, 3, 4}, {5, 6, 7}, {2, 2, 2, 2, 2}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			n := 1
			for _, s := range sizes {
				n *= s
			}
			in := Input{Scenario: scenario.Scenario{Name: "x"}}
			for p := range n {
				var at Point
				rest := p
				for k, s := range sizes {
					at = append(at, Setting{fmt.Sprintf("part.a%d", k), int64(rest % s)})
					rest /= s
				}
				in.Points = append(in.Points, at)
				in.Cells = append(in.Cells, Cell{Point: p, Outcome: small("participants")})
			}
			if got := page(t, in, Options{}); len(got) > 3<<20 {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}

func TestPageOfNothing(t *testing.T) {
	for name, in := range map[string]Input{
		"nothing at all":    {},
		"nothing finished":  {Scenario: scenario.Scenario{Name: "x"}, Points: []Point{nil}, Cells: []Cell{{}, {Replicate: 1}}},
		"an empty outcome":  {Points: []Point{nil}, Cells: []Cell{{Outcome: &outcome.Outcome{}}}},
		"numbers of nobody": {Cells: []Cell{{Outcome: &outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: math.NaN()}, {Name: "", Number: math.Inf(1)}}}}}},
		"words as values": {Points: []Point{{{"a.kind", "ring"}}, {{"a.kind", "star"}}}, Cells: []Cell{
			{Outcome: &outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 1}}}}, {Point: 1, Outcome: &outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 2}}}}}},
	} {
		if got := page(t, in, Options{}); !strings.Contains(got, "What was run") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestPageRefusesWhatDoesNotFit(t *testing.T) {
	for name, in := range map[string]Input{
		"point 3, and there are 1":  {Cells: []Cell{{Point: 3}}},
		"point 1 has 1 settings":    {Points: []Point{nil, {{"a", 1}}}},
		"2 steps and 1 numbers":     {Cells: []Cell{{Outcome: &outcome.Outcome{Series: []outcome.Series{{Name: "x", Step: []int{1, 2}, At: []float64{1}}}}}}},
		"lists of other lengths":    {Cells: []Cell{{Outcome: &outcome.Outcome{Spread: &outcome.Spread{X: []float32{1}}}}}},
		"has an edge from 0 to 100": {Cells: []Cell{{Outcome: &outcome.Outcome{Spread: &outcome.Spread{X: []float32{1}, Y: []float32{1}, Joined: []int{1}, Left: []int{-1}, Vendor: []bool{false}, Edges: [][2]int32{{0, 100}}}}}}},
	} {
		if err := HTML(io.Discard, in, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

func TestStillsCountWhoTakesPart(t *testing.T) {
	s := &outcome.Spread{X: []float32{0, 0, 0, 0}, Y: []float32{0, 0, 0, 0}, Joined: []int{0, 2, 5, -1}, Left: []int{3, -1, -1, -1}, Vendor: []bool{false, true, false, false}}
	got := spreadTable(s, []int{0, 2, 3, 5}, "week")
	want := [][]string{{"0", "1", "0", "0", "3"}, {"2", "1", "1", "0", "2"}, {"3", "0", "1", "1", "2"}, {"5", "1", "1", "1", "1"}}
	if fmt.Sprint(got.Rows) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got.Rows, want)
	}
	if got := stills(0, 3); fmt.Sprint(got) != "[0 1 2 3]" {
		t.Errorf("stills of three steps: %v", got)
	}
	if got := thousandth(float32(math.NaN())); got != 0 {
		t.Errorf("a place that is none: %v", got)
	}
}
