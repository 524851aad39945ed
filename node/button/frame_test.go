package button_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/button"
)

const shop = "did:webvh:QmeFqrtyB3ZARbxt1gSZ6CJ1yPmsQWfkvDvN1YRJsq2LDW:shop.example"

// Whatever the vendor, the four frames are alike: length, elements, headers.
func TestFramesDifferInNothingAPageCouldMeasure(t *testing.T) {
	tags := regexp.MustCompile(`<[a-z!/][^\s>]*`)
	rapid.Check(t, func(t *rapid.T) {
		o := button.FrameOptions{
			Vendor: rapid.StringMatching(`did:webvh:[A-Za-z0-9<&"]{0,500}`).Draw(t, "vendor"),
			Home:   rapid.SampledFrom([]string{"", "http://127.0.0.1:7117/cards"}).Draw(t, "home"),
		}
		none := button.Frame(button.None, o)
		if len(none)%1024 != 0 {
			t.Fatalf("length %d", len(none))
		}
		for _, s := range all {
			doc := button.Frame(s, o)
			if len(doc) != len(none) {
				t.Fatalf("%s: %d bytes, none has %d", s, len(doc), len(none))
			}
			if a, b := tags.FindAllString(string(doc), -1), tags.FindAllString(string(none), -1); strings.Join(a, "") != strings.Join(b, "") {
				t.Fatalf("%s: elements %v, none has %v", s, a, b)
			}
		}
	})
}

func TestFrameSaysTheState(t *testing.T) {
	for _, s := range all {
		doc := string(button.Frame(s, button.FrameOptions{Vendor: shop}))
		for _, need := range []string{button.Words(s), shop, `href="/"`, `rel="noopener noreferrer"`, `data-word="` + string(s) + `"`, string(button.SVG(s, button.Options{}))} {
			if !strings.Contains(doc, need) {
				t.Errorf("%s: no %s in\n%s", s, need, doc)
			}
		}
	}
	if doc := button.Frame(button.None, button.FrameOptions{Vendor: `did:x:<script>alert(1)</script>`, Home: "javascript:alert(1)"}); bytes.Contains(doc, []byte("<script>alert")) || bytes.Contains(doc, []byte("javascript:")) {
		t.Errorf("a name became markup:\n%s", doc)
	}
	// A page can put a fragment on a frame's address and see from the focus
	// whether something has that name.
	if doc := button.Frame(button.Both, button.FrameOptions{Vendor: shop}); regexp.MustCompile(`\s(id|name)=`).Match(doc) {
		t.Error("an element can be named by a fragment")
	}
}

// The policy lets in this frame's script and styles, and no others.
func TestFrameHeadersFitTheFrame(t *testing.T) {
	h := button.FrameHeaders()
	csp := h.Get("Content-Security-Policy")
	for _, s := range all {
		doc := button.Frame(s, button.FrameOptions{Vendor: shop})
		inline := regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`).FindAllSubmatch(doc, -1)
		if len(inline) != 3 {
			t.Fatalf("%d inline sources", len(inline))
		}
		for _, m := range inline {
			sum := sha256.Sum256(m[2])
			_, directive, _ := strings.Cut(csp, string(m[1])+"-src ")
			directive, _, _ = strings.Cut(directive, ";")
			if !strings.Contains(directive, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
				t.Errorf("the policy keeps out this %s: %s", m[1], m[2])
			}
		}
		if regexp.MustCompile(`\s(on\w+|style)=`).Match(doc) {
			t.Error("the frame has what its policy forbids")
		}
	}
	for _, need := range []string{"default-src 'none'", "frame-ancestors *", "base-uri 'none'", "form-action 'none'", "sandbox allow-scripts allow-popups"} {
		if !strings.Contains(csp, need) {
			t.Errorf("no %s in %s", need, csp)
		}
	}
	if strings.Contains(csp, "allow-same-origin") || strings.Contains(csp, "unsafe") || h.Get("Timing-Allow-Origin") != "" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("too much is let in: %v", h)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"} {
		if h.Get(name) != want {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
}

func TestScriptIsSmallAndNeedsNothing(t *testing.T) {
	s := button.Script()
	if len(s) > 4096 {
		t.Errorf("%d bytes", len(s))
	}
	// What a strict policy forbids, and what would keep or send something.
	if m := regexp.MustCompile(`eval|Function\(|innerHTML|document\.write|setAttribute\('style|javascript:|postMessage|localStorage|cookie|import\b|require\b`).Find(s); m != nil {
		t.Errorf("the script has %s", m)
	}
	if a := button.About(); !bytes.Contains(a, []byte("none, theirs, mine or both")) || bytes.Contains(a, []byte("<script")) {
		t.Error("the page that explains the button")
	}
	s[0] = 'x' // the caller's own copy
	if button.Script()[0] == 'x' {
		t.Error("a caller can change the script")
	}
}
