package archive_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
)

func hour(n int) identity.Time { return identity.At(start.Add(time.Duration(n) * time.Hour)) }

// What became of a piece of data is told in plain words.
func TestWordsOfData(t *testing.T) {
	item := disclosure.Item{ID: 4, Path: "emails/work", Purpose: []string{"contact", "support"}, From: hour(5), Until: hour(9)}
	for state, want := range map[disclosure.State]string{
		disclosure.StateWaiting:   "no receipt",
		disclosure.StateRecorded:  "recorded 2026-03-01T09:00:00Z",
		disclosure.StateFuture:    "recorded 2026-03-01T09:00:00Z, to be used from 2026-03-01T13:00:00Z",
		disclosure.StateRefused:   `refused 2026-03-01T09:00:00Z: "no \"such\" place"`,
		disclosure.StateReplaced:  "replaced by 7 from 2026-03-01T10:00:00Z",
		disclosure.StateExpired:   "expired 2026-03-01T17:00:00Z",
		disclosure.StateRetracted: "taken back 2026-03-01T11:00:00Z",
		disclosure.StateDeleted:   "deleted 2026-03-01T12:00:00Z, the vendor says",
	} {
		e := disclosure.Entry{Item: item, State: state, Shared: hour(0), ReceiptAt: hour(1), Reason: `no "such" place`,
			ReplacedBy: 7, ReplacedAt: hour(2), RetractedAt: hour(3), DeletedAt: hour(4)}
		r := archive.Report{Data: &disclosure.Ledger{Entries: []disclosure.Entry{e}}}
		line := "\ndata 4, emails/work for contact, support: given 2026-03-01T08:00:00Z, " + want + "\n"
		if !strings.Contains(r.String(), line) {
			t.Errorf("%s: %s does not say %s", state, r.String(), line)
		}
	}
}

func TestWordsOfDemands(t *testing.T) {
	demand := disclosure.Demand{What: disclosure.WantCopy, Deadline: hour(9)}
	for want, d := range map[string]disclosure.DemandEntry{
		"no answer yet":                                                  {State: disclosure.DemandWaiting},
		"overdue, no answer":                                             {State: disclosure.DemandOverdue, Overdue: hour(9)},
		`done for data 1, 3: "some"`:                                     {State: disclosure.DemandPartly, Done: []uint64{1, 3}, Reason: "some"},
		`done for data 1, the rest overdue: "some"`:                      {State: disclosure.DemandPartly, Done: []uint64{1}, Overdue: hour(9), Reason: "some"},
		`refused 2026-03-01T18:00:00Z, after the deadline: "no"`:         {State: disclosure.DemandRefused, AnsweredAt: hour(10), Overdue: hour(9), Reason: "no"},
		"done 2026-03-01T16:00:00Z, the vendor says":                     {State: disclosure.DemandComplied, AnsweredAt: hour(8)},
		"done 2026-03-01T18:00:00Z, after the deadline, the vendor says": {State: disclosure.DemandComplied, AnsweredAt: hour(10), Overdue: hour(9)},
	} {
		d.Demand, d.Made = demand, hour(0)
		r := archive.Report{Data: &disclosure.Ledger{Demands: []disclosure.DemandEntry{d}}}
		line := "\ndemand of 2026-03-01T08:00:00Z to copy nothing by 2026-03-01T17:00:00Z: " + want + "\n"
		if !strings.Contains(r.String(), line) {
			t.Errorf("%s does not say %s", r.String(), line)
		}
	}
}

// A stranger's words can't pass for the report's own.
func TestWordsOfStrangersStayOnTheirLine(t *testing.T) {
	r := archive.Report{
		Data: &disclosure.Ledger{
			Entries:  []disclosure.Entry{{Item: disclosure.Item{ID: 1, Path: "name"}}},
			Problems: []string{"vendor statement 3 (receipt): a\nno divergence\u202e \U000e0001"},
		},
		Shown: []archive.Shown{{Item: 1, Path: "name", Value: []byte("\"\u2028x\"")}},
	}
	text := r.String()
	for _, want := range []string{"without effect: vendor statement 3 (receipt): a\\u000ano divergence\\u202e \\udb40\\udc01\n", "  shown:   \"\\u2028x\"\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}
