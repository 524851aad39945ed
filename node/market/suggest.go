package market

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
)

// Suggestion is an item whose words resemble a want that nothing answers, for
// a person at the vendor to look at.
type Suggestion struct {
	On   string `json:"on"` // "items[0]", or "text" where the intent names no item
	Item Item   `json:"item"`
	Why  string `json:"why"` // in plain words
}

const (
	maxSuggestions = 5
	maxPostings    = 20_000 // items looked at for one want, so that long texts of common words stay cheap
)

// suggest finds items by shared words: those of the want's name, or of the
// intent's text, category and required texts. A word counts more the fewer
// items have it. For a name at least half of its words must be shared.
func (m *matching) suggest(w *want) []Suggestion {
	on, least := "text", 1
	var words []string
	switch {
	case w != nil && w.name != "":
		words = tokens(w.name)
		on, least = w.on, (len(words)+1)/2
	case w != nil:
		on, words = w.on, tokens(m.looseText(w))
	default:
		words = tokens(m.looseText(&want{}))
	}
	hits := m.overlap(words, least)
	out := make([]Suggestion, 0, len(hits))
	for _, h := range hits {
		out = append(out, Suggestion{on, m.c.entries[h.i].item, "shares " + some(h.words, "word", "words") + " with what is wanted"})
	}
	return out
}

// looseText is all the intent says of a want that has no name.
func (m *matching) looseText(w *want) string {
	s := m.ask.in.Text + " " + m.ask.in.Category.Value
	for _, t := range w.wishes.require {
		for i := range t.values {
			if t.typ == intentcast.TypeText {
				s += " " + t.values[i].text
			}
		}
	}
	return s
}

type hit struct {
	i             int32
	words, weight int
}

// overlap returns the best items that have at least least of words.
func (m *matching) overlap(words []string, least int) []hit {
	words = slices.DeleteFunc(words, func(t string) bool { return len(m.c.byToken[t]) == 0 })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(m.c.byToken[a]), len(m.c.byToken[b])) })
	scores := make([]uint32, len(m.c.entries)) // words in the high half, weight in the low
	var touched []int32
	seen := 0
	for k, t := range words {
		list := m.c.byToken[t]
		if seen += len(list); (seen > maxPostings && k > 0) || k >= 1<<10 {
			break
		}
		add := uint32(1<<16 | bits.Len(uint(len(m.c.entries)/len(list))))
		for _, i := range list {
			if scores[i] == 0 {
				touched = append(touched, i)
			}
			scores[i] += add
		}
	}
	var top []hit
	for _, i := range touched {
		if h := (hit{i, int(scores[i] >> 16), int(scores[i] & 0xffff)}); h.words >= least {
			top = keep(top, h)
		}
	}
	return top
}

// keep inserts h into the best few, in order.
func keep(top []hit, h hit) []hit {
	at, _ := slices.BinarySearchFunc(top, h, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.i, b.i))
	})
	if at == maxSuggestions {
		return top
	}
	top = slices.Insert(top, at, h)
	return top[:min(len(top), maxSuggestions)]
}
