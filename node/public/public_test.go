package public_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/public"
)

// face is a vendor's node of a test.
type face struct {
	log, accepts, update []byte
	err                  error
	wait                 chan struct{} // if there, a document is given when it is closed
}

func (f *face) give(ctx context.Context, b []byte) ([]byte, error) {
	if f.wait != nil {
		select {
		case <-f.wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if b == nil {
		return nil, public.ErrNone
	}
	return b, nil
}

func (f *face) KeyLog(ctx context.Context) ([]byte, error)     { return f.give(ctx, f.log) }
func (f *face) Accepts(ctx context.Context) ([]byte, error)    { return f.give(ctx, f.accepts) }
func (f *face) TermUpdate(ctx context.Context) ([]byte, error) { return f.give(ctx, f.update) }

func newShop() *face {
	return &face{log: []byte(`{"versionId":"1-Qm"}` + "\n"), accepts: []byte(`{"accepts":["SD-BASE"]}`), update: []byte{0xa1, 0x61, 0x76, 0x01}}
}

func server(t *testing.T, f public.Face, proxies ...netip.Prefix) http.Handler {
	t.Helper()
	s, err := public.New(public.Config{Vendor: f, Log: hclog.NewNullLogger(), Proxies: proxies})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

// ask sends a request; headers are pairs, of which From is the peer's address.
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "From" {
			r.RemoteAddr = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhatIsServed(t *testing.T) {
	shop := newShop()
	h := server(t, shop)
	for _, c := range []struct {
		path, kind string
		body       []byte
	}{
		{"/.well-known/did.jsonl", "text/jsonl; charset=utf-8", shop.log},
		{"/.well-known/myterms.json", "application/json", shop.accepts},
		{"/.well-known/parley/terms", "application/vnd.ipld.dag-cbor", shop.update},
		{"/r-button.js", "text/javascript; charset=utf-8", button.Script()},
		{"/r-button.svg", "image/svg+xml", button.SVG(button.None, button.Options{})},
		{"/r-button.html", "text/html; charset=utf-8", button.About()},
	} {
		t.Run(c.path, func(t *testing.T) {
			w := ask(h, http.MethodGet, c.path, "Origin", "https://elsewhere.example")
			if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), c.body) || w.Header().Get("Content-Type") != c.kind {
				t.Fatalf("%d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "public, max-age=60" {
				t.Errorf("headers %v", w.Header())
			}
			tag := w.Header().Get("ETag")
			if again := ask(h, http.MethodGet, c.path, "If-None-Match", `"other", `+tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
				t.Errorf("asked again: %d, %d bytes", again.Code, again.Body.Len())
			}
			if head := ask(h, http.MethodHead, c.path); head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("Content-Length") != w.Header().Get("Content-Length") {
				t.Errorf("HEAD: %d, %d bytes", head.Code, head.Body.Len())
			}
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
				if no := ask(h, method, c.path); no.Code != http.StatusMethodNotAllowed || no.Header().Get("Allow") != "GET, HEAD" {
					t.Errorf("%s: %d", method, no.Code)
				}
			}
		})
	}
}

func TestAChangedDocumentHasAnotherETag(t *testing.T) {
	shop := newShop()
	h := server(t, shop)
	before := ask(h, http.MethodGet, "/.well-known/did.jsonl").Header().Get("ETag")
	shop.log = append(shop.log, `{"versionId":"2-Qm"}`+"\n"...)
	if w := ask(h, http.MethodGet, "/.well-known/did.jsonl", "If-None-Match", before); w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), shop.log) {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
}

func TestWhatIsNotServed(t *testing.T) {
	h := server(t, newShop())
	for _, path := range []string{"/", "/.well-known/", "/.well-known", "/.well-known/did.jsonl/", "/.well-known/did.json", "//r-button.js", "/../r-button.js", "/x/../r-button.js", "/r-button", "/r-button.JS", "/%2e%2e/etc/passwd"} {
		w := ask(h, http.MethodGet, path)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "/.well-known/did.jsonl") {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if w := ask(server(t, &face{}), http.MethodGet, "/.well-known/parley/terms"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "has none") {
		t.Errorf("a document the vendor has not: %d %q", w.Code, w.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/r-button.js", strings.NewReader("hello"))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
		t.Errorf("a body: %d", w.Code)
	}
}

// No answer tells what runs here, or why something failed.
func TestAnswersSayNothingOfTheNode(t *testing.T) {
	for name, f := range map[string]public.Face{
		"an error":       &face{err: errors.New("sqlite: /var/lib/parley/node.db is locked")},
		"a huge one":     &face{log: make([]byte, public.MaxDocument+1)},
		"a panic within": panics{},
		"nothing wrong":  newShop(),
	} {
		w := ask(server(t, f), http.MethodGet, "/.well-known/did.jsonl")
		if name != "nothing wrong" && (w.Code < 500 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w.Body.Len() > 100 || strings.Contains(w.Body.String(), "sqlite") || w.Header().Get("Server") != "" || w.Header().Get("X-Powered-By") != "" {
			t.Errorf("%s: %v %q", name, w.Header(), w.Body)
		}
	}
}

type panics struct{ public.Face }

func TestNewWantsAFaceAndALog(t *testing.T) {
	for _, c := range []public.Config{{}, {Vendor: newShop()}, {Log: hclog.NewNullLogger()}, {Vendor: newShop(), Log: hclog.NewNullLogger(), Proxies: make([]netip.Prefix, 1)}} {
		if _, err := public.New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestThePictureIsOne(t *testing.T) {
	var svg struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	}
	if err := xml.Unmarshal(ask(server(t, newShop()), http.MethodGet, "/r-button.svg").Body.Bytes(), &svg); err != nil {
		t.Fatal(err)
	}
}

func TestAFaceThatHangsIsLeft(t *testing.T) {
	shop := newShop()
	shop.wait = make(chan struct{})
	h := server(t, shop)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/.well-known/did.jsonl", nil).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable {
		t.Fatalf("%d", w.Code)
	}
}
