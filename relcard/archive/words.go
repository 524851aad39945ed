package archive

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/terms"
)

// stateWords says what each state means to a reader.
var stateWords = map[relcard.State]string{
	relcard.StateProposed: "proposed by one party, not in force",
	relcard.StateActive:   "in force, signed by both parties",
	relcard.StateAmending: "in force, with a change proposed",
	relcard.StateEnded:    "ended",
	relcard.StateFrozen:   "frozen: two continuations that contradict each other",
}

// declinedWords says what a state means where all that is proposed has been
// declined: proposed it stays, as far as signatures go.
var declinedWords = map[relcard.State]string{
	relcard.StateProposed: "proposed by one party and declined by the other, not in force",
	relcard.StateAmending: "in force; a change was proposed, and declined",
}

func (r *Report) stateWords() string {
	if words, ok := declinedWords[r.State]; ok && r.allDeclined() {
		return words
	}
	return stateWords[r.State]
}

// allDeclined reports whether nothing that is proposed waits for a signature.
func (r *Report) allDeclined() bool {
	pending := r.Chain.Pending()
	for _, v := range pending {
		said := func(w VersionReport) bool { return w.ID == v.ID && w.Declined != nil }
		if !slices.ContainsFunc(r.Versions, said) {
			return false
		}
	}
	return len(pending) > 0
}

// lines writes a fact a line.
type lines struct {
	strings.Builder
	indent string
}

func (l *lines) line(format string, args ...any) {
	fmt.Fprintf(l, l.indent+format+"\n", args...)
}

// String tells the report in plain words, a fact a line.
func (r *Report) String() string {
	l := new(lines)
	r.tell(l)
	return l.String()
}

func (r *Report) tell(l *lines) {
	l.line("relationship card %s", r.Card)
	l.line("  person:  %s", party(r.Person))
	l.line("  vendor:  %s", party(r.Vendor))
	l.line("  terms:   %s", termsWords(r.Terms))
	l.line("  state:   %s", r.stateWords())
	if r.Fork != "" {
		l.line("  alarm:   %s", r.Fork)
	}
	for _, m := range r.Missing {
		l.line("  missing: %s", m)
	}
	if r.Ended != nil {
		l.line("  ended by the %s%s", r.Ended.By, quoted(": ", r.Ended.Reason))
	}
	for _, v := range r.Versions {
		l.line("version %d, %s: %s", v.Seq, v.ID, versionWords(v, r))
		v.tell(l, r.Terms)
	}
	names := r.names()
	for _, s := range r.Statements {
		s.tell(l, names)
	}
	r.tellData(l)
}

func (v VersionReport) tell(l *lines, known terms.Ref) {
	l.line("  written: %s", v.Time)
	if v.Terms != known {
		l.line("  terms:   %s", termsWords(v.Terms))
	}
	if v.Total != "" {
		l.line("  total:   %s", v.Total)
	}
	for _, s := range v.Signatures {
		l.line("  signed:  by the %s at %s, %s", s.Role, s.Time, keyWords(s))
	}
}

// names calls statements as a reader knows them.
func (r *Report) names() map[dagcbor.CID]string {
	m := make(map[dagcbor.CID]string)
	for _, s := range r.Statements {
		m[s.ID] = fmt.Sprintf("%s statement %d", s.By, s.Seq)
	}
	return m
}

func (s StatementReport) tell(l *lines, names map[dagcbor.CID]string) {
	l.line("%s statement %d, %s: %s", s.By, s.Seq, s.ID, s.Kind)
	l.line("  written: %s", s.Time)
	if !s.Answers.IsZero() {
		l.line("  answers: %s", named(s.Answers, names))
	}
	l.line("  signed:  by the %s at %s, %s", s.Signature.Role, s.Signature.Time, keyWords(s.Signature))
}

func named(id dagcbor.CID, names map[dagcbor.CID]string) string {
	if n, ok := names[id]; ok {
		return n
	}
	return "a statement that is not here, " + id.String()
}

// tellData tells what was given, demanded and shown.
func (r *Report) tellData(l *lines) {
	if r.Data == nil {
		return
	}
	for _, e := range r.Data.Entries {
		l.line("data %d, %s for %s: %s", e.Item.ID, e.Item.Path, strings.Join(e.Item.Purpose, ", "), entryWords(e))
		for _, s := range r.Shown {
			if s.Item == e.Item.ID && s.Statement == e.Statement {
				l.line("  shown:   %s", visible(string(s.Value)))
			}
		}
	}
	for _, d := range r.Data.Demands {
		l.line("demand of %s to %s %s by %s: %s", d.Made, d.Demand.What, items(d.Items), d.Demand.Deadline, demandWords(d))
		for _, s := range r.Shown {
			if s.Item == 0 && s.Statement == d.Answer {
				l.line("  shown:   %s", visible(string(s.Value)))
			}
		}
	}
	for _, p := range r.Data.Problems {
		l.line("without effect: %s", visible(p))
	}
}

func items(ids []uint64) string {
	if len(ids) == 0 {
		return "nothing"
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprint(id)
	}
	return "data " + strings.Join(words, ", ")
}

func entryWords(e disclosure.Entry) string {
	words := fmt.Sprintf("given %s, ", e.Shared)
	switch e.State {
	case disclosure.StateWaiting:
		return words + "no receipt"
	case disclosure.StateRecorded:
		return words + fmt.Sprintf("recorded %s", e.ReceiptAt)
	case disclosure.StateFuture:
		return words + fmt.Sprintf("recorded %s, to be used from %s", e.ReceiptAt, e.Item.From)
	case disclosure.StateRefused:
		return words + fmt.Sprintf("refused %s%s", e.ReceiptAt, quoted(": ", e.Reason))
	case disclosure.StateReplaced:
		return words + fmt.Sprintf("replaced by %d from %s", e.ReplacedBy, e.ReplacedAt)
	case disclosure.StateExpired:
		return words + fmt.Sprintf("expired %s", e.Item.Until)
	case disclosure.StateRetracted:
		return words + fmt.Sprintf("taken back %s", e.RetractedAt)
	}
	return words + fmt.Sprintf("deleted %s, the vendor says", e.DeletedAt)
}

func demandWords(d disclosure.DemandEntry) string {
	late := ""
	if !d.Overdue.IsZero() {
		late = ", after the deadline"
	}
	switch d.State {
	case disclosure.DemandOverdue:
		return "overdue, no answer"
	case disclosure.DemandPartly:
		if late != "" {
			late = ", the rest overdue"
		}
		return fmt.Sprintf("done for %s%s%s", items(d.Done), late, quoted(": ", d.Reason))
	case disclosure.DemandRefused:
		return fmt.Sprintf("refused %s%s%s", d.AnsweredAt, late, quoted(": ", d.Reason))
	case disclosure.DemandComplied:
		return fmt.Sprintf("done %s%s, the vendor says", d.AnsweredAt, late)
	}
	return "no answer yet"
}

func party(p relcard.Party) string { return string(p.DID) + quoted(" ", p.Name) }

func quoted(before, s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%s%q", before, s)
}

// visible escapes what would not show as it stands. In JSON it still means the
// same.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.String()
}

func termsWords(t terms.Ref) string {
	if a, ok := terms.Lookup(t.ID); ok {
		return fmt.Sprintf("%s: %s", t, a.Title)
	}
	return t.String()
}

func versionWords(v VersionReport, r *Report) string {
	switch {
	case v.ID == r.InForce && r.State == relcard.StateEnded:
		return "the last agreement before the end"
	case v.ID == r.InForce:
		return "the agreement in force"
	case v.State == relcard.StateActive:
		return "agreed by both"
	case v.State == relcard.StateEnded && len(v.Signatures) == 2:
		return "the end, acknowledged"
	case v.State == relcard.StateEnded:
		return "the end"
	}
	if d := v.Declined; d != nil {
		return fmt.Sprintf("proposed, declined by the %s%s", d.By, quoted(": ", d.Reason))
	}
	return "proposed, never countersigned"
}

func keyWords(s Signature) string {
	switch {
	case s.KeyVersion == "":
		return "with the key its identifier is"
	case s.KeyUntil.IsZero():
		return fmt.Sprintf("under key version %s, which stands since %s", s.KeyVersion, s.KeySince)
	}
	return fmt.Sprintf("under key version %s, which stood from %s until %s", s.KeyVersion, s.KeySince, s.KeyUntil)
}
