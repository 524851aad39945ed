//go:build unix

package button_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/button"
)

// shopPage is a vendor's page under a strict policy, written by one who wants
// to know more than they are told.
const shopPage = `<!doctype html><title>Shop</title><body>
<script src="/spy.js"></script>
<p>Our button: <script src="/r-button.js" data-vendor="%s" data-node="%s"></script></p>`

const spy = `'use strict';
var heard = [], told = [];
addEventListener('message', function (e) { heard.push([e.origin, e.data]); });
addEventListener('r-button', function (e) { told.push(e.detail); });`

// everything is what the page can find out about the frame.
const everything = `(async function () {
  var f = document.querySelector('iframe'), seen = {};
  seen.inside = f.contentDocument;
  seen.frames = f.contentWindow.length;
  for (var name of ['document', 'name', 'innerWidth', 'scrollY', 'performance', 'origin'])
    try { seen[name] = String(f.contentWindow[name]); } catch (e) { seen[name] = e.name; }
  seen.resources = performance.getEntriesByType('resource').filter(e => e.name.includes('/r-button?')).map(e =>
    [e.initiatorType, e.transferSize, e.encodedBodySize, e.decodedBodySize, e.responseStatus, e.nextHopProtocol, e.requestStart, e.responseStart]);
  for (var word of ['tell', 'both', {type: 'r-button'}, null]) f.contentWindow.postMessage(word, '*');
  try { seen.fetched = await (await fetch(f.src)).text(); } catch (e) { seen.fetched = e.name; }
  var blind = await fetch(f.src, {mode: 'no-cors'});
  seen.blind = [blind.type, blind.status, (await blind.text()).length];
  await new Promise(r => setTimeout(r, 300));
  seen.height = f.offsetHeight; seen.width = f.offsetWidth;
  seen.heard = heard; seen.told = told;
  return JSON.stringify(seen);
})()`

// serveShop serves a vendor's page at localhost, which is another site than
// the node's 127.0.0.1, and returns its address.
func serveShop(t *testing.T, page func() string, node string) string {
	mux := http.NewServeMux()
	serve := func(path, kind string, body func() string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src "+node+"; frame-src "+node)
			fmt.Fprint(w, body())
		})
	}
	serve("/", "text/html", page)
	serve("/spy.js", "text/javascript", func() string { return spy })
	serve("/r-button.js", "text/javascript", func() string { return string(button.Script()) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
}

// visit opens the vendor's page and waits for the frame, pressing the symbol
// where the browser wants its user's leave first.
func visit(b *browser, url string) string {
	b.t.Helper()
	page := b.open(url)
	b.until("the button", func() bool { return eval[bool](b, page, `!!document.querySelector('.r-button')`) })
	time.Sleep(200 * time.Millisecond) // a script that asks at once has asked
	if eval[bool](b, page, `!!document.querySelector('.r-button a')`) {
		x, y := middle(b, page, ".r-button a")
		b.press(page, x, y)
	}
	b.until("the frame", func() bool { return eval[bool](b, page, `!!document.querySelector('iframe')`) })
	return page
}

func middle(b *browser, session, selector string) (x, y float64) {
	b.t.Helper()
	at := eval[[]float64](b, session, `(r => [r.x + r.width/2, r.y + r.height/2])(document.querySelector('`+selector+`').getBoundingClientRect())`)
	return at[0], at[1]
}

func TestInABrowserAPageLearnsNothingBeforeConsent(t *testing.T) {
	var first map[string]any
	for _, s := range all {
		t.Run(string(s), func(t *testing.T) {
			b := startBrowser(t)
			node := httptest.NewServer(button.Handler(always(s)))
			defer node.Close()
			shopAt := serveShop(t, func() string { return fmt.Sprintf(shopPage, shop, node.URL) }, node.URL)
			page := visit(b, shopAt)
			frame := b.frame()
			b.until("the frame's document", func() bool { return eval[bool](b, frame, `!!document.querySelector('svg')`) })
			if !eval[bool](b, frame, `self.origin === 'null' && document.body.dataset.word === '`+string(s)+`' && !document.querySelector('button').hidden`) {
				t.Fatalf("the frame is %s", eval[string](b, frame, `self.origin + document.body.outerHTML`))
			}

			var seen map[string]any
			if err := json.Unmarshal([]byte(eval[string](b, page, everything)), &seen); err != nil {
				t.Fatal(err)
			}
			for _, e := range seen["resources"].([]any) { // times without a leave to measure are zero
				t.Logf("what the page sees of the frame's loading: %v", e)
			}
			if seen["inside"] != nil || seen["fetched"] != "TypeError" || len(seen["heard"].([]any))+len(seen["told"].([]any)) != 0 {
				t.Fatalf("the page sees %v", seen)
			}
			if first == nil {
				first = seen
			}
			if diff := cmp.Diff(first, seen); diff != "" {
				t.Fatalf("the page can tell %s from %s:\n%s", s, all[0], diff)
			}

			tellPage(b, page, frame, s, shopAt)
		})
	}
}

// tellPage presses Tell, as soon as that counts, and looks at what comes.
func tellPage(b *browser, page, frame string, s button.State, shopAt string) {
	t := b.t
	t.Helper()
	fx, fy := middle(b, page, "iframe")
	b.move(page, fx, fy) // the frame opens under the pointer
	b.until("the frame to open", func() bool { return eval[bool](b, page, `document.querySelector('iframe').offsetHeight > 100`) })
	if got, want := eval[string](b, frame, `document.querySelector('button').textContent`), "Tell "+shopAt+": "+string(s); got != want {
		t.Fatalf("the button says %q, want %q", got, want)
	}
	b.until("the button to wake", func() bool { return eval[bool](b, frame, `!document.querySelector('button').disabled`) })
	eval[any](b, frame, `document.querySelector('button').click()`) // a script's press, not a person's
	corner := eval[[]float64](b, page, `(r => [r.x, r.y])(document.querySelector('iframe').getBoundingClientRect())`)
	x, y := middle(b, frame, "button")
	if eval[int](b, page, `heard.length`) != 0 {
		t.Fatal("a script's press told the page")
	}
	b.press(page, corner[0]+x, corner[1]+y)
	b.until("the word", func() bool { return eval[int](b, page, `heard.length`) > 0 })
	b.press(page, corner[0]+x, corner[1]+y) // again, for nothing
	time.Sleep(200 * time.Millisecond)
	if got, want := eval[string](b, page, `JSON.stringify([heard, told])`), fmt.Sprintf(`[[["null","%s"]],["%s"]]`, s, s); got != want {
		t.Fatalf("the page heard %s, want %s", got, want)
	}
}

// watchButton has the frame note which pause its button wakes after. A clock
// would say more of how busy this machine is than of the button.
const watchButton = `(function () {
  var real = setTimeout;
  window.slept = 0;
  window.setTimeout = function (wake, pause) { window.slept = pause; return real(wake, pause); };
})()`

func TestInABrowserACoveredFrameCannotBePressed(t *testing.T) {
	b := startBrowser(t)
	node := httptest.NewServer(button.Handler(always(button.Both)))
	defer node.Close()
	page := visit(b, serveShop(t, func() string { return fmt.Sprintf(shopPage, shop, node.URL) }, node.URL))
	frame := b.frame()
	b.until("the frame's document", func() bool { return eval[bool](b, frame, `!!document.querySelector('button')`) })
	eval[any](b, frame, watchButton)
	for name, trick := range map[string]string{
		"covered":     `(d => { d.style.cssText = 'position:fixed;inset:0;background:#fff;z-index:2147483647;pointer-events:none'; document.body.append(d); })(document.createElement('div'))`,
		"transparent": `document.querySelector('iframe').style.opacity = '0.01'`,
		"too small":   `document.querySelector('iframe').style.height = '60px'`,
	} {
		eval[any](b, page, `document.querySelectorAll('body > div').forEach(d => d.remove()); (f => { f.style.opacity = ''; f.style.width = '300px'; f.style.height = '170px'; })(document.querySelector('iframe'))`)
		b.until("an open frame's button", func() bool { return eval[bool](b, frame, `!document.querySelector('button').disabled`) })
		eval[any](b, page, trick)
		time.Sleep(1500 * time.Millisecond)
		if eval[bool](b, frame, `!document.querySelector('button').disabled`) {
			t.Errorf("%s, and yet the button can be pressed", name)
		}
	}
	if slept := eval[float64](b, frame, `slept`); slept < 500 {
		t.Errorf("the button can be pressed %.0f ms after it was seen", slept)
	}
}

func TestInABrowserAPageThatHidesItsNameIsToldNothing(t *testing.T) {
	b := startBrowser(t)
	node := httptest.NewServer(button.Handler(always(button.Both)))
	defer node.Close()
	b.open(serveShop(t, func() string {
		return fmt.Sprintf(`<!doctype html><iframe referrerpolicy="no-referrer" width=300 height=170 src="%s"></iframe>`, node.URL+asked(shop))
	}, node.URL))
	frame := b.frame()
	b.until("the frame's document", func() bool { return eval[bool](b, frame, `!!document.querySelector('svg')`) })
	if !eval[bool](b, frame, `document.querySelector('button').hidden && document.referrer === ''`) {
		t.Fatal("the frame offers to tell a page it can't name")
	}
	if eval[string](b, frame, `self.origin`) != "null" {
		t.Fatal("without the page's sandbox the frame has the node's origin")
	}
}

func TestInABrowserTheSymbolStaysWhereNoNodeAnswers(t *testing.T) {
	b := startBrowser(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	node := "http://" + l.Addr().String()
	l.Close()
	page := b.open(serveShop(t, func() string { return fmt.Sprintf(shopPage, shop, node) }, node))
	b.until("the button", func() bool { return eval[bool](b, page, `!!document.querySelector('.r-button a svg')`) })
	time.Sleep(500 * time.Millisecond)
	if got := eval[string](b, page, `document.querySelector('.r-button a').getAttribute('href') + document.querySelectorAll('iframe').length`); !strings.HasSuffix(got, "/r-button.html0") {
		t.Fatalf("it shows %s", got)
	}
}

func TestInABrowserTheFrameWorksWithoutJavaScript(t *testing.T) {
	b := startBrowser(t)
	node := httptest.NewServer(button.Handler(always(button.Both)))
	defer node.Close()
	window := b.open("about:blank")
	b.must(window, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.must(window, "Page.navigate", map[string]any{"url": node.URL + asked(shop)}, nil)
	type value struct{ Value string }
	found := map[string]string{}
	b.until("what a screen reader reads", func() bool {
		var tree struct {
			Nodes []struct {
				Ignored                 bool
				Role, Name, Description value
			}
		}
		b.must(window, "Accessibility.getFullAXTree", nil, &tree)
		for _, n := range tree.Nodes {
			if !n.Ignored {
				found[n.Role.Value] = n.Name.Value + "|" + n.Description.Value
			}
		}
		return found["link"] != ""
	})
	if found["image"] != "r-button|"+button.Words(button.Both) || found["link"] != "Open my node|" || found["button"] != "" {
		t.Fatalf("a screen reader reads %v", found)
	}
}
