package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/view"
)

func events(t *testing.T, got answer) (seqs []uint64) {
	t.Helper()
	var l struct{ Items []view.Event }
	if err := json.Unmarshal([]byte(got.body), &l); err != nil || got.status != 200 {
		t.Fatalf("status %d, %v: %s", got.status, err, got.body)
	}
	for _, e := range l.Items {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func TestLongPoll(t *testing.T) {
	r := serve(t)
	r.node.Tell("intent.cast", "first")
	if d := cmp.Diff([]uint64{1}, events(t, r.do("GET", "/v1/events?after=0&wait=30", ""))); d != "" {
		t.Errorf("what is there is told at once: %s", d)
	}
	waiting := make(chan answer)
	go func() { waiting <- r.do("GET", "/v1/events?after=1&wait=30", "") }()
	until(t, func() bool { return r.node.Last() == "events after=1 wait=30s" })
	r.node.Tell("offer.received", "second")
	if d := cmp.Diff([]uint64{2}, events(t, <-waiting)); d != "" {
		t.Error(d)
	}
}

// until waits for another goroutine to get somewhere.
func until(t *testing.T, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !there(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen within 10 s")
		}
	}
}

func TestServerSentEvents(t *testing.T) {
	r := serve(t)
	r.node.Tell("intent.cast", "first")
	r.node.Tell("intent.heard", "second")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.tcp+"/v1/events/stream", nil)
	token(readToken)(req)
	req.Header.Set("Last-Event-ID", "1")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" || resp.StatusCode != 200 {
		t.Fatalf("%s, Content-Type %q", resp.Status, got)
	}
	lines := bufio.NewScanner(resp.Body)
	expect := func(seq int, kind string) {
		t.Helper()
		var got []string
		for lines.Scan() && lines.Text() != "" {
			got = append(got, lines.Text())
		}
		if len(got) != 3 || got[0] != fmt.Sprint("id: ", seq) || got[1] != "event: "+kind || !strings.HasPrefix(got[2], `data: {"seq":`) {
			t.Fatalf("message is %q, want number %d, %s", got, seq, kind)
		}
	}
	expect(2, "intent.heard")
	r.node.Tell("offer.received", "third\nwith a line break")
	expect(3, "offer.received")
}

// TestClosingEndsWhoWaits closes the server under a long poll and a stream:
// both end at once and well.
func TestClosingEndsWhoWaits(t *testing.T) {
	r := serve(t)
	waiting, streaming := make(chan answer), make(chan answer)
	go func() { waiting <- r.do("GET", "/v1/events?wait=60", "") }()
	go func() { streaming <- r.do("GET", "/v1/events/stream", "") }()
	until(t, func() bool { return len(r.node.Asks()) == 2 })
	start := time.Now()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if d := events(t, <-waiting); len(d) != 0 {
		t.Errorf("told %d events", len(d))
	}
	if got := <-streaming; got.status != 200 {
		t.Errorf("stream: status %d", got.status)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTooManyWaiting(t *testing.T) {
	r := serve(t)
	done := make(chan answer, 64)
	for range 64 {
		go func() { done <- r.do("GET", "/v1/events?wait=60", "") }()
	}
	until(t, func() bool { return len(r.node.Asks()) == 64 })
	if got := r.do("GET", "/v1/events?wait=60", ""); got.status != 503 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if got := r.do("GET", "/v1/events", ""); got.status != 200 {
		t.Errorf("who does not wait needs no place: %d", got.status)
	}
	r.node.Tell("intent.cast", "go")
	for range 64 {
		if got := <-done; got.status != 200 {
			t.Errorf("status %d", got.status)
		}
	}
}

func TestCatalogueUpload(t *testing.T) {
	r := serve(t)
	got := r.do("POST", "/v1/vendor/catalogue", `{"sku":"1","name":"SUV","price":{"cur":"USD","amt":"99"}}
{"sku":"2","name":"Van"}

{"sku":"3","name":"Ski rack","price":{"cur":"USD","amt":"9.5"}}`, header("Content-Type", "application/x-ndjson"))
	var report view.ImportReport
	if err := json.Unmarshal([]byte(got.body), &report); err != nil || got.status != 200 {
		t.Fatalf("status %d, %v: %s", got.status, err, got.body)
	}
	if report.Accepted != 2 || len(report.Refused) != 1 || report.Refused[0].Line != 2 {
		t.Errorf("report: %s", got.body)
	}
	got = r.do("POST", "/v1/vendor/catalogue", "name,price,currency\nHelmet,20,USD\n", header("Content-Type", "text/csv; charset=utf-8"))
	if got.status != 200 || !strings.Contains(got.body, `"items":3`) {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	got = r.do("POST", "/v1/vendor/catalogue", "name,prize,currency\n", header("Content-Type", "text/csv"))
	if got.status != 422 || !strings.Contains(got.body, "prize") {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

func TestCataloguePages(t *testing.T) {
	r := serve(t)
	var file strings.Builder
	for i := range 5 {
		fmt.Fprintf(&file, `{"sku":"%d","name":"x","price":{"cur":"USD","amt":"1"}}`+"\n", i)
	}
	r.do("POST", "/v1/vendor/catalogue", file.String(), header("Content-Type", "application/x-ndjson"))
	var skus []string
	for after := ""; ; {
		got := r.do("GET", "/v1/vendor/catalogue?limit=2&after="+after, "")
		var p struct {
			Items []struct{ SKU string }
			Next  string
		}
		if err := json.Unmarshal([]byte(got.body), &p); err != nil {
			t.Fatal(err)
		}
		for _, it := range p.Items {
			skus = append(skus, it.SKU)
		}
		if after = p.Next; after == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"0", "1", "2", "3", "4"}, skus); d != "" {
		t.Error(d)
	}
}

// TestUploadIsNotHeldInMemory sends a catalogue larger than what a body may
// otherwise be and checks that the node reads it while it is being sent.
func TestUploadIsNotHeldInMemory(t *testing.T) {
	r := serve(t)
	pr, pw := io.Pipe()
	line := []byte(`{"sku":"1","name":"` + strings.Repeat("x", 150) + `","price":{"cur":"USD","amt":"99"}}` + "\n")
	go func() {
		for range 2000 {
			if _, err := pw.Write(line); err != nil {
				return
			}
		}
		until(t, func() bool { return r.node.Last() == "import catalogue ndjson" })
		pw.Write(bytes.TrimSpace(line))
		pw.Close()
	}()
	req, _ := http.NewRequest("POST", "http://"+r.tcp+"/v1/vendor/catalogue", pr)
	token(writeToken)(req)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), `"accepted":2001`) {
		t.Errorf("%s: %s", resp.Status, b)
	}
}

// TestBrokenUpload cuts the connection within a line: what came before is in,
// and the server goes on.
func TestBrokenUpload(t *testing.T) {
	r := serve(t)
	c, err := net.Dial("tcp", r.tcp)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST /v1/vendor/catalogue HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n", r.tcp, writeToken)
	fmt.Fprint(c, `{"sku":"1","name":"SUV","price":{"cur":"USD","amt":"99"}}`+"\n{\"sku\"")
	until(t, func() bool { return r.node.Last() == "import catalogue ndjson" })
	c.Close()
	until(t, func() bool { return r.do("GET", "/v1/vendor/catalogue", "").status == 200 })
}

func TestPanicIsAnAnswer(t *testing.T) {
	r := serve(t)
	r.node.Held = nil // Accept reaches for the first card
	got := r.do("POST", "/v1/offers/"+r.node.Bids[0].ID.String()+"/accept", "")
	if p := got.problem(t); got.status != 500 || !strings.Contains(p.Detail, "log") {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if got := r.do("GET", "/v1/status", ""); got.status != 200 {
		t.Errorf("afterwards: %d", got.status)
	}
}
