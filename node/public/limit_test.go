package public_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// passes counts how many of n requests at once get through.
func passes(h http.Handler, n int, headers ...string) (through int) {
	for range n {
		if ask(h, http.MethodGet, "/r-button.svg", headers...).Code == http.StatusOK {
			through++
		}
	}
	return through
}

func TestAnAddressMayAskFiveTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := server(t, newShop())
		if n := passes(h, 80, "From", "192.0.2.1:1000"); n != 50 {
			t.Errorf("%d at once", n)
		}
		if w := ask(h, http.MethodGet, "/nothing/here", "From", "192.0.2.1:1001"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Errorf("what isn't there is given without limit: %d", w.Code)
		}
		if n := passes(h, 10, "From", "192.0.2.2:1000"); n != 10 {
			t.Errorf("a neighbour got %d of 10", n)
		}
		time.Sleep(time.Second)
		if n := passes(h, 80, "From", "192.0.2.1:1000"); n != 5 {
			t.Errorf("%d after a second", n)
		}
		time.Sleep(time.Hour)
		if n := passes(h, 80, "From", "192.0.2.1:1000"); n != 50 {
			t.Errorf("%d after an hour", n)
		}
	})
}

func TestWhoseAddressCounts(t *testing.T) {
	inside := netip.MustParsePrefix("10.0.0.0/8")
	for _, c := range []struct {
		name, peer, said string // %d in either is another number each time
		want             int    // of 60 at once
	}{
		{"one address", "192.0.2.1:1", "", 50},
		{"one address that claims to ask for others", "192.0.2.1:1", "198.51.100.%d", 50},
		{"an IPv6 network has many addresses", "[2001:db8::%d]:1", "", 50},
		{"IPv6 networks", "[2001:db8:0:%d::1]:1", "", 60},
		{"a web server on this machine, for one", "127.0.0.1:1", "198.51.100.7", 50},
		{"a web server on this machine, for many", "127.0.0.1:1", "198.51.100.%d", 60},
		{"what the visitor claims himself comes first", "127.0.0.1:1", "203.0.113.%d, 198.51.100.7", 50},
		{"a web server that writes ports", "[::1]:1", "198.51.100.7:%d", 50},
		{"a web server that says nothing", "127.0.0.1:1", "", 60},
		{"a web server that says nonsense", "127.0.0.1:1", "unknown", 60},
		{"a web server elsewhere", "10.1.2.3:1", "198.51.100.%d", 60},
		{"the same, seen over IPv6", "[::ffff:10.1.2.3]:1", "198.51.100.7", 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, got := server(t, newShop(), inside), 0
				for i := range 60 {
					number := func(s string) string { return strings.ReplaceAll(s, "%d", strconv.Itoa(i+1)) }
					headers := []string{"From", number(c.peer)}
					if c.said != "" {
						headers = append(headers, "X-Forwarded-For", number(c.said))
					}
					got += passes(h, 1, headers...)
				}
				if got != c.want {
					t.Errorf("%d got through, want %d", got, c.want)
				}
			})
		})
	}
}

// A flood from ever new addresses costs no more for each, and one who keeps
// asking is not forgotten over it.
func TestManyAddressesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, got := server(t, newShop()), 0
		for i := range 30_000 {
			ask(h, http.MethodGet, "/nothing", "From", fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255))
			if i%100 == 0 {
				got += passes(h, 1, "From", "192.0.2.1:1")
			}
		}
		if got != 50 {
			t.Errorf("%d at once", got)
		}
	})
}

func TestOnlySoManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := newShop()
		shop.wait = make(chan struct{})
		h := server(t, shop)
		var mu sync.Mutex
		codes := map[int]int{}
		var all sync.WaitGroup
		for i := range 70 {
			all.Go(func() {
				w := ask(h, http.MethodGet, "/.well-known/did.jsonl", "From", fmt.Sprintf("10.0.0.%d:1", i))
				mu.Lock()
				defer mu.Unlock()
				codes[w.Code]++
			})
		}
		synctest.Wait()
		close(shop.wait)
		all.Wait()
		if codes[http.StatusOK] != 64 || codes[http.StatusServiceUnavailable] != 6 {
			t.Errorf("answers %v", codes)
		}
	})
}
