package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// browser is a chromium spoken to over its debugging pipe: JSON messages, each
// ended by a zero byte.
type browser struct {
	t       *testing.T
	to      io.Writer
	from    *bufio.Reader
	session string
	id      int
	// complaints are what the page threw or said on the console, asks the URLs
	// it asked for.
	complaints, asks []string
}

// openBrowser opens a page that is served on loopback, or skips loudly.
func openBrowser(t *testing.T, page []byte) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED: the page was not looked at in a browser: there is no chromium on this machine (apt-get install chromium)")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	}))
	t.Cleanup(site.Close)
	b := &browser{t: t}
	b.start(program)
	b.attach()
	b.call("Page.navigate", map[string]any{"url": site.URL + "/"})
	b.until("the page is there", `document.readyState === "complete"`)
	return b
}

func (b *browser) start(program string) {
	b.t.Helper()
	in, to, err := os.Pipe()
	if err != nil {
		b.t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		b.t.Fatal(err)
	}
	data, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir="+data, "--window-size=1000,900", "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4
	if err := cmd.Start(); err != nil {
		b.t.Skipf("SKIPPED: the page was not looked at in a browser: %s does not start: %v", program, err)
	}
	in.Close()
	out.Close()
	b.to, b.from = to, bufio.NewReader(from)
	b.t.Cleanup(func() {
		to.Close() // which ends it
		from.Close()
		late := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		late.Stop()
		for range 50 { // its helpers end a moment later
			if os.RemoveAll(data) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		b.t.Logf("%s was not removed", data)
	})
	if err := from.SetReadDeadline(time.Now().Add(90 * time.Second)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) attach() {
	b.t.Helper()
	var target struct{ TargetID string }
	b.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.into(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil)
	}
}

type message struct {
	ID     int
	Method string
	Params struct {
		Request struct{ URL string }
		Entry   struct{ Level, Text, URL string }
	}
	Result json.RawMessage
	Error  *struct{ Message string }
}

// call asks and waits for the answer; what the page does meanwhile is noted.
func (b *browser) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.id++
	ask := map[string]any{"id": b.id, "method": method, "params": params}
	if params == nil {
		ask["params"] = map[string]any{}
	}
	if b.session != "" {
		ask["sessionId"] = b.session
	}
	text, err := json.Marshal(ask)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("tell the browser: %v", err)
	}
	for {
		text, err := b.from.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("hear the browser (%s): %v", method, err)
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Fatal(err)
		}
		switch m.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled":
			b.complaints = append(b.complaints, string(text[:len(text)-1]))
		case "Log.entryAdded":
			if !strings.HasSuffix(m.Params.Entry.URL, "/favicon.ico") {
				b.complaints = append(b.complaints, m.Params.Entry.Level+": "+m.Params.Entry.Text)
			}
		case "Network.requestWillBeSent":
			b.asks = append(b.asks, m.Params.Request.URL)
		}
		if m.ID == b.id {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error.Message)
			}
			return m.Result
		}
	}
}

func (b *browser) into(v any, method string, params map[string]any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), v); err != nil {
		b.t.Fatal(err)
	}
}

// value evaluates an expression in the page.
func (b *browser) value(expression string) any {
	b.t.Helper()
	var got struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	b.into(&got, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true})
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %v", expression, got.ExceptionDetails)
	}
	return got.Result.Value
}

// until asks again until an expression is true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	for begun := time.Now(); b.value(expression) != true; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 60*time.Second {
			b.t.Fatalf("a minute on, it is not so that %s", what)
		}
	}
}

func (b *browser) number(expression string) float64 {
	b.t.Helper()
	n, ok := b.value(expression).(float64)
	if !ok {
		b.t.Fatal(fmt.Sprint(expression, " is no number"))
	}
	return n
}
