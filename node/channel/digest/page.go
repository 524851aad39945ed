package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/relcard/money"
)

// Entry is one event for a digest, and the name of its vendor as the person
// knows it.
type Entry struct {
	Name  string
	Event channel.Event
}

const (
	pageLines = 60 // of a page, the first two a heading
	pageWidth = 80 // characters of a line
	nameWidth = 24 // of a third party's name, which is to leave room for the title
)

// Page returns one page of plain text, at most 60 lines of 80 characters, about
// the events: by vendor, each vendor's newest first, times as loc's clock shows
// them. What does not fit is counted. Two vendors of one name are told apart by
// their identifiers. It returns "" for no events.
func Page(entries []Entry, loc *time.Location) string {
	if len(entries) == 0 {
		return ""
	}
	vendors := group(entries)
	p := &page{loc: loc}
	p.line(fmt.Sprintf("%s from %s", count(len(entries), "event"), count(len(vendors), "vendor")))
	shown, each := fit(vendors)
	for _, v := range vendors[:shown] {
		p.line("")
		p.vendor(v, each)
	}
	if left := vendors[shown:]; len(left) > 0 {
		n := 0
		for _, v := range left {
			n += len(v.events)
		}
		p.line("")
		p.line(fmt.Sprintf("and %s from %s more", count(n, "event"), count(len(left), "vendor")))
	}
	return p.b.String()
}

type vendor struct {
	did    identity.DID
	name   string
	events []channel.Event
}

func group(entries []Entry) []vendor {
	byDID := map[identity.DID]*vendor{}
	bearers := map[string]map[identity.DID]bool{}
	for _, e := range entries {
		did := e.Event.Source
		if byDID[did] == nil {
			byDID[did] = &vendor{did: did, name: cmp.Or(plain(e.Name), string(did))}
		}
		v := byDID[did]
		v.events = append(v.events, e.Event)
		if bearers[v.name] == nil {
			bearers[v.name] = map[identity.DID]bool{}
		}
		bearers[v.name][did] = true
	}
	var list []vendor
	for _, v := range byDID {
		slices.SortStableFunc(v.events, func(a, b channel.Event) int {
			return cmp.Or(b.Time.Std().Compare(a.Time.Std()), cmp.Compare(a.ID, b.ID))
		})
		if len(bearers[v.name]) > 1 {
			v.name = fmt.Sprintf("%s (%s)", v.name, v.did)
		}
		list = append(list, *v)
	}
	slices.SortFunc(list, func(a, b vendor) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.did, b.did)) })
	return list
}

// fit returns how many vendors a page has room for and how many events of
// each, so that a vendor of many events takes no other's place.
func fit(vendors []vendor) (shown, each int) {
	most := 0
	for _, v := range vendors {
		most = max(most, len(v.events))
	}
	for each = most; each > 1; each-- {
		if lines(vendors, each) <= pageLines-1 {
			return len(vendors), each
		}
	}
	for shown = len(vendors); shown > 0; shown-- {
		room := pageLines - 1
		if shown < len(vendors) {
			room -= 2 // the line that counts the rest
		}
		if lines(vendors[:shown], 1) <= room {
			break
		}
	}
	return shown, 1
}

// lines counts what the vendors take at each events: a blank, a name, the
// events and what counts those left out.
func lines(vendors []vendor, each int) int {
	n := 0
	for _, v := range vendors {
		n += 2 + min(each, len(v.events))
		if len(v.events) > each {
			n++
		}
	}
	return n
}

type page struct {
	b   strings.Builder
	loc *time.Location
}

// line writes s, cut to the width of the page.
func (p *page) line(s string) {
	p.b.WriteString(strings.TrimRight(cut(s, pageWidth), " "))
	p.b.WriteByte('\n')
}

func (p *page) vendor(v vendor, each int) {
	p.line(v.name)
	for _, e := range v.events[:min(each, len(v.events))] {
		p.line(p.event(e))
	}
	if left := len(v.events) - each; left > 0 {
		p.line(fmt.Sprintf("  and %d more", left))
	}
}

// event is one line; what decides whether to read on comes before the title.
func (p *page) event(e channel.Event) string {
	d := e.Data
	parts := []string{"  " + e.Time.Std().In(p.loc).Format("2006-01-02"), fmt.Sprintf("%-7s", e.Kind)}
	if d.Gone {
		parts = append(parts, "(no more)")
	}
	if d.Amount != (money.Money{}) {
		parts = append(parts, d.Amount.String())
	}
	if !d.Due.IsZero() {
		parts = append(parts, "by "+d.Due.Std().In(p.loc).Format("2006-01-02"))
	}
	if !d.Renews.IsZero() {
		parts = append(parts, "renews "+d.Renews.Std().In(p.loc).Format("2006-01-02"))
	}
	if d.ThirdParty != "" {
		parts = append(parts, "for "+cut(plain(d.ThirdParty), nameWidth)+":")
	}
	return strings.Join(append(parts, plain(d.Title)), " ")
}

// plain keeps a name on its line.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
