package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
)

const (
	// pageWidth is how wide what people read may be.
	pageWidth = 80
	// gap is what stands between two columns.
	gap = 2
	// leastColumn is how far a column is cut at most to make room.
	leastColumn = 6
)

// columns prints rows under a header, at most pageWidth wide. In the header,
// "*" after a name marks a column that is cut where there is no room, "+" the
// last one if it is broken into lines instead; the others keep what stands in
// them, so that it can be copied. A column in which nothing stands is left
// out. "_" is a space.
func columns(w io.Writer, header string, rows [][]string) {
	t := layout(header, rows)
	for _, row := range append([][]string{t.head}, rows...) {
		t.print(w, row)
	}
}

// grid is how a table is laid out.
type grid struct {
	head  []string
	width []int  // of each column; none for one that is left out
	wraps bool   // the last column is broken into lines
	soft  []bool // may be made narrower
}

func layout(header string, rows [][]string) grid {
	var t grid
	for _, name := range strings.Fields(header) {
		plain := strings.TrimRight(name, "*+")
		t.wraps = strings.HasSuffix(name, "+")
		t.soft = append(t.soft, plain != name)
		t.head = append(t.head, strings.ReplaceAll(plain, "_", " "))
	}
	t.width = make([]int, len(t.head))
	for _, row := range rows {
		for i := range row {
			row[i] = clean(row[i])
			t.width[i] = max(t.width[i], utf8.RuneCountInString(row[i]))
		}
	}
	for i, n := range t.width {
		if n > 0 {
			t.width[i] = max(n, utf8.RuneCountInString(t.head[i]))
		}
	}
	t.fit()
	return t
}

// fit makes the widest of the soft columns narrower until all have room on the
// page.
func (t grid) fit() {
	over := -gap - pageWidth
	for _, n := range t.width {
		if n > 0 {
			over += n + gap
		}
	}
	for ; over > 0; over-- {
		widest := -1
		for i, n := range t.width {
			if t.soft[i] && (widest < 0 || n > t.width[widest]) {
				widest = i
			}
		}
		if widest < 0 || t.width[widest] <= leastColumn {
			return
		}
		t.width[widest]--
	}
}

func (t grid) print(w io.Writer, row []string) {
	var line strings.Builder
	margin := 0
	for i, cell := range row {
		if t.width[i] == 0 {
			continue
		}
		if t.wraps && i == len(row)-1 {
			lines := wrap(cell, t.width[i])
			line.WriteString(strings.Join(lines, "\n"+strings.Repeat(" ", margin)))
			break
		}
		cell = cut(cell, t.width[i])
		line.WriteString(cell)
		line.WriteString(strings.Repeat(" ", t.width[i]-utf8.RuneCountInString(cell)+gap))
		margin += t.width[i] + gap
	}
	fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
}

// sheet prints named values, a line each and more where one is long; empty
// ones are left out.
func sheet(w io.Writer, pairs ...string) {
	margin := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			margin = max(margin, utf8.RuneCountInString(pairs[i])+gap)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		lines := wrap(clean(pairs[i+1]), pageWidth-margin)
		for j, line := range lines {
			name := ""
			if j == 0 {
				name = pairs[i]
			}
			fmt.Fprintf(w, "%-*s%s\n", margin, name, line)
		}
	}
}

// paragraph prints foreign text of one or more lines, indented.
func paragraph(w io.Writer, indent, text string) {
	for line := range strings.Lines(text) {
		for _, part := range wrap(clean(strings.TrimSuffix(line, "\n")), pageWidth-len(indent)) {
			fmt.Fprintln(w, strings.TrimRight(indent+part, " "))
		}
	}
}

// wrap breaks text between words; a word longer than a line stays whole, so
// that an id can be copied.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// shortDID is how a party without a name is shown to people: the beginning of
// what is its own in the identifier. Commands take it back.
func shortDID(did identity.DID) string {
	own := strings.TrimPrefix(string(did), "did:webvh:")
	return cut(own, 12)
}

// either lists words as a sentence does: "a, b or c".
func either(words []string, join string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + join + " " + words[n-1]
	}
}
