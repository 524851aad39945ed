package button_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/button"
)

func always(s button.State) func(context.Context, string) (button.State, error) {
	return func(context.Context, string) (button.State, error) { return s, nil }
}

func asked(vendor string) string { return "/r-button?vendor=" + url.QueryEscape(vendor) }

func get(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The same answer to the byte's count and the step of time, whatever the
// state and however long it took to find.
func TestAnswersAreAlikeInEveryState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first *httptest.ResponseRecorder
		for i, s := range append(all, button.None) {
			h := button.Handler(func(ctx context.Context, vendor string) (button.State, error) {
				if vendor != shop {
					t.Errorf("asked about %s", vendor)
				}
				time.Sleep(time.Duration(i*20) * time.Millisecond)
				if i == len(all) {
					return button.Both, errors.New("the store is closed")
				}
				return s, nil
			})
			start := time.Now()
			w := get(h, http.MethodGet, asked(shop), "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")
			if took := time.Since(start); took != 100*time.Millisecond {
				t.Errorf("%s: answered after %s", s, took)
			}
			if !strings.Contains(w.Body.String(), button.Words(s)) {
				t.Errorf("%s: not said", s)
			}
			if first == nil {
				first = w
			}
			if w.Code != http.StatusOK || w.Body.Len() != first.Body.Len() {
				t.Errorf("%s: %d, %d bytes", s, w.Code, w.Body.Len())
			}
			if diff := cmp.Diff(first.Header(), w.Header()); diff != "" {
				t.Errorf("%s: headers\n%s", s, diff)
			}
		}
		start := time.Now()
		get(button.Handler(func(context.Context, string) (button.State, error) {
			time.Sleep(130 * time.Millisecond)
			return button.Mine, nil
		}), http.MethodGet, asked(shop))
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("a slow lookup answered after %s", took)
		}
	})
}

func TestWhoLooksNothingUp(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		headers              []string
		want                 int
	}{
		{"a page asks whether a node is there", "GET", "/r-button", nil, 204},
		{"a page fetches", "GET", asked(shop), []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"}, 204},
		{"a page takes it for a picture", "GET", asked(shop), []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 204},
		{"a page embeds it as an object", "GET", asked(shop), []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"}, 204},
		{"no DID", "GET", "/r-button?vendor=shop.example", nil, 400},
		{"a DID with a fragment", "GET", asked(shop + "#key"), nil, 400},
		{"markup", "GET", asked("did:x:<script>"), nil, 400},
		{"an endless DID", "GET", asked("did:x:" + strings.Repeat("a", 512)), nil, 400},
		{"two", "GET", asked(shop) + "&vendor=" + shop, nil, 400},
		{"something sent", "POST", asked(shop), nil, 405},
		{"a preflight", "OPTIONS", asked(shop), []string{"Origin", "https://shop.example", "Access-Control-Request-Method", "GET"}, 405},
		{"another path", "GET", "/", nil, 404},
		{"a path below", "GET", "/r-button/x", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := button.Handler(func(context.Context, string) (button.State, error) {
				t.Error("looked up")
				return button.Both, nil
			})
			w := get(h, c.method, c.target, c.headers...)
			if w.Code != c.want {
				t.Errorf("%d, want %d", w.Code, c.want)
			}
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") || name == "Timing-Allow-Origin" {
					t.Errorf("%s is sent", name)
				}
			}
		})
	}
}

// Over a real connection, with nothing added on the way.
func TestHandlerOverHTTP(t *testing.T) {
	lengths := map[int64]bool{}
	for _, s := range all {
		srv := httptest.NewServer(button.Handler(always(s)))
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r, err := http.NewRequest(method, srv.URL+asked(shop), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || (method == http.MethodGet && int64(len(body)) != res.ContentLength) {
				t.Errorf("%d bytes of %d, %v", len(body), res.ContentLength, err)
			}
			lengths[res.ContentLength] = true
		}
		srv.Close()
	}
	if len(lengths) != 1 {
		t.Errorf("lengths %v", lengths)
	}
}

func TestAnAskerWhoLeavesIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		leave()
		w := httptest.NewRecorder()
		start := time.Now()
		button.Handler(always(button.Both)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, asked(shop), nil).WithContext(ctx))
		if time.Since(start) != 0 || w.Body.Len() != 0 {
			t.Errorf("answered %d bytes after %s", w.Body.Len(), time.Since(start))
		}
	})
}

func TestFramesAtOnceAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := button.Handler(func(ctx context.Context, _ string) (button.State, error) {
			time.Sleep(time.Second)
			return button.None, nil
		})
		var ok, busy atomic.Int32
		for range 40 {
			go func() {
				switch get(h, http.MethodGet, asked(shop)).Code {
				case http.StatusOK:
					ok.Add(1)
				case http.StatusServiceUnavailable:
					busy.Add(1)
				}
			}()
		}
		time.Sleep(2 * time.Second)
		if ok.Load() != 32 || busy.Load() != 8 {
			t.Errorf("%d answered, %d refused", ok.Load(), busy.Load())
		}
		if get(h, http.MethodGet, asked(shop)).Code != http.StatusOK {
			t.Error("no room afterwards")
		}
	})
}
