package digest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/relcard/money"
)

var start = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

func entry(name, did, title string, hours int) digest.Entry {
	return digest.Entry{Name: name, Event: channel.Event{
		ID: fmt.Sprint(hours), Source: identity.DID("did:key:" + did), Kind: channel.KindOffer,
		Time: identity.At(start.Add(time.Duration(hours) * time.Hour)), Data: channel.Data{Title: title},
	}}
}

func TestPage(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	boots := entry("Acme", "z1", "Boots, half the price", 0)
	boots.Event.Data.Amount = money.Money{Currency: "EUR", Amount: "19.90"}
	boots.Event.Data.Due = identity.At(start.Add(48 * time.Hour))
	boots.Event.Data.ThirdParty = "Globex Footwear of Northern Europe"
	power := entry("Zap", "z2", "Your tariff", 1)
	power.Event.Kind, power.Event.Data.Renews = channel.KindRenewal, identity.At(start.AddDate(0, 1, 0))
	gone := entry("Acme", "z1", "Hats", 4)
	gone.Event.Data.Gone = true
	long := entry("Acme", "z3", strings.Repeat("ä", 200), 2)
	got := digest.Page([]digest.Entry{power, boots, gone, long, entry("", "z4", "Nameless", 3)}, tokyo)
	want := `5 events from 4 vendors

Acme (did:key:z1)
  2026-03-21 offer   (no more) Hats
  2026-03-20 offer   19.90 EUR by 2026-03-22 for Globex Footwear of Nort…: Boot…

Acme (did:key:z3)
  2026-03-20 offer   ` + strings.Repeat("ä", 58) + `…

Zap
  2026-03-20 renewal renews 2026-04-20 Your tariff

did:key:z4
  2026-03-21 offer   Nameless
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if empty := digest.Page(nil, tokyo); empty != "" {
		t.Errorf("no events: %q", empty)
	}
}

// However much there is, it is one page; every vendor that fits is there
// before a second event of any, and all events are shown or counted.
func TestPageIsOnePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []digest.Entry
		for v := range rapid.IntRange(1, 90).Draw(t, "vendors") {
			most := rapid.SampledFrom([]int{1, 3, 70}).Draw(t, "most")
			for i := range rapid.IntRange(1, most).Draw(t, "events") {
				entries = append(entries, entry(fmt.Sprintf("Vendor %d", v), fmt.Sprint(v), "title", i))
			}
		}
		page := digest.Page(entries, time.UTC)
		lines := strings.Split(strings.TrimSuffix(page, "\n"), "\n")
		if len(lines) > 60 || slices.ContainsFunc(lines, func(l string) bool { return utf8.RuneCountInString(l) > 80 }) {
			t.Fatalf("%d lines:\n%s", len(lines), page)
		}
		told := 0
		for _, l := range lines[1:] {
			var n int
			switch {
			case strings.HasPrefix(l, "  2026"):
				told++
			case scan(l, "  and %d more", &n), scan(l, "and %d event", &n):
				told += n
			}
		}
		if told != len(entries) {
			t.Fatalf("%d of %d events are told of:\n%s", told, len(entries), page)
		}
		slices.Reverse(entries)
		if digest.Page(entries, time.UTC) != page {
			t.Fatal("the order of arrival shows")
		}
	})
}

func scan(line, format string, n *int) bool {
	k, _ := fmt.Sscanf(line, format, n)
	return k == 1
}
