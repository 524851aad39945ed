package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// lifeTown is a person, two vendors and two bystanders, each a process of its
// own, and what the owners were told has been done.
type lifeTown struct {
	t       *testing.T
	dir     string
	pat     *proc
	shops   []*proc
	others  []*proc
	vendors map[*proc]identity.DID
	base    time.Time // of stamps
	begun   chan *lifeDeed

	promised bool // the run is for the figure
	killed   map[*proc]bool
	kills    int
	early    int // while the victim owed an answer
	restarts time.Duration

	mu    sync.Mutex // guards what follows
	count int64
	deeds []*lifeDeed
}

// lifeDir is where the nodes live: kept, with all logs, where the test fails.
func lifeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "life")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the nodes' folders and logs are in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// keepLog puts away what a killed node has logged.
func (l *lifeTown) keepLog(p *proc) {
	f, err := os.OpenFile(filepath.Join(l.dir, p.name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Error(err)
		return
	}
	fmt.Fprintf(f, "%s\n--- killed %s, kill %d\n", p.log, time.Now().UTC().Format(time.RFC3339Nano), l.kills)
	if err := f.Close(); err != nil {
		l.t.Error(err)
	}
}

// lifeTalks are the negotiations a node knows, by id.
func lifeTalks(ctx context.Context, p *proc) (map[dagcbor.CID]view.Negotiation, error) {
	all, err := p.api().Negotiations(ctx)
	out := make(map[dagcbor.CID]view.Negotiation, len(all))
	for _, v := range all {
		out[v.ID] = v
	}
	return out, err
}

// pending says what the two sides do not see alike yet, relationship by
// relationship; agreed is what they were found to agree on before.
func (l *lifeTown) pending(ctx context.Context, agreed map[dagcbor.CID]bool) ([]string, error) {
	var out []string
	mine, err := lifeTalks(ctx, l.pat)
	if err != nil {
		return nil, err
	}
	for _, shop := range l.shops {
		theirs, err := lifeTalks(ctx, shop)
		if err != nil {
			return nil, err
		}
		for id, a := range mine {
			b, has := theirs[id]
			if a.Vendor.DID == l.vendors[shop] && (!has || !sameTalk(a, b)) {
				out = append(out, fmt.Sprintf("negotiation %s: %s at pat's, %s at %s's (%t)", id, lifeTalk(a), lifeTalk(b), shop.name, has))
			}
		}
		for id := range theirs {
			if _, has := mine[id]; !has {
				out = append(out, fmt.Sprintf("negotiation %s: at %s's alone", id, shop.name))
			}
		}
		here, there := lifeWords(mine), lifeWords(theirs)
		for person := range there {
			if !maps.Equal(here[person], there[person]) {
				out = append(out, fmt.Sprintf("%s: %d statements at pat's, %d at %s's", person, len(here[person]), len(there[person]), shop.name))
			}
		}
		apart, err := l.apart(ctx, shop, agreed)
		if err != nil {
			return nil, err
		}
		out = append(out, apart...)
	}
	changes, err := l.pat.api().Changes(ctx)
	for _, c := range changes {
		if c.Telling+c.Waiting > 0 {
			out = append(out, fmt.Sprintf("change %s: %d telling, %d waiting", c.New, c.Telling, c.Waiting))
		}
	}
	return out, err
}

// apart says which cards of a shop's are not the same at both.
func (l *lifeTown) apart(ctx context.Context, shop *proc, agreed map[dagcbor.CID]bool) ([]string, error) {
	here, err := lifeCards(ctx, l.pat)
	if err != nil {
		return nil, err
	}
	there, err := lifeCards(ctx, shop)
	if err != nil {
		return nil, err
	}
	var out []string
	for id, a := range here {
		if a.Body.Vendor.DID == l.vendors[shop] && there[id].ID.IsZero() {
			out = append(out, fmt.Sprintf("card %s: %s at pat's alone", id, a.State))
		}
	}
	for id, b := range there {
		a, both := here[id]
		switch {
		case !both && bare(b): // signed by the vendor for a negotiation that has not come to a card
		case !both || a.State != b.State:
			out = append(out, fmt.Sprintf("card %s: %s %s at pat's, %s %s at %s's", id, a.State, a.Alarm, b.State, b.Alarm, shop.name))
		case !agreed[id]:
			x, errX := l.pat.api().Relationship(ctx, id)
			y, errY := shop.api().Relationship(ctx, id)
			if err := errors.Join(errX, errY); err != nil {
				return nil, err
			}
			if agreed[id] = x.Digest == y.Digest; !agreed[id] {
				out = append(out, fmt.Sprintf("card %s, %s: %s at pat's, %s at %s's", id, a.State, lifeSaid(x), lifeSaid(y), shop.name))
			}
		}
	}
	return out, nil
}

func lifeCards(ctx context.Context, p *proc) (map[dagcbor.CID]view.Card, error) {
	all, err := p.api().Cards(ctx)
	out := make(map[dagcbor.CID]view.Card, len(all))
	for _, v := range all {
		out[v.ID] = v
	}
	return out, err
}

// bare reports whether nothing of a card was ever in force.
func bare(c view.Card) bool { return c.State == "refused" || c.State == "proposed" }

func lifeSaid(r view.Relationship) string {
	return fmt.Sprintf("%d versions, %d of the person's and %d of the vendor's statements", r.Card.Versions, len(r.Person), len(r.Vendor))
}

func lifeTalk(v view.Negotiation) string { return fmt.Sprintf("%s with %d said", v.State, len(v.Log)) }

func sameTalk(a, b view.Negotiation) bool { return a.State == b.State && a.Card == b.Card }

// lifeWords are the statements of relationships that have come to no card, by
// person, and so of all that was said in them. What crossed on the way one side
// may count to one negotiation and the other to the next.
func lifeWords(talks map[dagcbor.CID]view.Negotiation) map[identity.DID]map[dagcbor.CID]bool {
	carded, words := make(map[identity.DID]bool), make(map[identity.DID]map[dagcbor.CID]bool)
	for _, v := range talks {
		carded[v.Person] = carded[v.Person] || !v.Card.IsZero()
		if words[v.Person] == nil {
			words[v.Person] = make(map[dagcbor.CID]bool)
		}
		for _, s := range v.Log {
			words[v.Person][s.ID] = true
		}
	}
	maps.DeleteFunc(words, func(p identity.DID, _ map[dagcbor.CID]bool) bool { return carded[p] })
	return words
}

// check waits until nothing is under way any more, and looks at all of it.
func (l *lifeTown) check() {
	l.t.Helper()
	began, agreed := time.Now(), make(map[dagcbor.CID]bool)
	for {
		left, err := l.pending(l.t.Context(), agreed)
		if err == nil && len(left) == 0 {
			break
		}
		if time.Since(began) > lifeSettle {
			l.t.Errorf("%s after the last kill, %d things differ, %v: %s", lifeSettle, len(left), err, left[:min(len(left), 20)])
			break
		}
		time.Sleep(time.Second)
	}
	l.t.Logf("settled %s after the last kill", time.Since(began).Round(time.Second))
	ctx := l.t.Context()
	mine, err := lifeTalks(ctx, l.pat)
	if err != nil {
		l.t.Fatal(err)
	}
	cards := make(map[dagcbor.CID]*lifeRecord)
	for _, shop := range l.shops {
		there, err := lifeCards(ctx, shop)
		if err != nil {
			l.t.Fatal(err)
		}
		for id, c := range there {
			if !bare(c) {
				cards[id] = l.checkCard(ctx, shop, id)
			}
		}
	}
	l.checkAlarms(ctx)
	l.checkDeeds(mine, cards, l.traces(ctx, mine, cards))
	for _, p := range append(slices.Clone(l.shops), l.pat) {
		p.stop()
		checkFolder(l.t, p)
	}
}

// lifeRecord is one relationship, as it was verified from a file.
type lifeRecord struct {
	chain relcard.Chain
	said  []statement.Statement
}

// checkCard verifies both sides' files, offline, and holds them to each other.
func (l *lifeTown) checkCard(ctx context.Context, shop *proc, id dagcbor.CID) *lifeRecord {
	l.t.Helper()
	here, errHere := l.pat.api().ExportCard(ctx, id)
	there, errThere := shop.api().ExportCard(ctx, id)
	if errHere != nil || errThere != nil || !bytes.Equal(here, there) {
		l.t.Errorf("card %s differs at pat's and %s's: %v, %v", id, shop.name, errHere, errThere)
	}
	var records [2]*lifeRecord
	for i, p := range []*proc{l.pat, shop} {
		file, err := p.api().DisputeCard(ctx, id, nil)
		if err == nil {
			records[i], err = readLife(file)
		}
		if err != nil {
			l.t.Errorf("card %s of %s: %v", id, p.name, err)
			return &lifeRecord{}
		}
	}
	if a, b := records[0].ids(), records[1].ids(); !slices.Equal(a, b) {
		l.t.Errorf("card %s: pat holds %d versions and statements, %s %d", id, len(a), shop.name, len(b))
	}
	return records[0]
}

// readLife verifies a file: the logs, the chain and its signatures.
func readLife(file []byte) (*lifeRecord, error) {
	now := time.Now()
	d, report, err := archive.ImportDispute(bytes.NewReader(file), now)
	if err != nil {
		return nil, err
	}
	if len(report.Divergences) > 0 || len(report.Missing) > 0 {
		return nil, fmt.Errorf("diverges: %+v, misses %v", report.Divergences, report.Missing)
	}
	var keys []*webvh.History
	for _, k := range d.Mine.Logs {
		log, err := webvh.Parse(k.Log)
		if err != nil {
			return nil, err
		}
		h, err := webvh.Verify(log, k.Witness, now)
		if err != nil {
			return nil, err
		}
		keys = append(keys, h)
	}
	ring := relcard.NewKeyring(keys...)
	r := &lifeRecord{chain: report.Mine.Chain}
	logs := make(map[identity.Role][]statement.Signed)
	for _, s := range d.Mine.Statements {
		b, _, err := statement.DecodeBody(s.Raw)
		if err != nil {
			return nil, err
		}
		logs[b.By] = append(logs[b.By], s)
	}
	for by, log := range logs {
		said, err := statement.VerifyLog(log, ring, now)
		if err != nil {
			return nil, fmt.Errorf("the %s's log: %w", by, err)
		}
		r.said = append(r.said, said...)
	}
	return r, r.inForce()
}

// inForce finds both signatures on whatever is or was in force, and on the
// end: it was acknowledged.
func (r *lifeRecord) inForce() error {
	switch s := r.chain.State(); s {
	case relcard.StateActive, relcard.StateAmending, relcard.StateEnded:
	default:
		return fmt.Errorf("it is %s", s)
	}
	agreed, ok := r.chain.Agreed()
	if !ok || agreed.Signed.Person == nil || agreed.Signed.Vendor == nil {
		return fmt.Errorf("version %s is in force without two signatures", agreed.ID)
	}
	for _, v := range r.chain.Versions() {
		if v.Body.Status == relcard.StatusEnded && !v.Countersigned() {
			return fmt.Errorf("the end %s was not acknowledged", v.ID)
		}
	}
	return nil
}

func (r *lifeRecord) ids() []string {
	var out []string
	for _, v := range r.chain.Versions() {
		out = append(out, v.ID.String())
	}
	for _, s := range r.said {
		out = append(out, s.ID.String())
	}
	slices.Sort(out)
	return out
}

// checkAlarms finds that no crash was taken for a lie, and nothing an honest
// node has said for nonsense.
func (l *lifeTown) checkAlarms(ctx context.Context) {
	l.t.Helper()
	for _, p := range append(slices.Clone(l.shops), l.pat) {
		cards, err := lifeCards(ctx, p)
		if err != nil {
			l.t.Fatal(err)
		}
		for id, c := range cards {
			if c.State == "frozen" || c.State != "refused" && c.Alarm != "" {
				l.t.Errorf("card %s is %s at %s's: %s", id, c.State, p.name, c.Alarm)
			}
		}
		for after := uint64(0); ; {
			events, err := p.api().Events(ctx, after, 0)
			if err != nil {
				l.t.Fatal(err)
			}
			for _, e := range events {
				if after = e.Seq; e.Kind == "card.frozen" || e.Kind == "statement.ignored" {
					l.t.Errorf("%s at %s's: %s", e.Kind, p.name, e.Text)
				}
			}
			if len(events) == 0 {
				break
			}
		}
	}
}

var (
	lifeMark = regexp.MustCompile(`<(\d+)>`)
	lifeMail = regexp.MustCompile(`pat(\d+)@`)
)

// traces counts, by deed, how often it has left its mark in the records.
func (l *lifeTown) traces(ctx context.Context, talks map[dagcbor.CID]view.Negotiation, cards map[dagcbor.CID]*lifeRecord) map[int64]int {
	l.t.Helper()
	seen := make(map[int64]int)
	note := func(re *regexp.Regexp, text string) {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			n, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				l.t.Fatal(err)
			}
			seen[n]++
		}
	}
	stamp := func(t identity.Time) int64 { return int64(t.Std().Sub(identity.At(l.base).Std()) / time.Second) }
	for _, talk := range talks {
		seen[stamp(talk.Expires)]++
		for i, s := range talk.Log { // each statement is there once
			if s.Kind == string(negotiation.KindClose) && !slices.ContainsFunc(talk.Log[:i], func(e view.Statement) bool { return e.ID == s.ID }) {
				note(lifeMark, s.Text)
			}
		}
	}
	for _, r := range cards {
		for _, v := range r.chain.Versions() {
			before, _ := r.chain.Version(v.Body.Prev)
			switch {
			case v.Body.End != nil:
				note(lifeMark, v.Body.End.Reason)
			case v.Body.Location != before.Body.Location:
				note(lifeMark, v.Body.Location)
			}
		}
		for _, s := range r.said {
			switch s.Body.Kind {
			case "decline":
				note(lifeMark, string(s.Body.Content))
			case disclosure.KindDisclose:
				d, err := disclosure.DecodeDisclose(s.Body.Content)
				if err != nil {
					l.t.Fatal(err)
				}
				for _, it := range d.Items {
					if it.Path == lifePhone {
						seen[stamp(it.Until)]++
					}
				}
			}
		}
	}
	changes, err := l.pat.api().Changes(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range changes {
		note(lifeMail, c.New)
	}
	return seen
}

// checkDeeds finds each acknowledged deed once, what was refused not at all,
// and of the rest none twice.
func (l *lifeTown) checkDeeds(talks map[dagcbor.CID]view.Negotiation, cards map[dagcbor.CID]*lifeRecord, seen map[int64]int) {
	l.t.Helper()
	counts := make(map[string]int)
	for _, d := range l.deeds {
		counts[d.what+", "+d.outcome]++
		if d.outcome == lifeDone && !d.card.IsZero() && cards[d.card] == nil {
			l.t.Errorf("%s: the card is gone", d)
			continue
		}
		switch d.what {
		case lifeYes:
			if talk := talks[d.talk]; d.outcome == lifeDone && talk.State != negotiation.StateAgreed {
				l.t.Errorf("%s: the negotiation is %s: %s", d, talk.State, talk.Why)
			}
			continue
		case lifeSign:
			if d.outcome != lifeDone {
				continue
			}
			if v, ok := cards[d.card].chain.Version(d.version); !ok || !v.Countersigned() && v.Body.End == nil {
				l.t.Errorf("%s: version %s is not in force", d, d.version)
			}
			continue
		case lifeNo:
			if talk := talks[d.talk]; d.outcome == lifeDone && talk.State != negotiation.StateClosed {
				l.t.Errorf("%s: the negotiation is %s", d, talk.State)
			}
		}
		if n := seen[d.n]; n > 1 || d.outcome == lifeDone && n == 0 || d.outcome == lifeRefused && n > 0 {
			l.t.Errorf("%s: it is there %d times", d, n)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		l.t.Logf("%6d %s", counts[what], what)
	}
	if !l.shown() {
		l.t.Error("no relationship was amended and ended: the test has shown nothing")
	}
}
