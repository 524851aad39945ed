package study

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// A calibration takes the model no further from what was measured, says what
// that was, and is read again as it was written.
func TestCalibrate(t *testing.T) {
	p := plan(60) // of fewer the sample is too small to tell a hop from chance
	p.Casts = 10
	start := mesh.Default()
	start.Process = scenario.Duration(8 * time.Millisecond) // wrong on purpose
	got, err := Calibrate(t.Context(), p, start)
	if err != nil {
		t.Fatal(err)
	}
	if got.After > got.Before || got.Constants.Process.Std() > 2*time.Millisecond {
		t.Errorf("a hop takes %s (was set to 8ms); loss %.3f, before %.3f", got.Constants.Process.Std(), got.After, got.Before)
	}
	if !strings.Contains(got.Constants.Measured["process"], "sha256:") {
		t.Errorf("measured on %q", got.Constants.Measured["process"])
	}
	wire, err := got.Constants.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := mesh.ParseCalibration(wire); err != nil || again.Process != got.Constants.Process {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

// PARLEY_CALIBRATE=50,150 PARLEY_CALIBRATE_TO=file go test -run CalibrateHere
// calibrates at those sizes and writes the constants.
func TestCalibrateHere(t *testing.T) {
	sizes := os.Getenv("PARLEY_CALIBRATE")
	if sizes == "" {
		t.Skip("PARLEY_CALIBRATE says at which sizes")
	}
	p := plan()
	p.Seeds, p.Casts = []uint64{1, 2}, 8
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		p.Sizes = append(p.Sizes, n)
	}
	got, err := Calibrate(t.Context(), p, mesh.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("loss %.4f, before %.4f", got.After, got.Before)
	for name, pairs := range map[string][]Pair{"even": got.Even, "lossy": got.Lossy} {
		t.Log(name)
		if err := WriteTable(t.Output(), pairs); err != nil {
			t.Fatal(err)
		}
	}
	wire, err := got.Constants.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("PARLEY_CALIBRATE_TO"), wire, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The constants found at 50 and 150 nodes are near those that ship: with either,
// the model's gossip is the same to what the comparison allows. They were found
// with the mesh of the time, D = 6 and a beat of a second.
func TestTheConstantsThatShipAreThoseMeasured(t *testing.T) {
	raw, err := os.ReadFile("testdata/calibration-50-150.json")
	if err != nil {
		t.Fatal(err)
	}
	measured, err := mesh.ParseCalibration(raw)
	if err != nil {
		t.Fatal(err)
	}
	p := plan()
	p.Protocol.D, p.Protocol.Low, p.Protocol.High, p.Protocol.Heartbeat = 6, 4, 7, scenario.Duration(time.Second)
	seeds := []uint64{1, 2, 3, 4}
	a, err := Model(300, 10, p.Protocol, measured, seeds)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Model(300, 10, p.Protocol, mesh.Default(), seeds)
	if err != nil {
		t.Fatal(err)
	}
	if apart := Between(b, a); !apart.Within(0.10, 0.05) || apart.Bytes < 0.9 || apart.Bytes > 1.1 {
		t.Errorf("apart %+v", apart)
	}
}
