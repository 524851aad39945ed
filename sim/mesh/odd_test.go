package mesh

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The table of docs/ODD.md, 7.7, has every number of the twelve situations, and
// what it says of all of them is so.
func TestODDHasTheTwelve(t *testing.T) {
	text, err := os.ReadFile("../../docs/ODD.md")
	if err != nil {
		t.Fatal(err)
	}
	seconds := func(d time.Duration) string { return fmt.Sprint(d.Seconds()) }
	for _, s := range Twelve() {
		mended, other := "as the node", ""
		if s.Mend > 0 {
			mended = fmt.Sprintf("%d beats", s.Mend)
		}
		if s.Plan.Censor == 0 {
			other = "they drop the casts of node 0 alone "
		}
		if s.Plan.Drop == 0.5 {
			other += "they drop half "
		}
		if s.Plan.Strike > 0 {
			other += "they strike at " + seconds(s.Plan.Strike) + " s "
		}
		if s.Awake > 0 {
			other += "the honest wake at " + seconds(s.Awake) + " s "
		}
		if s.Together > 0 {
			other += fmt.Sprintf("%d share an address ", s.Together)
		}
		row := fmt.Sprintf("| %s | %d | %d of %s | %s | %s | %s | %s|", s.Name, s.Sybils, s.Reach, s.Target, seconds(s.Attack), seconds(s.Until), mended, other)
		if !strings.Contains(string(text), "\n"+row+"\n") {
			t.Errorf("docs/ODD.md has no row\n%s", row)
		}
		if s.Lurk != (s.Plan.Strike > 0) || s.Plan.Censor > 0 || s.Plan.Censor < 0 && s.Plan.Drop != 1 && s.Plan.Drop != 0.5 {
			t.Errorf("%s does what the table does not tell: %+v", s.Name, s.Plan)
		}
		// What the text above the table says of all.
		common := Situation{Honest: 1000, Dials: 20, Publishers: 100, From: 30 * time.Second, Gap: time.Second}
		rest := s
		rest.Name, rest.Sybils, rest.Reach, rest.Target, rest.Attack, rest.Until, rest.Mend = "", 0, 0, "", 0, 0, 0
		rest.Plan, rest.Lurk, rest.Awake, rest.Together = Plan{}, false, 0, 0
		if fmt.Sprintf("%+v", rest) != fmt.Sprintf("%+v", common) {
			t.Errorf("%s is beside the table\n%+v\nwant\n%+v", s.Name, rest, common)
		}
	}
	if askAgain != time.Minute || askAgainUpTo != 15*time.Second {
		t.Errorf("sybils ask again after %s and up to %s more", askAgain, askAgainUpTo)
	}
}
