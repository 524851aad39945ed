package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"rsc.io/qr"
)

// The characters printed are the code's modules, two rows a line, with a white
// margin all around.
func TestPrintQR(t *testing.T) {
	const link = "parley://invite/pWF2AWRwZWVy"
	var out bytes.Buffer
	if err := printQR(&out, link); err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(link, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	side := code.Size + 2*quiet
	if len(lines) != (side+1)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), side)
	}
	for i, line := range lines {
		if utf8.RuneCountInString(line) != side {
			t.Fatalf("line %d has %d characters, want %d", i, utf8.RuneCountInString(line), side)
		}
		for j, r := range []rune(line) {
			top := strings.ContainsRune("█▀", r)
			bottom := strings.ContainsRune("█▄", r)
			x, y := j-quiet, 2*i-quiet
			if top != code.Black(x, y) || bottom != code.Black(x, y+1) {
				t.Fatalf("module %d,%d is drawn %q", x, y, r)
			}
		}
	}
}

// A link as invitations have it, with two addresses and a card, still fits a
// terminal of 100 columns; without a card one of 80.
func TestQRFits(t *testing.T) {
	for size, columns := range map[int]int{300: 80, 610: 101} {
		code, err := qr.Encode("parley://invite/"+strings.Repeat("x", size-16), qr.L)
		if err != nil {
			t.Fatal(err)
		}
		if got := code.Size + 2*quiet; got > columns {
			t.Errorf("a link of %d bytes takes %d columns, want at most %d", size, got, columns)
		}
	}
}
