package button

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// FrameOptions is what the frame names besides the state.
type FrameOptions struct {
	Vendor string // DID of the vendor asked about
	Home   string // where the link to one's own node leads; empty is "/"
}

// frameStep is what a frame's length is a multiple of.
const frameStep = 1 << 10

// Frame returns the HTML document that a person's node shows inside a
// vendor's page. For one vendor it has the same length whatever the state, and
// the same elements, none of which a fragment can name. It works without
// JavaScript; with it, and where the browser says which page frames it, it
// offers to tell that page the state. It is told at that press alone, to that
// page's origin alone, and nothing is remembered.
//
// The press counts once the button has been in view for 0.7 seconds in a frame
// large enough to read, and unobscured where the browser can say so
// (Chromium). Elsewhere a page may cover the frame and win a press by a trick:
// what it wins is the one word.
func Frame(s State, o FrameOptions) []byte {
	if o.Home == "" {
		o.Home = "/"
	}
	var out []byte
	longest := 0
	for _, each := range states {
		doc := renderFrame(each, o)
		longest = max(longest, len(doc))
		if each == known(s) {
			out = doc
		}
	}
	length := (longest + frameStep - 1) / frameStep * frameStep
	return append(out, bytes.Repeat([]byte(" "), length-len(out))...)
}

// renderFrame fills in the document. It does without html/template, by which
// the linker would have to keep every exported method of the program.
func renderFrame(s State, o FrameOptions) []byte {
	home := o.Home
	if !strings.HasPrefix(home, "/") && !strings.HasPrefix(home, "http://") && !strings.HasPrefix(home, "https://") {
		home = "/" // a link of another scheme could run a script
	}
	return []byte(strings.NewReplacer(
		"{{.CSS}}", frameCSS, "{{.JS}}", frameJS, "{{.SVG}}", string(SVG(s, Options{Title: "r-button"})),
		"{{.State}}", html.EscapeString(string(s)), "{{.Words}}", html.EscapeString(Words(s)),
		"{{.Vendor}}", html.EscapeString(o.Vendor), "{{.Home}}", html.EscapeString(home),
	).Replace(frameHTML))
}

// FrameHeaders returns the headers that Frame must be sent with. They let any
// page frame this document, which nothing else of a node allows; keep the
// document in an origin of its own, so that it is no way into the node's API;
// run no script but the frame's own; and let nothing be kept, measured by
// timing (no Timing-Allow-Origin) or found by scrolling to a text.
func FrameHeaders() http.Header {
	h := http.Header{}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %s; style-src %s %s; frame-ancestors *; "+
		"base-uri 'none'; form-action 'none'; sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox",
		sourceHash(frameJS), sourceHash(frameCSS), sourceHash(svgStyle)))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp") // a page that asks this of its frames may frame it too
	h.Set("Document-Policy", "force-load-at-top")
	h.Set("X-Content-Type-Options", "nosniff")
	return h
}

func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
