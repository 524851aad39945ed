package public_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/parley-network/parley/node/public"
)

// run serves a face on a real listener until the test ends, and returns its
// address and what stops it.
func run(t *testing.T, f public.Face) (addr string, stop func() error) {
	t.Helper()
	s, err := public.New(public.Config{Vendor: f, Log: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	stop = func() error { cancel(); return <-ended }
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(100 * time.Millisecond): // stop has taken it
		}
	})
	return l.Addr().String(), stop
}

func TestRunServesUntilToldToStop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	addr, stop := run(t, newShop())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr + "/.well-known/did.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != string(newShop().log) {
		t.Fatalf("%q, %v", body, err)
	}
	for name := range res.Header {
		if strings.HasPrefix(name, "X-Powered") || name == "Server" || name == "Via" {
			t.Errorf("%s: %s", name, res.Header.Get(name))
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get("http://" + addr); err == nil {
		t.Fatal("it goes on listening")
	}
}

func TestRunEndsRequestsUnderWay(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	shop := newShop()
	shop.wait = make(chan struct{})
	addr, stop := run(t, shop)
	answered := make(chan int, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/.well-known/did.jsonl")
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	time.Sleep(50 * time.Millisecond) // the request is there, or comes too late and is refused
	time.AfterFunc(100*time.Millisecond, func() { close(shop.wait) })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if code := <-answered; code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestRunReportsAListenerThatFails(t *testing.T) {
	s, err := public.New(public.Config{Vendor: newShop(), Log: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := s.Run(context.Background(), l); err == nil || !strings.Contains(err.Error(), "public documents") {
		t.Fatal(err)
	}
}

// What the HTTP library answers by itself has our limits too.
func TestRawRequests(t *testing.T) {
	addr, stop := run(t, newShop())
	for _, c := range []struct{ name, request, want string }{
		{"a large header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 20<<10) + "\r\n\r\n", "431"},
		{"OPTIONS of the server itself", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
		{"a path that climbs", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
		{"another's address", "GET http://elsewhere.example/r-button.svg HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n", "200"},
		{"a proxy's business", "CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\nConnection: close\r\n\r\n", "404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(conn, c.request) // the server may hang up before the end
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+c.want) {
				t.Fatalf("%q, %v", line, err)
			}
		})
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
