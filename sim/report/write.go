package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parley-network/parley/sim/chart"
)

// plotsFolder is beside the page.
const plotsFolder = "plots"

// Save writes the report to the file out, and each plot as SVG and PNG to the
// folder plots beside it.
func Save(out string, in Input, o Options) error {
	d, err := sorted(in)
	if err != nil {
		return fmt.Errorf("make report: %w", err)
	}
	f := d.figures(o)
	if !o.NoPlots {
		if err := savePlots(filepath.Join(filepath.Dir(out), plotsFolder), f.all()); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := d.html(&b, f, o); err != nil {
		return err
	}
	return replace(out, b.Bytes())
}

func savePlots(dir string, plates []plate) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("make the plots' folder: %w", err)
	}
	for _, p := range plates {
		width := float64(wideWidth)
		if p.Half {
			width = halfWidth * 1.25
		}
		var svg, png bytes.Buffer
		if err := chart.SVG(&svg, p.Figure, width); err != nil {
			return err
		}
		if err := chart.PNG(&png, p.Figure, width); err != nil {
			return err
		}
		if err := replace(filepath.Join(dir, p.ID+".svg"), svg.Bytes()); err != nil {
			return err
		}
		if err := replace(filepath.Join(dir, p.ID+".png"), png.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// replace puts a file in place whole or not at all.
func replace(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".report-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is told
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
