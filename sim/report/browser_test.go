package report

import (
	"bytes"
	"strings"
	"testing"
)

// crowded lists the words of visible drawings that are cut by the drawing's side
// or touch others.
const crowded = `[...document.querySelectorAll("main svg")].filter(s => s.getBoundingClientRect().width > 0).flatMap(s => {
	const frame = s.getBoundingClientRect(), all = [...s.querySelectorAll("text")].map(t => ({says: t.textContent, at: t.getBoundingClientRect()}));
	const cut = all.filter(t => t.says && (t.at.left < frame.left - 1 || t.at.right > frame.right + 1));
	const touch = all.filter((a, i) => all.some((b, j) => j > i && a.says && b.says && a.at.left < b.at.right && b.at.left < a.at.right &&
		a.at.top + 2 < b.at.bottom - 2 && b.at.top + 2 < a.at.bottom - 2));
	return [...cut, ...touch].map(t => t.says);
}).join(" | ")`

// The page in a real browser: it says nothing on the console, asks for nothing,
// fits a telephone, and its film plays, pauses and is moved by the slider.
func TestPageInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := HTML(&page, example([]float64{.02}, []float64{.1, .3}, 2, 60), Options{NoPlots: true}); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, page.Bytes())

	const box, button = `document.querySelector(".film")`, `document.querySelector(".film button")`
	step := func() float64 { return b.number(`Number(` + box + `.dataset.at)`) }
	painted := func() string {
		s, _ := b.value(box + `.querySelector("canvas").toDataURL()`).(string)
		return s
	}
	if step() != 0 || b.value(button+".textContent") != "Play" {
		t.Errorf("before it is seen, the film is at step %v", step())
	}
	first := painted()
	b.value(button + ".click()")
	b.until("the film moves", `Number(`+box+`.dataset.at) > 2`)
	b.value(button + ".click()")
	if paused := step(); b.value(button+".textContent") != "Play" || paused != step() {
		t.Error("it does not pause")
	}
	if now := painted(); now == first || len(now) < 1000 {
		t.Error("the picture does not change")
	}
	b.value(`{const s = document.querySelector(".film input"); s.value = s.max; s.dispatchEvent(new Event("input"))}`)
	if got, want := step(), b.number(`Number(document.querySelector(".film input").max)`); got != want || want < 20 {
		t.Errorf("the slider's end is step %v, not %v", got, want)
	}

	for _, width := range []int{1200, 390} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false})
		if wide := b.number("document.documentElement.scrollWidth"); wide > float64(width) {
			t.Errorf("at %d pixels the page is %v wide", width, wide)
		}
		if bad := b.value(crowded); bad != "" {
			t.Errorf("at %d pixels words touch or are cut: %v", width, bad)
		}
		drawn := b.number(`[...document.querySelectorAll("#curves svg")].filter(s => s.getBoundingClientRect().width > 0 && !s.closest("details:not([open])")).length`)
		if want := b.number(`document.querySelectorAll("#curves .plates > figure").length`); drawn != want || want == 0 {
			t.Errorf("at %d pixels %v of %v figures are drawn", width, drawn, want)
		}
	}
	if len(b.complaints) > 0 {
		t.Errorf("it complains:\n%s", strings.Join(b.complaints, "\n"))
	}
	for _, ask := range b.asks {
		if ask != b.value("location.href") {
			t.Errorf("it asked for %s", ask)
		}
	}
	if len(b.asks) != 1 {
		t.Errorf("%d requests: %v", len(b.asks), b.asks)
	}
}

// Without its script the page shows as much: six still pictures, and no empty
// box where the film would be.
func TestPageInABrowserWithoutScript(t *testing.T) {
	var page bytes.Buffer
	if err := HTML(&page, example([]float64{.02}, []float64{.1}, 2, 60), Options{NoPlots: true}); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, bytes.ReplaceAll(page.Bytes(), []byte("sha256-"), []byte("sha256-AAAA")))
	if b.value(`document.querySelector(".film").getBoundingClientRect().height`) != 0.0 || b.value(`document.querySelectorAll("canvas").length`) != 0.0 {
		t.Error("there is a box for a film that can't play")
	}
	if n := b.number(`[...document.querySelectorAll("#spread .wide svg text")].filter(t => t.textContent.includes("take part")).length`); n != frames {
		t.Errorf("%v still pictures", n)
	}
}
