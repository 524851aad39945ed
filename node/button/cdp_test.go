//go:build unix

package button_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// browser is a Chromium driven over a pipe by the Chrome DevTools Protocol.
type browser struct {
	t  *testing.T
	to *os.File

	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
}

type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser runs a Chromium for the test, or skips it loudly.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: -short; the r-button was not tried in a browser")
	}
	path := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("SKIPPED: no Chromium on this machine (chromium, chromium-headless-shell or google-chrome in PATH): that a page learns nothing before consent was NOT tried in a real browser")
	}
	toChild, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, fromChild, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "parley-button-*")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless", "--remote-debugging-pipe", "--site-per-process", "--no-first-run", "--disable-gpu", "--mute-audio",
		"--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + profile}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's sandbox refuses root
	}
	cmd := exec.Command(path, args...)
	cmd.ExtraFiles = []*os.File{toChild, fromChild} // 3 and 4
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toChild.Close()
	fromChild.Close()
	b := &browser{t: t, to: to, waiting: map[int]chan reply{}}
	var read sync.WaitGroup
	read.Go(func() { b.read(from) })
	t.Cleanup(func() {
		to.Close()                                      // the browser leaves when its pipe closes
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children too
		cmd.Wait()
		from.Close()
		read.Wait()
		// A child that is still dying may write once more.
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return b
}

func (b *browser) read(from *os.File) {
	r := bufio.NewReader(from)
	for {
		message, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var got reply
		if json.Unmarshal(bytes.TrimSuffix(message, []byte{0}), &got) != nil || got.ID == 0 {
			continue // an event
		}
		b.mu.Lock()
		ch := b.waiting[got.ID]
		delete(b.waiting, got.ID)
		b.mu.Unlock()
		if ch != nil {
			ch <- got
		}
	}
}

// call asks the browser, or one of its targets where session names it.
func (b *browser) call(session, method string, params map[string]any, into any) error {
	b.mu.Lock()
	b.last++
	id, ch := b.last, make(chan reply, 1)
	b.waiting[id] = ch
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(raw, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case got := <-ch:
		if got.Error != nil {
			return fmt.Errorf("%s: %s", method, got.Error.Message)
		}
		if into == nil {
			return nil
		}
		return json.Unmarshal(got.Result, into)
	case <-time.After(20 * time.Second):
		return fmt.Errorf("%s: the browser does not answer", method)
	}
}

func (b *browser) must(session, method string, params map[string]any, into any) {
	b.t.Helper()
	if err := b.call(session, method, params, into); err != nil {
		b.t.Fatal(err)
	}
}

// open opens a new window at url and returns its session.
func (b *browser) open(url string) string {
	b.t.Helper()
	var target struct{ TargetID string }
	b.must("", "Target.createTarget", map[string]any{"url": url, "newWindow": true, "width": 800, "height": 600}, &target)
	return b.attach(target.TargetID)
}

func (b *browser) attach(target string) string {
	b.t.Helper()
	var s struct{ SessionID string }
	b.must("", "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}, &s)
	return s.SessionID
}

// frame returns the session of the one frame from elsewhere that is open.
func (b *browser) frame() string {
	b.t.Helper()
	var id string
	b.until("a frame from another site", func() bool {
		var list struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		b.must("", "Target.getTargets", map[string]any{"filter": []any{map[string]any{}}}, &list)
		for _, info := range list.TargetInfos {
			if info.Type == "iframe" {
				id = info.TargetID
			}
		}
		return id != ""
	})
	return b.attach(id)
}

// eval evaluates an expression in a target and reads its value.
func eval[T any](b *browser, session, expression string) T {
	b.t.Helper()
	var got struct {
		Result           struct{ Value T }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.must(session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, got.ExceptionDetails.Exception.Description)
	}
	return got.Result.Value
}

// press clicks at a point of a window, as a person does.
func (b *browser) press(session string, x, y float64) {
	b.t.Helper()
	b.move(session, x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.must(session, "Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
	}
}

func (b *browser) move(session string, x, y float64) {
	b.t.Helper()
	b.must(session, "Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": x, "y": y}, nil)
}

// until waits for something that the browser does in its own time.
func (b *browser) until(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain for %s", what)
		}
	}
}
