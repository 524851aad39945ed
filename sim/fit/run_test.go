package fit

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// file writes three series: one that a curve describes, one that falls, one
// too short.
func file(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("series,year,percent\n")
	curve := Bass{.02, .4, 80, 1979}
	for y := 1980; y < 2010; y++ {
		b.WriteString("tv," + short(float64(y)) + "," + short(curve.At(float64(y))) + "\n")
		b.WriteString("telegraph <b>," + short(float64(y)) + "," + short(90-2*float64(y-1980)) + "\n")
	}
	b.WriteString("new,2008,1\nnew,2009,2\n")
	name := filepath.Join(t.TempDir(), "series.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRunWritesATable(t *testing.T) {
	var out bytes.Buffer
	if err := Run(&out, file(t), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"series ", "p ± se", "R²", "tv ", "0.02", "1980–2009", "1979 fixed", "yes, if launched in 1979\n",
		"telegraph <b>: no Bass curve: declines: from 90 in 1980 to 32 in 2009", "new: no Bass curve: too few points: 2"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestRunWritesJSON(t *testing.T) {
	var out bytes.Buffer
	if err := Run(&out, file(t), Options{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Series []struct {
			Series      string
			P, Q, M, R2 *float64
			Describes   bool
			Why         string
			Error       map[string]*float64 `json:"standard_error"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"launch": "fixed"`, `"launch_why": "in 1979, an interval before the first value; `, `"if_launched_an_interval_earlier": {`,
		`"caution": "if launched in 1979"`, `"per": "year"`, `"growth_r2": 0.99`, `"launch": "none"`} {
		if !strings.Contains(out.String(), key) {
			t.Errorf("no %s in\n%s", key, &out)
		}
	}
	tv, old, short := got.Series[0], got.Series[1], got.Series[2]
	if tv.Series != "tv" || !tv.Describes || *tv.R2 < 0.999 || math.Abs(*tv.P-.02) > .001 || math.Abs(*tv.Q-.4) > .01 || math.Abs(*tv.M-80) > 1 || tv.Error["p"] == nil {
		t.Errorf("tv: %+v", tv)
	}
	if old.Describes || old.Why == "" || old.R2 == nil {
		t.Errorf("telegraph: %+v", old)
	}
	if short.P != nil || short.R2 != nil || short.Describes {
		t.Errorf("two points gave numbers: %+v", short)
	}
}

func TestRunDraws(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"fits.svg", "fits.PNG"} {
		if err := Run(io.Discard, file(t), Options{Plot: filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "fits.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
	}
	if !bytes.Contains(svg, []byte("launch 1979 fixed; Bass curve: yes, if launched in 1979")) {
		t.Error("the plot does not say how the launch was found")
	}
	if !bytes.Contains(svg, []byte("telegraph &lt;b&gt;")) || bytes.Contains(svg, []byte("<b>")) {
		t.Error("a name is not escaped")
	}
	f, err := os.Open(filepath.Join(dir, "fits.PNG"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if im, err := png.Decode(f); err != nil || im.Bounds().Dx() < 1000 {
		t.Errorf("%v, %v", im, err)
	}
}

func TestRunRefusesBeforeItWrites(t *testing.T) {
	for _, c := range []struct{ name, file, plot, want string }{
		{"no file", filepath.Join(t.TempDir(), "none.csv"), "", "open series"},
		{"plot of another kind", file(t), "fits.pdf", "want a name that ends in .svg or .png"},
		{"garbage", garbage(t), "fits.svg", "line 2, column year"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var out bytes.Buffer
			err := Run(&out, c.file, Options{Plot: c.plot})
			var refused *RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
				t.Errorf("error %v, output %q", err, &out)
			}
			if left, _ := os.ReadDir("."); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

func garbage(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "garbage.csv")
	if err := os.WriteFile(name, []byte("series,year,percent\ntv,soon,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
