package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-network/parley/sim/chart"
)

//go:embed live.html
var liveHTML string

//go:embed live.js
var liveJS string

var liveTemplate = template.Must(template.New("live").Parse(liveHTML))

// pace is how often a page is told of changes, at most. Where drawing takes
// long it is told more seldom: the time belongs to the sweep.
const pace = 700 * time.Millisecond

// openLive is how many series are drawn while it runs.
const openLive = 4

// ServeHTTP implements [http.Handler].
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !loopback(r.Host) {
		http.Error(w, "this page answers to loopback names only", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Path {
	case "/":
		l.page(w)
	case "/events":
		l.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (l *Live) page(w http.ResponseWriter) {
	v := struct {
		Name, Description string
		Style             template.CSS
		Script            template.JS
		Now               liveView
	}{l.scenario.Name, l.scenario.Description, template.CSS(chart.Style() + pageCSS + liveCSS), template.JS(liveJS), l.now()}
	var b bytes.Buffer
	if err := liveTemplate.Execute(&b, v); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy(liveJS)+"; connect-src 'self'; frame-ancestors 'none'")
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

const liveCSS = ".bar{display:block;width:100%;height:12px;border-radius:6px}main section:first-child{padding-top:24px}"

// events tells the page's content now and at each change, until the reader
// goes or the sweep ends.
func (l *Live) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		changed, ended := l.look()
		name := "now"
		if ended {
			name = "end"
		}
		begun := time.Now()
		if err := l.tellPage(w, name); err != nil || out.Flush() != nil || ended {
			return
		}
		rest := time.NewTimer(max(pace, 20*time.Since(begun)))
		select {
		case <-rest.C:
		case <-r.Context().Done():
			rest.Stop()
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (l *Live) tellPage(w http.ResponseWriter, event string) error {
	var b bytes.Buffer
	if err := liveTemplate.ExecuteTemplate(&b, "now", l.now()); err != nil {
		return err
	}
	text, err := json.Marshal(b.String()) // one line, whatever is in it
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text)
	return err
}

type liveView struct {
	Headline string
	Bar      []barPart
	Facts    []fact
	Failed   []string
	Running  table
	Plates   []plateView
}

type barPart struct {
	X, W int
	Ink  string
}

// mostRunning is how many running cells are listed.
const mostRunning = 16

func (l *Live) now() liveView {
	plates := l.soFar()
	l.mu.Lock()
	defer l.mu.Unlock()
	n, _ := l.tally()
	all, now := len(l.cells), time.Now()
	v := liveView{Failed: slices.Clone(l.failed), Plates: plates, Headline: fmt.Sprintf("%s of %s done", grouped(n[done]), count(all, "run", "runs"))}
	if l.closed {
		v.Headline += ". Ended"
	}
	at := 0
	for _, p := range []struct {
		state liveState
		ink   string
	}{{done, "c0"}, {broken, "c1"}, {running, "c5"}} {
		wide := n[p.state] * 1000 / max(all, 1)
		v.Bar = append(v.Bar, barPart{at, wide, p.ink})
		at += wide
	}
	v.Facts = []fact{{Name: "Done", Value: grouped(n[done])}, {Name: "Running", Value: grouped(n[running])},
		{Name: "Failed", Value: grouped(n[broken])}, {Name: "Waiting", Value: grouped(n[waiting])},
		{Name: "So far", Value: duration(now.Sub(l.begun))}, {Name: "Still to go, about", Value: "not known yet"}}
	if eta, ok := l.remaining(now); ok {
		v.Facts[5].Value = duration(eta)
	}
	v.Running = l.runningTable(now)
	return v
}

func (l *Live) runningTable(now time.Time) table {
	d := digest{in: Input{Points: l.points}}
	for _, s := range l.points[0] {
		d.fields = append(d.fields, s.Field)
	}
	d.axes = axisNames(d.fields)
	t := table{Head: []string{"cell", "point", "replicate", "done", "for"}}
	for i, c := range l.cells {
		if c.state != running {
			continue
		}
		if len(t.Rows) == mostRunning {
			t.Note = "And more."
			break
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(i), d.label(c.Point), strconv.Itoa(c.Replicate),
			fmt.Sprintf("%.0f%%", 100*c.share), duration(now.Sub(c.started))})
	}
	return t
}

// soFar draws the finished cells' series, again only when one was added.
func (l *Live) soFar() []plateView {
	l.drawing.Lock()
	defer l.drawing.Unlock()
	l.mu.Lock()
	in := Input{Scenario: l.scenario, Points: l.points}
	version := l.version
	if version != l.drawnOf {
		for _, c := range l.cells {
			if c.Outcome != nil {
				in.Cells = append(in.Cells, c.Cell)
			}
		}
	}
	l.mu.Unlock()
	if version == l.drawnOf {
		return l.drawn
	}
	d, err := sorted(in)
	if err != nil { // an outcome that can't be drawn; the report will say so
		return l.drawn
	}
	d.series.names = rank(d.series.names)
	d.series.names = d.series.names[:min(openLive, len(d.series.names))]
	l.drawn, l.drawnOf = d.plates(d.curves(), Options{NoPlots: true}), version
	return l.drawn
}

// duration writes a time as people say it.
func duration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
