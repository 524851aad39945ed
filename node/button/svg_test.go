package button_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/button"
)

// element is what a picture holds, for looking at.
type element struct {
	name, text string
	attrs      map[string]string
}

func elements(t *testing.T, svg []byte) []element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	var all []element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			all[len(all)-1].text += string(token)
		}
	}
}

func TestSVG(t *testing.T) {
	for state, want := range map[button.State]string{button.None: "oon", button.Theirs: "osn", button.Mine: "son", button.Both: "sss", "friends": "oon"} {
		svg := button.SVG(state, button.Options{Size: 32, Title: `Shop & "Söhne" <1>`})
		var names, forms string
		for _, e := range elements(t, svg) {
			names += e.name + " "
			switch e.name {
			case "svg":
				if e.attrs["role"] != "img" || e.attrs["width"] != "48" || e.attrs["height"] != "32" || e.attrs["viewBox"] != "0 0 24 16" {
					t.Errorf("%s: %v", state, e.attrs)
				}
			case "title":
				if e.text != `Shop & "Söhne" <1>` {
					t.Errorf("title %q", e.text)
				}
			case "desc":
				if e.text != button.Words(state) {
					t.Errorf("%s: described as %q", state, e.text)
				}
			case "style":
				for _, need := range []string{"prefers-color-scheme:dark", "forced-colors:active"} {
					if !strings.Contains(e.text, need) {
						t.Errorf("no %s", need)
					}
				}
			case "path":
				forms += e.attrs["class"]
			}
		}
		if names != "svg title desc style path path path " || forms != want {
			t.Errorf("%s: %s with forms %s, want %s", state, names, forms, want)
		}
		if regexp.MustCompile(`(?i)script|href|url\(|@import|src=|\son\w+=|<!`).Match(svg) {
			t.Errorf("%s: reaches out: %s", state, svg)
		}
	}
}

func TestSVGSizes(t *testing.T) {
	for size, want := range map[int]string{0: "16", -5: "16", 20: "20", 1 << 30: "1024"} {
		if got := elements(t, button.SVG(button.None, button.Options{Size: size}))[0].attrs["height"]; got != want {
			t.Errorf("size %d: height %s, want %s", size, got, want)
		}
	}
}

func FuzzSVGTitle(f *testing.F) {
	for _, s := range []string{"", "</title><script>", "\x00\xff]]>", "&#0;", "漢"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, title string) {
		if all := elements(t, button.SVG(button.Both, button.Options{Title: title})); len(all) != 7 {
			t.Fatalf("%d elements", len(all))
		}
	})
}
