package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
	"rsc.io/qr"
)

// quiet is the margin around a QR code in modules; the standard asks for 4, and
// readers make do with 2, which lets larger codes fit 80 columns.
const quiet = 2

// printQR draws a text as a QR code, two modules a character. In a terminal it
// says itself what is black and what is white, so that it is read on a dark
// ground as on a light one; elsewhere it is black on whatever the paper is. A
// code wider than the terminal would come out in pieces: then a line says so.
func printQR(w io.Writer, text string) error {
	code, err := qr.Encode(text, qr.L) // a screen is not damaged: the least redundancy, the largest modules
	if err != nil {
		return fmt.Errorf("draw the QR code: %w", err)
	}
	before, after := "", ""
	if width, ok := terminal(w); ok {
		if width < code.Size+2*quiet {
			fmt.Fprintf(w, "(The QR code needs %d columns, and the terminal has %d.)\n", code.Size+2*quiet, width)
			return nil
		}
		before, after = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
	}
	for y := -quiet; y < code.Size+quiet; y += 2 {
		fmt.Fprintf(w, "%s%s%s\n", before, qrLine(code, y), after)
	}
	return nil
}

// qrLine is two rows of modules. Those out of the code are white.
func qrLine(code *qr.Code, y int) string {
	var line strings.Builder
	for x := -quiet; x < code.Size+quiet; x++ {
		switch top, bottom := code.Black(x, y), code.Black(x, y+1); {
		case top && bottom:
			line.WriteRune('█')
		case top:
			line.WriteRune('▀')
		case bottom:
			line.WriteRune('▄')
		default:
			line.WriteByte(' ')
		}
	}
	return line.String()
}

// terminal returns how wide the terminal is that w writes to, if it is one.
func terminal(w io.Writer) (width int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}
