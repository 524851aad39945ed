package intentcast_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
)

func TestCheckNamesTheField(t *testing.T) {
	for _, bad := range badIntents {
		t.Run(bad.name, func(t *testing.T) {
			in := parkCity()
			if err := in.Check(); err != nil {
				t.Fatalf("before: %v", err)
			}
			bad.spoil(&in)
			var invalid *intentcast.InvalidError
			if err := in.Check(); !errors.As(err, &invalid) || invalid.Field != bad.field {
				t.Errorf("%v, want an error in %s", err, bad.field)
			}
			if _, err := intentcast.Sign(in, signer("skier"), now); err == nil {
				t.Error("it was signed")
			}
		})
	}
}

func TestEmptyPartsAreRefused(t *testing.T) {
	in := parkCity()
	in.Place = &intentcast.Place{}
	if err := in.Check(); reason(err) != "field place" {
		t.Errorf("empty place: %v", err)
	}
	in = parkCity()
	in.Window = &relcard.Window{}
	if err := in.Check(); reason(err) != "field window" {
		t.Errorf("empty window: %v", err)
	}
}

// Both intents that the project is measured by say all that was asked, in
// fields that a machine can match and in the asker's words.
func TestParkCitySaysItAll(t *testing.T) {
	in := cast(t, parkCity(), "skier").Intent
	mountain := time.FixedZone("MDT", -6*60*60)
	if got := in.Window.From.Std().In(mountain).Format("Jan 2 15:04"); got != "Mar 20 00:00" {
		t.Errorf("from %s", got)
	}
	if got := in.Window.Until.Std().Add(-time.Second).In(mountain).Format("Jan 2 15:04"); got != "Mar 25 23:59" {
		t.Errorf("until %s", got)
	}
	if in.Place.Name != "Park City" || in.Place.Region != "US-UT" {
		t.Errorf("place %+v", in.Place)
	}
	want := []intentcast.Constraint{
		{Property: "drive", Type: intentcast.TypeText, Op: intentcast.OpEq, Values: []string{"4wd"}},
		{Property: "body", Type: intentcast.TypeText, Op: intentcast.OpEq, Values: []string{"suv"}},
	}
	if got := in.Items[0].Wishes.Require; !slices.EqualFunc(got, want, func(a, b intentcast.Constraint) bool {
		return a.Property == b.Property && a.Op == b.Op && slices.Equal(a.Values, b.Values)
	}) {
		t.Errorf("required %+v", got)
	}
	if !slices.Equal(in.Memberships, []string{"Avis Wizard", "Budget FastBreak", "Hertz 1 Club"}) {
		t.Errorf("memberships %q", in.Memberships)
	}
	for i, property := range []string{example.PrepaidFuel, example.Insurance} {
		if x := in.Exclude[i]; x.Property != property || !strings.Contains(in.Text, x.Text) {
			t.Errorf("excluded %+v: not matchable by %q, or not in the asker's words", x, property)
		}
	}
}

func TestStrollerSaysItAll(t *testing.T) {
	in := cast(t, stroller(), "parent").Intent
	if got := in.Window.Until.Std().Sub(now); got != 5*time.Hour || in.Expires != in.Window.Until {
		t.Errorf("needed within %v, asked until %s", got, in.Expires)
	}
	if in.Place.Name != "Grand Rapids" || in.Items[0].Wishes.Require[0].Values[0] != "2" {
		t.Errorf("place %+v, item %+v", in.Place, in.Items[0])
	}
}

func TestParkCityIsTheNextMarch(t *testing.T) {
	for day, year := range map[string]int{"2026-01-01": 2026, "2026-03-19": 2026, "2026-03-21": 2027, "2026-12-31": 2027} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if in := example.ParkCity(signer("skier").DID(), route("skier"), at); in.Window.From.Std().Year() != year {
			t.Errorf("asked on %s: from %s", day, in.Window.From)
		} else if err := in.Check(); err != nil {
			t.Errorf("asked on %s: %v", day, err)
		}
	}
}

// The largest intent that the bounds of single fields allow is larger than a
// cast may be; what does not fit is refused when it is signed.
func TestSignRefusesWhatDoesNotFit(t *testing.T) {
	in := parkCity()
	for range intentcast.MaxItems - 1 {
		in.Items = append(in.Items, intentcast.Want{Name: strings.Repeat("n", 200), Quantity: "1"})
	}
	if err := in.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := intentcast.Sign(in, signer("skier"), now); err == nil || !strings.Contains(err.Error(), "at most 8192") {
		t.Errorf("signed: %v", err)
	}
}

func TestSignChecksAuthorAndTime(t *testing.T) {
	if _, err := intentcast.Sign(parkCity(), signer("thief"), now); reason(err) != "field author" {
		t.Errorf("by another: %v", err)
	}
	if _, err := intentcast.Sign(parkCity(), signer("skier"), now.Add(intentcast.MaxLife)); reason(err) != "expired" {
		t.Errorf("too late: %v", err)
	}
}

func TestSignedCastSharesNothingWithItsBody(t *testing.T) {
	in := parkCity()
	c := cast(t, in, "skier")
	in.Items[0].Name, in.Reply.Key[0] = "changed", in.Reply.Key[0]+1
	if c.Intent.Items[0].Name == "changed" || c.Intent.Reply.Key[0] == in.Reply.Key[0] {
		t.Error("a change of the body after signing shows in the cast")
	}
}

func TestSuccessorKeepsTheHeader(t *testing.T) {
	c := cast(t, parkCity(), "skier")
	w := cast(t, c.Successor(intentcast.StatusWithdrawn, now.Add(time.Hour)), "skier")
	if w.Root() != c.ID || w.Intent.Prev != c.ID || w.Intent.Seq != 1 {
		t.Errorf("root %s, prev %s, seq %d", w.Root(), w.Intent.Prev, w.Intent.Seq)
	}
	if w.Intent.Shard() != c.Intent.Shard() || w.Intent.Expires != c.Intent.Expires {
		t.Error("it travels elsewhere or ends earlier than what it withdraws")
	}
	if bytes.Contains(w.Raw, []byte("Avis")) || len(encode(t, w)) > 1024 {
		t.Errorf("a withdrawal of %d bytes still tells", len(encode(t, w)))
	}
}

func TestCommitment(t *testing.T) {
	salt := bytes.Repeat([]byte{5}, 16)
	c, err := intentcast.Commit("hotel", salt, []byte("Main Street 7"))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Open(salt, []byte("Main Street 7")) {
		t.Error("it does not open")
	}
	other := bytes.Repeat([]byte{6}, 16)
	renamed := intentcast.Commitment{Name: "home", SHA256: c.SHA256}
	if c.Open(salt, []byte("Main Street 8")) || c.Open(other, []byte("Main Street 7")) ||
		c.Open(salt[:15], []byte("Main Street 7")) || renamed.Open(salt, []byte("Main Street 7")) {
		t.Error("it opens to something else")
	}
	if _, err := intentcast.Commit("hotel", salt[:8], nil); err == nil {
		t.Error("a short salt was taken")
	}
	if _, err := intentcast.Commit("", salt, nil); err == nil {
		t.Error("a commitment to nothing was made")
	}
	in := parkCity()
	in.Private = []intentcast.Commitment{c}
	if got := cast(t, in, "skier").Intent.Private[0]; !got.Open(salt, []byte("Main Street 7")) {
		t.Error("it does not open after travelling")
	}
}

// logs is a key source of one party and one version.
type logs struct {
	did     identity.DID
	version string
	period  identity.KeyPeriod
}

func (l logs) SigningKeys(did identity.DID, version string) (identity.KeyPeriod, error) {
	if did != l.did || version != l.version {
		return identity.KeyPeriod{}, errors.New("unknown")
	}
	return l.period, nil
}

func TestOfferOfAVendorWithAKeyLog(t *testing.T) {
	c := cast(t, parkCity(), "skier")
	key := vendorKey()
	did := identity.DID("did:webvh:QmVendor:cars.example")
	o := rental(c)
	o.Vendor.DID = did
	s, err := intentcast.SignOffer(o, identity.NewSigner(did, "1-abc", key.private), now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	at := now.Add(2 * time.Minute)
	period := identity.KeyPeriod{Keys: key.public, From: now.Add(-time.Hour)}
	if err := s.CheckAnswers(c, logs{did, "1-abc", period}, at); err != nil {
		t.Error(err)
	}
	if err := s.CheckAnswers(c, nil, at); reason(err) != "signature" {
		t.Errorf("without its log: %v", err)
	}
	if err := s.CheckAnswers(c, logs{did, "2-def", period}, at); err == nil {
		t.Error("with another version of its log it passed")
	}
	period.Until = now
	if err := s.CheckAnswers(c, logs{did, "1-abc", period}, at); reason(err) != "signature" {
		t.Errorf("by a key rotated away: %v", err)
	}
}

func TestOfferToAClosedIntent(t *testing.T) {
	c := cast(t, parkCity(), "skier")
	w := cast(t, c.Successor(intentcast.StatusWithdrawn, now), "skier")
	o := rental(c)
	o.Intent = w.ID
	s, err := intentcast.SignOffer(o, signer("rental"), now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckAnswers(w, nil, now.Add(time.Minute)); !errors.Is(err, intentcast.Dead) {
		t.Errorf("%v", err)
	}
	if _, err := intentcast.SignOffer(o, signer("thief"), now); !errors.Is(err, intentcast.OtherSigner) {
		t.Errorf("signed by another: %v", err)
	}
}
