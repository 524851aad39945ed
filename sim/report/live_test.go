package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/outcome"
)

// served is a live page of an example whose first cell was finished earlier.
func served(t *testing.T) (*Live, Input, *httptest.Server) {
	t.Helper()
	in := example([]float64{.02}, []float64{.1, .3}, 3, 40)
	cells := make([]Cell, len(in.Cells))
	copy(cells, in.Cells)
	for i := range cells[1:] {
		cells[i+1].Outcome = nil
	}
	l, err := NewLive(in.Scenario, in.Points, cells)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(l)
	t.Cleanup(s.Close)
	t.Cleanup(l.Close)
	return l, in, s
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestLiveShowsWhereASweepIs(t *testing.T) {
	l, in, s := served(t)
	l.Progress(1, 0.25)
	l.Finished(2, *in.Cells[2].Outcome)
	l.Failed(3, errors.New(`no <memory> left`))
	_, got := get(t, s.URL)
	for _, want := range []string{"2 of 6 runs done", "<dd>2</dd>", "25%", "cell 3: no &lt;memory&gt; left", "Participants", `http-equiv="refresh"`, "q = 0.1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(got, "<memory>") {
		t.Error("an error's text is not escaped")
	}
	l.Progress(3, 0) // it is tried again
	l.Finished(3, *in.Cells[3].Outcome)
	if _, got := get(t, s.URL); !strings.Contains(got, "3 of 6 runs done") {
		t.Error("a cell that failed can't be finished")
	}
	l.Progress(-1, 0)
	l.Progress(99, 0)
	l.Finished(99, outcome.Outcome{})
}

// events reads the page's news.
type events struct {
	t *testing.T
	r *bufio.Reader
}

func (e events) next() (name, page string) {
	e.t.Helper()
	for {
		line, err := e.r.ReadString('\n')
		if err != nil {
			e.t.Fatalf("the events ended: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(v), &page); err != nil {
				e.t.Fatal(err)
			}
			return name, page
		}
	}
}

func TestLiveTellsOfChangesAndOfTheEnd(t *testing.T) {
	l, in, s := served(t)
	res, err := http.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("content type %s", kind)
	}
	e := events{t, bufio.NewReader(res.Body)}
	if name, page := e.next(); name != "now" || !strings.Contains(page, "1 of 6 runs done") {
		t.Errorf("%s: %s", name, page)
	}
	l.Finished(1, *in.Cells[1].Outcome)
	if name, page := e.next(); name != "now" || !strings.Contains(page, "2 of 6 runs done") {
		t.Errorf("%s: %s", name, page)
	}
	l.Close()
	if name, page := e.next(); name != "end" || !strings.Contains(page, "Ended") {
		t.Errorf("%s: %s", name, page)
	}
	if rest, err := io.ReadAll(e.r); err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

func TestLiveAnswersToLoopbackOnly(t *testing.T) {
	l, _, _ := served(t)
	for _, c := range []struct {
		method, host, path string
		want               int
	}{
		{"GET", "127.0.0.1:8080", "/", 200}, {"GET", "localhost", "/", 200}, {"GET", "[::1]:80", "/", 200}, {"HEAD", "127.0.0.9", "/", 200},
		{"GET", "evil.example", "/", 403}, {"GET", "127.0.0.1.evil.example:80", "/", 403}, {"GET", "192.168.1.4", "/events", 403}, {"GET", "", "/", 403},
		{"POST", "localhost", "/", 405}, {"GET", "localhost", "/etc/passwd", 404},
	} {
		r := httptest.NewRequest(c.method, "http://x"+c.path, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s%s: %d, want %d", c.method, c.host, c.path, w.Code, c.want)
		}
		if c.want == 200 && !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: no policy", c.host)
		}
	}
}

func TestLiveEstimatesWhatIsLeft(t *testing.T) {
	l, in, _ := served(t)
	now := l.begun.Add(30 * time.Second)
	if _, ok := l.remaining(now); ok {
		t.Error("an estimate before anything was done")
	}
	l.Finished(1, *in.Cells[1].Outcome)
	l.Progress(2, 0.5) // 1.5 cells in 30 s, and 3.5 to go
	if eta, ok := l.remaining(now); !ok || eta != 70*time.Second {
		t.Errorf("%v, %v", eta, ok)
	}
	for i := 2; i < 6; i++ {
		l.Finished(i, *in.Cells[i].Outcome)
	}
	if eta, ok := l.remaining(now); !ok || eta != 0 {
		t.Errorf("in the end: %v, %v", eta, ok)
	}
}

func TestLiveIsToldByManyAtOnce(t *testing.T) {
	l, in, s := served(t)
	var wg sync.WaitGroup
	for i := range in.Cells {
		wg.Go(func() {
			l.Progress(i, 0.3)
			l.Finished(i, *in.Cells[i].Outcome)
		})
		wg.Go(func() { get(t, s.URL) })
	}
	wg.Wait()
	if _, got := get(t, s.URL); !strings.Contains(got, "6 of 6 runs done") {
		t.Error("not all are done")
	}
	l.Close()
	l.Close()
	l.Finished(0, outcome.Outcome{}) // after the end nothing changes
}

func TestLiveRefusesCellsOfNoPoint(t *testing.T) {
	if _, err := NewLive(example(nil, nil, 0, 1).Scenario, nil, []Cell{{Point: 2}}); err == nil {
		t.Error("taken")
	}
}

func TestDurationsReadWell(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 59*time.Second + 400*time.Millisecond: "59 s", 61 * time.Second: "1 min 01 s", 3*time.Hour + 5*time.Minute + 9*time.Second: "3 h 05 min"} {
		if got := duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
