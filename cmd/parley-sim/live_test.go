package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
)

// looked is an engine that looks at the live page while it runs.
type looked struct {
	t    *testing.T
	page func() string
	saw  *string
}

func (l looked) Expect(scenario.Scenario) (time.Duration, int64) { return time.Second, 1 }

func (l looked) Run(_ context.Context, _ scenario.Scenario, _ uint64, done func(float64)) (outcome.Outcome, error) {
	done(0.4)
	*l.saw = l.page()
	if strings.Contains(*l.saw, "<dd>1</dd>") && strings.Contains(*l.saw, "1 of 2 runs done") {
		return outcome.Outcome{}, errors.New("the second one fails")
	}
	return outcome.Outcome{Values: []outcome.Value{{Name: "x", Number: 1}}}, nil
}

func TestLivePageFollowsARun(t *testing.T) {
	s := scenario.Default()
	s.Name, s.Replicates = "small town", 2
	m, err := result.NewManifest(s, "v1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := result.Create(filepath.Join(t.TempDir(), "town.run"), m)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	w, err := folder.Writer("all")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var said bytes.Buffer
	var saw string
	e := &env{ctx: t.Context(), err: &said, out: io.Discard}
	look := looked{t: t, saw: &saw}
	address := ""
	look.page = func() string {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return string(b)
	}
	engine, sink, stop, err := e.live("127.0.0.1:0", folder, &look, w)
	if err != nil {
		t.Fatal(err)
	}
	address = regexp.MustCompile(`http://\S+/`).FindString(said.String())
	for _, c := range m.Cells {
		o, err := engine.Run(t.Context(), s, c.Seed, nil)
		if !strings.Contains(saw, "40%") || !strings.Contains(saw, "small town") {
			t.Errorf("cell %d is not shown: %s", c.Index, saw)
		}
		if err == nil {
			err = sink.Put(t.Context(), c.Index, o)
		}
		if (c.Index == 1) != (err != nil) {
			t.Errorf("cell %d: %v", c.Index, err)
		}
	}
	if got := look.page(); !strings.Contains(got, "1 of 2 runs done") || !strings.Contains(got, "the second one fails") {
		t.Errorf("in the end: %s", got)
	}
	stop()
	if _, err := http.Get(address); err == nil {
		t.Error("the page is served after the run")
	}
}

func TestLivePageIsForThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.168.0.1:80", "example.org:80", "8080", "[::]:0"} {
		l, err := listenLoopback(addr)
		var usage usageError
		if !errors.As(err, &usage) {
			t.Errorf("%s: %v, %v", addr, l, err)
		}
	}
	for _, addr := range []string{":0", "localhost:0", "127.0.0.1:0"} {
		l, err := listenLoopback(addr)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

func TestFitAndReportFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.csv")
	rows := "series,year,percent\n"
	for i, v := range []string{"2", "6", "13", "24", "38", "52", "63", "70", "74", "76", "77.5"} {
		rows += "tv," + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "," + v + "\n"
	}
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"fit", file, "--json", "--plot", filepath.Join(dir, "s.svg")}, strings.NewReader(""), &out, &said, newEngine)
	var got struct {
		Series []struct {
			Series      string
			P, Q, M, R2 float64
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != exitOK {
		t.Fatalf("exit %d, %v: %s%s", code, err, &out, &said)
	}
	if r := got.Series[0]; r.Series != "tv" || r.R2 < 0.97 || !(r.P > 0 && r.Q > 0 && r.M > 70 && r.M < 100) {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "s.svg")); err != nil {
		t.Error(err)
	}
	said.Reset()
	if code := run(t.Context(), []string{"report", dir}, strings.NewReader(""), &out, &said, newEngine); code != exitFailed || !strings.Contains(said.String(), "no run's folder") {
		t.Errorf("exit %d: %s", code, &said)
	}
}
