package dagcbor_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
)

// publishedCase is one case of the DASL project's dasl-testing fixtures.
type publishedCase struct {
	Type string   `json:"type"` // roundtrip, invalid_in or invalid_out
	Data string   `json:"data"` // hex
	Name string   `json:"name"`
	Tags []string `json:"tags"` // which profiles it concerns
	Desc string   `json:"desc"`
}

// narrower lists the published valid values that this codec refuses on
// purpose: bodies have no floats, and integers that a signed 64-bit one holds.
var narrower = map[string]string{
	"fb3ff8000000000000": "a float",
	"fb0000000000000000": "a float",
	"fb0000000000000001": "a float",
	"1bffffffffffffffff": "an integer above 2^63-1",
	"3bffffffffffffffff": "an integer below -2^63",
}

// sharedVectors finds the folder of published vectors beside the checkout.
func sharedVectors(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	vectors := filepath.Join(dir, "..", "shared", "vectors", "dasl", "fixtures", "cbor")
	if _, err := os.Stat(vectors); err != nil {
		t.Skipf("SKIPPED: the published DASL vectors are not at %s", vectors)
	}
	return vectors
}

func TestPublishedVectors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedVectors(t), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	counts := make(map[string]int)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []publishedCase
		if err := json.Unmarshal(raw, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			// A valid case of another profile only says nothing about this one.
			if !slices.Contains(c.Tags, "dag-cbor") && !slices.Contains(c.Tags, "basic") {
				continue
			}
			counts[c.Type]++
			t.Run(filepath.Base(file)+"/"+c.Type+"/"+c.Name, func(t *testing.T) { checkPublished(t, c) })
		}
	}
	// 22 valid, 54 invalid and 9 unencodable ones when this was written.
	if counts["roundtrip"] < 22 || counts["invalid_in"] < 54 || counts["invalid_out"] < 9 {
		t.Errorf("only %v cases were found", counts)
	}
}

func checkPublished(t *testing.T, c publishedCase) {
	data, err := hex.DecodeString(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	switch c.Type {
	case "roundtrip":
		var v any
		err := dagcbor.Unmarshal(data, &v)
		if why, ok := narrower[c.Data]; ok {
			if err == nil {
				t.Fatalf("%s was accepted", why)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if again, err := dagcbor.Marshal(v); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("encoded again: %x, %v", again, err)
		}
	case "invalid_in":
		var v any
		if err := dagcbor.Unmarshal(data, &v); err == nil {
			t.Fatalf("%s: accepted as %v", c.Desc, v)
		}
	case "invalid_out":
		if b, err := dagcbor.Marshal(dagcbor.RawMessage(data)); err == nil {
			t.Fatalf("%s: written as %x", c.Desc, b)
		}
	default:
		t.Fatalf("unknown type %q", c.Type)
	}
}

func TestValuesWithoutAnEncoding(t *testing.T) {
	for name, v := range map[string]any{
		"zero":               0.0,
		"negative zero":      math.Copysign(0, -1),
		"one and a half":     1.5,
		"a 32-bit float":     float32(1),
		"NaN":                math.NaN(),
		"infinity":           math.Inf(1),
		"a float in a list":  []any{uint64(1), 1.0},
		"an integer key":     map[int]string{1: "a"},
		"beyond 63 bits":     uint64(math.MaxUint64),
		"a big integer":      new(big.Int).Lsh(big.NewInt(1), 64),
		"a channel":          make(chan int),
		"the zero CID":       dagcbor.CID{},
		"undefined":          dagcbor.RawMessage{0xf7},
		"negative zero, raw": dagcbor.RawMessage{0xfb, 0x80, 0, 0, 0, 0, 0, 0, 0},
	} {
		if b, err := dagcbor.Marshal(v); err == nil {
			t.Errorf("%s was written as %x", name, b)
		}
	}
}
