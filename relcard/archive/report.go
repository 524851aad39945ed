package archive

import (
	"fmt"
	"strings"

	"github.com/parley-network/parley/relcard"
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

// String tells the report in plain words, a fact a line.
func (r *Report) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("relationship card %s", r.Card)
	line("  person:  %s", party(r.Person))
	line("  vendor:  %s", party(r.Vendor))
	line("  terms:   %s", termsWords(r.Terms))
	line("  state:   %s", stateWords[r.State])
	if r.Fork != "" {
		line("  alarm:   %s", r.Fork)
	}
	if r.Ended != nil {
		line("  ended by the %s%s", r.Ended.By, quoted(": ", r.Ended.Reason))
	}
	for _, v := range r.Versions {
		line("version %d, %s: %s", v.Seq, v.ID, versionWords(v, r))
		line("  written: %s", v.Time)
		if v.Terms != r.Terms {
			line("  terms:   %s", termsWords(v.Terms))
		}
		if v.Total != "" {
			line("  total:   %s", v.Total)
		}
		for _, s := range v.Signatures {
			line("  signed:  by the %s at %s, %s", s.Role, s.Time, keyWords(s))
		}
	}
	return b.String()
}

func party(p relcard.Party) string { return string(p.DID) + quoted(" ", p.Name) }

func quoted(before, s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%s%q", before, s)
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
