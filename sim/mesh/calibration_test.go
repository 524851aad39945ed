package mesh

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// What ships reads back as it is written, and says where its numbers come from.
func TestCalibrationRoundTrip(t *testing.T) {
	b, err := Default().JSON()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCalibration(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.JSON()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("written again: %v\n%s", err, again)
	}
	if len(c.Measured) == 0 {
		t.Error("nothing says where the constants were measured")
	}
}

func TestCalibrationRefused(t *testing.T) {
	for change, reason := range map[[2]string]string{
		{`"hold"`, `"holds"`}:                         "unknown field",
		{`"2ms"`, `"2"`}:                              "want a number with its unit",
		{`"outbound": 1`, `"outbound": -1`}:           "outbound",
		{`"2ms"`, `"2h"`}:                             "hold",
		{`"mend": 7`, `"mend": 0`}:                    "mend",
		{`"factor": 0.5`, `"factor": 1.5`}:            "factor",
		{`"packet_bytes": 1200`, `"packet_bytes": 0`}: "packet_bytes",
	} {
		text := bytes.Replace(defaults, []byte(change[0]), []byte(change[1]), 1)
		if _, err := ParseCalibration(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", change[1], err, reason)
		}
	}
	if _, err := ParseCalibration(append(bytes.Clone(defaults), '{', '}')); err == nil || !strings.Contains(err.Error(), "something follows") {
		t.Errorf("two values: %v", err)
	}
}

func FuzzParseCalibration(f *testing.F) {
	f.Add(defaults)
	f.Add([]byte(`{"hold": "2ms"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCalibration(b)
		if err != nil {
			return
		}
		if err := c.Check(); err != nil {
			t.Errorf("taken, and impossible: %v", err)
		}
		if _, err := c.JSON(); err != nil {
			t.Errorf("taken, and can't be written: %v", err)
		}
	})
}

// The model's constants are the node's: whoever changes those in package gossip
// is told here.
func TestConstantsAreTheNodes(t *testing.T) {
	r, c := theRules(), Default()
	source := readAll(t, "score.go", "scoreconduct.go", "aside.go", "mesh.go", "gate.go", "pubsub.go")
	for pattern, ours := range map[string]float64{
		`scoreGossip\s+= (\S+)`:                   float64(r.gossip),
		`scoreGraylist = (\S+)`:                   float64(r.graylist),
		`scoreCap = (\S+)`:                        float64(r.cap),
		`scoreInvalid = (\S+)`:                    float64(r.invalid),
		`scoreSilent = (\S+)`:                     float64(r.silent),
		`scoreProven = (\S+)`:                     float64(r.proven),
		`scoreMend\s+= (\S+)`:                     float64(r.mend),
		`IPColocationFactorThreshold: (\d+)`:      float64(r.together),
		`IPColocationFactorWeight:\s+(-\d+)`:      float64(r.address),
		`BehaviourPenaltyThreshold: (\d+)`:        float64(r.pushFree),
		`BehaviourPenaltyWeight:\s+(-\d+)`:        float64(r.push),
		`FirstMessageDeliveriesCap:\s+(\d+)`:      float64(r.firstCap),
		`silentAfter = (\d+)`:                     float64(r.silentAfter),
		`failedAfter = (\d+)`:                     float64(r.failedAfter),
		`atOnce = (\d+)`:                          float64(r.atOnce),
		`sound = (\d+)`:                           float64(r.sound),
		`p\.Dscore = (\d+)`:                       float64(c.Best),
		`p\.Dlazy, p\.GossipFactor = .*, (\S+)`:   c.Factor,
		`p\.Dout = (\d+)`:                         float64(c.Outbound),
		`p\.PruneBackoff = (\d+) \* time.Second`:  c.Backoff.Std().Seconds(),
		`OpportunisticGraftPeers = \d+, (\d+)`:    float64(c.MendPeers),
		`HistoryLength = (\d+),`:                  float64(c.Announce),
		`OpportunisticGraftTicks, .* = (\d+), \d`: float64(c.Mend),
		`IDontWantMessageThreshold = (\d+)`:       float64(c.HaveOver),
		`relayAfter = (\d+) \* time.Millisecond`:  float64(c.Hold) / 1e6,
		`topicRate = (\d+)`:                       topicRate,
		`turnSpan  = (\d+) \* time.Minute`:        turnSpan.Minutes(),
		`turnLeast = (\d+)`:                       turnLeast,
		`messageRate, messageBurst = (\d+),`:      messageRate,
	} {
		found := regexp.MustCompile(pattern).FindStringSubmatch(source)
		if found == nil {
			t.Errorf("%s: not found in package gossip", pattern)
			continue
		}
		if theirs, err := strconv.ParseFloat(found[1], 64); err != nil || float32(theirs) != float32(ours) {
			t.Errorf("%s: the node has %s, the model %v", pattern, found[1], ours)
		}
	}
}

func readAll(t *testing.T, names ...string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("..", "..", "gossip", name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// A scenario may bring constants of its own: a study of the overlay goes by
// them, and refuses what is none.
func TestStudyGoesByTheScenariosConstants(t *testing.T) {
	s := scenario.Default()
	s.Study, s.Clock.Unit, s.Clock.Steps, s.People.Count = "admission", "hour", 1, 20
	value := func() float64 {
		t.Helper()
		out, err := Study(context.Background(), s, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.Values {
			if v.Name == "spam_bytes_per_node_and_hour" {
				return v.Number
			}
		}
		t.Fatal("the value is not found")
		return 0
	}
	s.Attack.Kind, s.Attack.Sybils, s.Attack.Rate = "spam", 3, 1
	ships := value()
	c := Default()
	c.Copy *= 20
	text, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	s.Constants = text
	if own := value(); own <= ships {
		t.Errorf("with copies of 20 times the bytes, spam takes %v, with those that ship %v", own, ships)
	}
	s.Constants = []byte(`{"copy": 3}`)
	if _, err := Study(context.Background(), s, 1, nil); err == nil || !strings.Contains(err.Error(), "read calibration") {
		t.Errorf("constants that are none: %v", err)
	}
	if _, err := CalibrationOf(s, Default()); err == nil {
		t.Error("they are taken")
	}
}
