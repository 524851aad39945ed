package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/api"
	"github.com/parley-network/parley/node/api/apitest"
	"github.com/parley-network/parley/node/button"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
)

// A client is what a node is in all that has to do with relationships.
var _ interface {
	api.Negotiator
	api.Keeper
	api.Listener
} = (*client.Client)(nil)

// secret stands in round trips for what is nobody's business: values of the
// owner's, numbers, and words to the other side.
const secret = "SECRET value"

// someone is the example of did:key.
const someone = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

// trip is one call of a method of a client.
type trip struct {
	method string // the method's name
	call   func(context.Context, *client.Client) (any, error)
	want   any    // what the node says
	last   string // what it was asked
	given  any    // and with what, where that is more than ids and texts
}

// did turns a call without a result into one of a trip.
func did(err error) (any, error) { return nil, err }

func negotiatorTrips(n *apitest.Node) []trip {
	card, talk, shop := apitest.ID("card"), apitest.ID("proffer"), n.Known[0].DID
	c, p := card.String(), talk.String()
	text := secret
	proffer := view.ProfferWant{Vendor: shop, Agreements: []string{"SD-BASE"}, Text: secret, Expires: apitest.When}
	amend := view.Amendment{Terms: "SD-BASE-A", Location: &text, Lines: &[]relcard.Line{}}
	prefers := negotiation.Preferences{Vendors: map[identity.DID]negotiation.Choice{someone: {Never: []string{"SD-BASE-ATP"}}}}
	may := view.MayAsk{Practice: "profiling", Field: "emails/home", Third: true}
	return []trip{
		{"Vendors", func(ctx context.Context, c *client.Client) (any, error) { return c.Vendors(ctx) }, n.Known, "vendors", nil},
		{"Vendor", func(ctx context.Context, c *client.Client) (any, error) { return c.Vendor(ctx, shop) }, n.Known[0], "vendor " + string(shop), nil},
		{"Proffer", func(ctx context.Context, c *client.Client) (any, error) { return c.Proffer(ctx, proffer) }, n.Talks[0], "proffer to " + string(shop), proffer},
		{"Negotiations", func(ctx context.Context, c *client.Client) (any, error) { return c.Negotiations(ctx) }, n.Talks, "negotiations", nil},
		{"Negotiation", func(ctx context.Context, c *client.Client) (any, error) { return c.Negotiation(ctx, talk) }, n.Talks[0], "negotiation " + p, nil},
		{"Decide", func(ctx context.Context, c *client.Client) (any, error) { return c.Decide(ctx, talk, true, "") }, n.Talks[0], "decide " + p + " true: ", nil},
		{"Decide", func(ctx context.Context, c *client.Client) (any, error) { return c.Decide(ctx, talk, false, secret) }, n.Talks[0], "decide " + p + " false: " + secret, nil},
		{"SetPreferences", func(ctx context.Context, c *client.Client) (any, error) { return did(c.SetPreferences(ctx, prefers)) }, nil, "preferences", prefers},
		{"Preferences", func(ctx context.Context, c *client.Client) (any, error) { return c.Preferences(ctx) }, prefers, "preferences", nil},
		{"AmendCard", func(ctx context.Context, c *client.Client) (any, error) { return c.AmendCard(ctx, card, amend) }, n.Held[0], "amend card " + c, amend},
		{"SignCard", func(ctx context.Context, c *client.Client) (any, error) { return c.SignCard(ctx, card) }, n.Held[0], "sign card " + c, nil},
		{"DeclineCard", func(ctx context.Context, c *client.Client) (any, error) { return c.DeclineCard(ctx, card, secret) }, n.Held[0], "decline card " + c + ": " + secret, nil},
		{"Relationship", func(ctx context.Context, c *client.Client) (any, error) { return c.Relationship(ctx, card) }, n.Said, "relationship " + c, nil},
		{"Button", func(ctx context.Context, c *client.Client) (any, error) { return c.Button(ctx, shop) }, button.Both, "button " + string(shop), nil},
		{"May", func(ctx context.Context, c *client.Client) (any, error) { return c.May(ctx, card, may) }, n.MayDo, "may " + c + ": profiling", may},
		{"ExportTerms", func(ctx context.Context, c *client.Client) (any, error) { return c.ExportTerms(ctx, card, "iso27560") }, n.Paper, "export terms " + c + " as iso27560", nil},
		{"DisputeCard", func(ctx context.Context, c *client.Client) (any, error) { return c.DisputeCard(ctx, card, nil) }, n.Bundle, "dispute " + c + " []", nil},
		{"DisputeCard", func(ctx context.Context, c *client.Client) (any, error) {
			return c.DisputeCard(ctx, card, []uint64{3, 1<<64 - 1})
		}, n.Bundle, "dispute " + c + " [3 18446744073709551615]", nil},
		{"VerifyDispute", func(ctx context.Context, c *client.Client) (any, error) { return c.VerifyDispute(ctx, []byte("1234")) }, n.Found, "verify dispute of 4 bytes", nil},
	}
}

func keeperTrips(n *apitest.Node) []trip {
	card, offer, intent := apitest.ID("card"), apitest.ID("offer"), apitest.ID("intent")
	c := card.String()
	change := view.ChangeWant{Text: secret, From: apitest.When, Cards: []dagcbor.CID{card}, Quiet: true}
	share := view.ShareWant{Paths: []string{"addresses/home"}, Purpose: []string{"delivery"}, Until: apitest.When, Canary: "alias"}
	demand := view.DemandWant{What: "delete", Items: []uint64{7}, Deadline: apitest.When, Reason: secret}
	comply := view.ComplyWant{Demand: apitest.ID("demand"), Did: "refused", Reason: secret}
	release := view.ReleaseWant{Offer: offer, Names: []string{secret}}
	club := view.Programme{Name: "Avis Wizard", Number: secret, Note: secret, Since: apitest.When}
	loyal := view.LoyaltyWant{Level: "devoted", Text: secret, Since: apitest.When, Programmes: []string{"Avis Wizard"}}
	hidden := n.Clubs[0]
	hidden.Number = ""
	return []trip{
		{"Profile", func(ctx context.Context, c *client.Client) (any, error) { return c.Profile(ctx) }, n.Pieces, "profile", nil},
		{"SetPiece", func(ctx context.Context, c *client.Client) (any, error) {
			return c.SetPiece(ctx, "emails/work", change)
		}, n.Told[0], "set piece emails/work", change},
		{"RemovePiece", func(ctx context.Context, c *client.Client) (any, error) {
			return did(c.RemovePiece(ctx, "addresses/home"))
		}, nil, "remove piece addresses/home", nil},
		{"ImportProfile", func(ctx context.Context, c *client.Client) (any, error) {
			return c.ImportProfile(ctx, "jscontact", []byte(secret), true)
		}, n.Took, "import jscontact of 12 bytes quiet=true", nil},
		{"ExportProfile", func(ctx context.Context, c *client.Client) (any, error) { return c.ExportProfile(ctx, "vcard") }, n.Contact, "export profile as vcard", nil},
		{"Changes", func(ctx context.Context, c *client.Client) (any, error) { return c.Changes(ctx) }, n.Told, "changes", nil},
		{"Change", func(ctx context.Context, c *client.Client) (any, error) { return c.Change(ctx, "c1") }, n.Told[0], "change c1", nil},
		{"UndoChange", func(ctx context.Context, c *client.Client) (any, error) { return c.UndoChange(ctx, "c1") }, n.Told[0], "undo change c1", nil},
		{"Share", func(ctx context.Context, c *client.Client) (any, error) { return c.Share(ctx, card, share) }, n.Ledger, "share under " + c, share},
		{"Retract", func(ctx context.Context, c *client.Client) (any, error) {
			return c.Retract(ctx, card, []uint64{7, 9}, secret)
		}, n.Ledger, "retract [7 9] under " + c + ": " + secret, nil},
		{"Shared", func(ctx context.Context, c *client.Client) (any, error) { return c.Shared(ctx, dagcbor.CID{}, "") }, n.Ledger, "shared card= path=", nil},
		{"Shared", func(ctx context.Context, c *client.Client) (any, error) { return c.Shared(ctx, card, "addresses/home") }, n.Ledger, "shared card=" + c + " path=addresses/home", nil},
		{"Demand", func(ctx context.Context, c *client.Client) (any, error) { return c.Demand(ctx, card, demand) }, n.Demanded[0], "demand delete under " + c, demand},
		{"Demands", func(ctx context.Context, c *client.Client) (any, error) { return c.Demands(ctx, dagcbor.CID{}) }, n.Demanded, "demands card=", nil},
		{"Demands", func(ctx context.Context, c *client.Client) (any, error) { return c.Demands(ctx, card) }, n.Demanded, "demands card=" + c, nil},
		{"Comply", func(ctx context.Context, c *client.Client) (any, error) { return c.Comply(ctx, card, comply) }, n.Demanded[0], "comply with " + comply.Demand.String() + " under " + c, comply},
		{"Release", func(ctx context.Context, c *client.Client) (any, error) { return c.Release(ctx, release) }, n.Opened, "release [" + secret + "] to " + offer.String(), release},
		{"Released", func(ctx context.Context, c *client.Client) (any, error) { return c.Released(ctx, intent) }, n.Opened, "released " + intent.String(), nil},
		{"CheckLeak", func(ctx context.Context, c *client.Client) (any, error) { return c.CheckLeak(ctx, secret) }, n.Leaked, "check leak " + secret, nil},
		{"LeakEvidence", func(ctx context.Context, c *client.Client) (any, error) { return c.LeakEvidence(ctx, card, 7) }, n.Bundle, "evidence " + c + " 7", nil},
		{"Programmes", func(ctx context.Context, c *client.Client) (any, error) { return c.Programmes(ctx, false) }, []view.Programme{hidden}, "programmes reveal=false", nil},
		{"Programmes", func(ctx context.Context, c *client.Client) (any, error) { return c.Programmes(ctx, true) }, n.Clubs, "programmes reveal=true", nil},
		{"PutProgramme", func(ctx context.Context, c *client.Client) (any, error) { return did(c.PutProgramme(ctx, club)) }, nil, "put programme Avis Wizard", club},
		{"RemoveProgramme", func(ctx context.Context, c *client.Client) (any, error) {
			return did(c.RemoveProgramme(ctx, "Avis Wizard"))
		}, nil, "remove programme Avis Wizard", nil},
		{"StateLoyalty", func(ctx context.Context, c *client.Client) (any, error) { return c.StateLoyalty(ctx, card, loyal) }, n.Said, "state loyalty devoted under " + c, loyal},
	}
}

func listenerTrips(n *apitest.Node) []trip {
	card := apitest.ID("card")
	c := card.String()
	narrow := view.ChannelWant{Open: true, Welcome: []string{"recall"}}
	rules := policy.Policy{Version: 1, Channels: map[dagcbor.CID]policy.Channel{card: {
		Rules: []policy.Rule{{Name: "big", When: `event.title == "` + secret + `"`, Do: policy.Drop}}, Overrides: policy.Overrides{Quiet: true},
	}}}
	event := view.EventWant{Kind: "offer", ID: "o1", Subject: secret, Data: channel.Data{Title: secret, Due: apitest.When}}
	weekly := digest.Schedule{Hour: 18, Weekly: true, Day: 5}
	return []trip{
		{"Channels", func(ctx context.Context, c *client.Client) (any, error) { return c.Channels(ctx) }, n.Ways, "channels", nil},
		{"Channel", func(ctx context.Context, c *client.Client) (any, error) { return c.Channel(ctx, card) }, n.Ways[0], "channel " + c, nil},
		{"SetChannel", func(ctx context.Context, c *client.Client) (any, error) { return c.SetChannel(ctx, card, narrow) }, n.Ways[0], "set channel " + c + " open=true", narrow},
		{"ChannelPolicy", func(ctx context.Context, c *client.Client) (any, error) { return c.ChannelPolicy(ctx) }, n.Filter, "channel policy", nil},
		{"SetChannelPolicy", func(ctx context.Context, c *client.Client) (any, error) { return did(c.SetChannelPolicy(ctx, rules)) }, nil, "channel policy", rules},
		{"ChannelPolicy", func(ctx context.Context, c *client.Client) (any, error) { return c.ChannelPolicy(ctx) }, rules, "channel policy", nil},
		{"TryEvent", func(ctx context.Context, c *client.Client) (any, error) { return c.TryEvent(ctx, card, event) }, n.Verdict, "try offer under " + c, event},
		{"SendEvent", func(ctx context.Context, c *client.Client) (any, error) { return c.SendEvent(ctx, card, event) }, "o1", "send offer under " + c, event},
		{"Letters", func(ctx context.Context, c *client.Client) (any, error) { return c.Letters(ctx, card) }, n.Sent, "letters of " + c, nil},
		{"Letters", func(ctx context.Context, c *client.Client) (any, error) { return c.Letters(ctx, dagcbor.CID{}) }, n.Sent, "letters", nil},
		{"Inbox", func(ctx context.Context, c *client.Client) (any, error) { return c.Inbox(ctx, true) }, n.Mail, "inbox unread=true", nil},
		{"MarkRead", func(ctx context.Context, c *client.Client) (any, error) { return did(c.MarkRead(ctx, "e1")) }, nil, "mark read e1", nil},
		{"SetReceipts", func(ctx context.Context, c *client.Client) (any, error) {
			return did(c.SetReceipts(ctx, view.Receipts{Send: true}))
		}, nil, "receipts", view.Receipts{Send: true}},
		{"Receipts", func(ctx context.Context, c *client.Client) (any, error) { return c.Receipts(ctx) }, view.Receipts{Send: true}, "receipts", nil},
		{"SetDigestSchedule", func(ctx context.Context, c *client.Client) (any, error) { return did(c.SetDigestSchedule(ctx, weekly)) }, nil, "digest schedule", weekly},
		{"DigestSchedule", func(ctx context.Context, c *client.Client) (any, error) { return c.DigestSchedule(ctx) }, weekly, "digest schedule", nil},
		{"Digest", func(ctx context.Context, c *client.Client) (any, error) { return c.Digest(ctx) }, n.Page, "digest", nil},
		{"Subscriptions", func(ctx context.Context, c *client.Client) (any, error) { return c.Subscriptions(ctx) }, n.Paid, "subscriptions", nil},
		{"Agenda", func(ctx context.Context, c *client.Client) (any, error) { return c.Agenda(ctx) }, n.Dates, "agenda", nil},
		{"Calendar", func(ctx context.Context, c *client.Client) (any, error) { return c.Calendar(ctx) }, n.Ics, "calendar", nil},
	}
}

func allTrips(n *apitest.Node) []trip {
	return append(append(negotiatorTrips(n), keeperTrips(n)...), listenerTrips(n)...)
}

// watched is a sample node behind a server that writes down what it is asked
// for: the first lines of requests.
func watched(t *testing.T) (*apitest.Node, *client.Client, *[]string) {
	t.Helper()
	n, lines := apitest.Sample(), &[]string{}
	s, err := api.New(api.Config{Node: n, WriteToken: "write", ReadToken: "read"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*lines = append(*lines, r.Method+" "+r.RequestURI)
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c := client.New(srv.URL, "write")
	t.Cleanup(c.Close)
	return n, c, lines
}

// alike compares what was sent with what came.
var alike = cmp.Options{cmpopts.EquateComparable(dagcbor.CID{}, identity.Time{}), cmpopts.EquateEmpty()}

// TestEveryMethodMakesTheRoundTrip calls each method over a real server: the
// node is given what the caller gave, the caller gets what the node said.
func TestEveryMethodMakesTheRoundTrip(t *testing.T) {
	n, c, _ := watched(t)
	for _, tc := range allTrips(n) {
		t.Run(tc.method, func(t *testing.T) {
			got, err := tc.call(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got, alike); d != "" {
				t.Error(d)
			}
			if last := n.Last(); last != tc.last {
				t.Errorf("the node was asked %q, want %q", last, tc.last)
			}
			if d := cmp.Diff(tc.given, n.Given(), alike); tc.given != nil && d != "" {
				t.Errorf("the node was given something else: %s", d)
			}
		})
	}
}

func TestNoMethodIsLeftOut(t *testing.T) {
	tried := map[string]bool{}
	for _, tc := range allTrips(apitest.Sample()) {
		tried[tc.method] = true
	}
	for _, side := range []reflect.Type{reflect.TypeFor[api.Negotiator](), reflect.TypeFor[api.Keeper](), reflect.TypeFor[api.Listener]()} {
		for i := range side.NumMethod() {
			if name := side.Method(i).Name; !tried[name] {
				t.Errorf("%s.%s is not tried", side.Name(), name)
			}
		}
	}
}

// TestURLsHoldNothingPersonal looks for the owner's values and words in what
// ends up in histories and logs.
func TestURLsHoldNothingPersonal(t *testing.T) {
	n, c, lines := watched(t)
	for _, tc := range allTrips(n) {
		if _, err := tc.call(context.Background(), c); err != nil {
			t.Errorf("%s: %v", tc.method, err)
		}
	}
	if len(*lines) < len(allTrips(n)) {
		t.Errorf("%d requests", len(*lines))
	}
	for _, line := range *lines {
		if strings.Contains(line, "SECRET") || strings.Contains(line, "7788") {
			t.Error(line)
		}
	}
}

// TestErrorsComeThroughEveryMethod checks that errors.Is holds for the caller
// of each.
func TestErrorsComeThroughEveryMethod(t *testing.T) {
	n, c, _ := watched(t)
	trips := allTrips(n)
	for _, want := range []error{view.ErrNotFound, view.ErrConflict, view.ErrInvalid, view.ErrUnavailable, view.ErrFull} {
		n.Err = want
		for _, tc := range trips {
			if _, err := tc.call(context.Background(), c); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", tc.method, err, want)
			}
		}
	}
	n.Err = nil
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tc := range trips {
		if _, err := tc.call(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", tc.method, err)
		}
	}
}

// TestNoNodeThroughEveryMethod calls where nobody listens.
func TestNoNodeThroughEveryMethod(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := client.New("http://"+l.Addr().String(), "token")
	for _, tc := range allTrips(apitest.Sample()) {
		if _, err := tc.call(context.Background(), c); !errors.Is(err, client.ErrNoNode) {
			t.Errorf("%s: %v", tc.method, err)
		}
	}
}

func TestReaderIsNotShownNumbers(t *testing.T) {
	n, owner, _ := watched(t)
	if all, err := owner.Programmes(context.Background(), true); err != nil || all[0].Number != n.Clubs[0].Number {
		t.Errorf("owner: %+v, %v", all, err)
	}
	s, err := api.New(api.Config{Node: n, WriteToken: "write", ReadToken: "read"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	reader := client.New(srv.URL, "read")
	defer reader.Close()
	var p *client.Problem
	if _, err := reader.Programmes(context.Background(), true); !errors.As(err, &p) || p.Status != http.StatusForbidden {
		t.Errorf("reader: %v", err)
	}
	if all, err := reader.Programmes(context.Background(), false); err != nil || all[0].Number != "" {
		t.Errorf("reader, not asking: %+v, %v", all, err)
	}
	if _, err := reader.CheckLeak(context.Background(), secret); err != nil {
		t.Errorf("reader may ask: %v", err)
	}
	if err := reader.MarkRead(context.Background(), "e1"); !errors.As(err, &p) || p.Status != http.StatusForbidden {
		t.Errorf("reader changes something: %v", err)
	}
}

// FuzzNamesInURLs checks that what goes into a URL comes out of it as it was,
// whatever is in it, or is refused, and that nothing else is asked of the node.
func FuzzNamesInURLs(f *testing.F) {
	for _, s := range []string{"Avis Wizard", "a/b", "..", ".", "/", "%2F", "a?b#c", "é⊂⊃", "a%", "//", "../v1/cards", "a;b", "+", "&x=", "%2e%2e", "\\"} {
		f.Add(s)
	}
	n := apitest.Sample()
	s, err := api.New(api.Config{Node: n, WriteToken: "write", ReadToken: "read"})
	if err != nil {
		f.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	f.Cleanup(srv.Close)
	c := client.New(srv.URL, "write")
	f.Cleanup(c.Close)
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, name string) {
		before := len(n.Asks())
		err := c.RemoveProgramme(ctx, name)
		length := utf8.RuneCountInString(name)
		if asks := n.Asks()[before:]; 0 < length && length <= 200 {
			if err != nil || !slices.Equal(asks, []string{"remove programme " + name}) {
				t.Errorf("in a query, %q: %v; the node was asked %q", name, err, asks)
			}
		} else if !errors.Is(err, view.ErrInvalid) || len(asks) > 0 {
			t.Errorf("in a query, %q: %v; the node was asked %q", name, err, asks)
		}
		before = len(n.Asks())
		if name == "c1" {
			return // the one change that is there
		}
		_, err = c.Change(ctx, name)
		if asks := n.Asks()[before:]; !errors.Is(err, view.ErrNotFound) && !errors.Is(err, view.ErrInvalid) ||
			len(asks) > 0 && !slices.Equal(asks, []string{"change " + name}) {
			t.Errorf("in a path, %q: %v; the node was asked %q", name, err, asks)
		}
	})
}
