package terms

import (
	"embed"
	"fmt"
	"slices"
)

// Registry and Version name the roster bundled here. An agreement's text
// never changes within a version: its hash is pinned below.
const (
	Registry = "parley.roster"
	Version  = "1"
)

//go:embed roster/*.txt
var files embed.FS

// entries is the roster, an agreement a row, in the order All gives. It
// follows the published MyTerms model. Two things are this project's own
// choice: the wording of the texts, and the row of TPR, for which that model
// states no rules; it allows what SD-BASE does.
var entries = [...]struct {
	id, title string
	rules     Rules
	sha256    string // of roster/ID.txt
}{
	{"SD-BASE", "Service delivery only", Rules{Must, No, No, No, No, Optional},
		"0e1b7448dd43fcb608a8ae927b5b7532be12209ce5ecdd7d25b1f486b7fadd00"},
	{"SD-BASE-DP", "Service delivery only, with portability", Rules{Must, No, No, No, No, Must},
		"771bdc58c2189a561dc05a7b3cfb79da7f70a387e3824c0a1bd026c2bbed0d6d"},
	{"SD-BASE-A", "Service delivery and analytics", Rules{Must, Yes, No, No, No, Optional},
		"47bcb37fba7f6165188a8da17222cd0e2e9283bcab0ae40a58716786b8a342ad"},
	{"SD-BASE-A-DP", "Service delivery and analytics, with portability", Rules{Must, Yes, No, No, No, Must},
		"62296cc119ecf5d45b3731613fd6288ba238aff593bac7ba0763a8e388936a2d"},
	{"SD-BASE-AT", "Service delivery, analytics and tracking", Rules{Must, Yes, Yes, No, No, Optional},
		"a95c1caa14d5c79b2f72b403e996ab88811e37899d4930a9354bf382d269b4aa"},
	{"SD-BASE-AT-DP", "Service delivery, analytics and tracking, with portability", Rules{Must, Yes, Yes, No, No, Must},
		"eaf2a3ef897afe59caf3897231c79d224329f944b2b280e3bced8424b00f4740"},
	{"SD-BASE-ATP", "Service delivery, analytics, tracking and profiling", Rules{Must, Yes, Yes, Yes, No, Optional},
		"2fe14e71eed35f798af639ce19152ecfe84f84c93e284e4a36ecf39a849f0636"},
	{"SD-BASE-ATP-DP", "Service delivery, analytics, tracking and profiling, with portability", Rules{Must, Yes, Yes, Yes, No, Must},
		"3e6dab15eb6615f7a3032f2d46b240216d230bcf5b7ad2ea5ceb3441dd488a06"},
	{"SD-BASE-ATP-S3P", "Service delivery, analytics, tracking, profiling and anonymised sharing", Rules{Must, Yes, Yes, Yes, Yes, Optional},
		"a30c8912bed1eeb4199a37a0bedc846c4776fbae23b19d32302219ff707d14f0"},
	{"SD-BASE-ATP-S3P-DP", "Service delivery, analytics, tracking, profiling and anonymised sharing, with portability", Rules{Must, Yes, Yes, Yes, Yes, Must},
		"bf7e18960d9bcd8f335285f1dcd7f0f8ea4cfcbee8aca64bb21884060a2d81b3"},
	{"PDC-INTENT", "Personal data contribution: an intent", Rules{Must, No, No, No, No, Must},
		"fd7d5562c5b92610c9f4f3c54fbb3324624303c64dbbcb79f7ae75b2920b4ac9"},
	{"PDC-AI", "Personal data contribution: training of models", Rules{Must, No, No, No, No, Must},
		"005b88cb9a15b57a9c05a615bcaf7eabf72a2a4b900be5c040db33e370d2aeeb"},
	{"PDC-GOOD", "Personal data contribution: the public good", Rules{Must, No, No, No, No, Must},
		"4d68552ec386b108f726ee8bf1438ba238a63500ef9809a682da763757eea190"},
	{"TPR", "Between two people", Rules{Must, No, No, No, No, Optional},
		"1781996b6ac0e1062342cacc61058fcc6febdea328ee0203c66c2858823249b7"},
}

// Agreement is one agreement of the roster with its text.
type Agreement struct {
	Ref   Ref    `json:"ref"`
	Title string `json:"title"`
	Text  string `json:"text"` // a page of plain text, UTF-8
	Rules Rules  `json:"rules"`
}

var roster = load()

func load() []Agreement {
	all := make([]Agreement, 0, len(entries))
	for _, e := range entries {
		text, err := files.ReadFile("roster/" + e.id + ".txt")
		if err != nil {
			panic(fmt.Sprintf("terms: %s has no text: %v", e.id, err)) // a build without its files
		}
		all = append(all, Agreement{
			Ref:   Ref{ID: e.id, Registry: Registry, Version: Version, SHA256: e.sha256},
			Title: e.title, Text: string(text), Rules: e.rules,
		})
	}
	return all
}

// All returns the whole roster: the SD-BASE family from the strictest to the
// widest, then PDC, then TPR.
func All() []Agreement { return slices.Clone(roster) }

// Lookup returns the agreement of this id in the bundled version.
func Lookup(id string) (Agreement, bool) {
	for _, a := range roster {
		if a.Ref.ID == id {
			return a, true
		}
	}
	return Agreement{}, false
}
