package invite_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/invite"
	"github.com/parley-network/parley/relcard/terms"
)

var now = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)

func key(t testing.TB, fill byte) crypto.PrivKey {
	t.Helper()
	k, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secret(fill byte) []byte { return bytes.Repeat([]byte{fill}, invite.SecretSize) }

func addr(s string) []byte { return ma.StringCast(s).Bytes() }

func sample() invite.Invitation {
	return invite.Invitation{
		Addrs:  [][]byte{addr("/ip4/203.0.113.7/udp/4101/quic-v1"), addr("/dns4/ann.example/tcp/4101")},
		Secret: secret(7), Made: now.Unix(), Expires: now.Add(7 * 24 * time.Hour).Unix(), Name: "Ann",
	}
}

const shopDID = "did:webvh:QmWtQu5Vwi5n7oTz1NHKPtRJuBQmNneLXBGkQW9YBaGYk4:shop.example"

func proposal(t testing.TB) *invite.Proposal {
	t.Helper()
	a, ok := terms.Lookup("SD-BASE")
	if !ok {
		t.Fatal("no SD-BASE in the roster")
	}
	return &invite.Proposal{Vendor: shopDID, Name: "Corner Shop", Agreements: []terms.Ref{a.Ref}}
}

func sign(t testing.TB, k crypto.PrivKey, in invite.Invitation) string {
	t.Helper()
	link, err := invite.Sign(k, in)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestSignAndOpen(t *testing.T) {
	in := sample()
	in.Card = proposal(t)
	link := sign(t, key(t, 1), in)
	if !strings.HasPrefix(link, "parley://invite/") || len(link) > 1000 {
		t.Errorf("%d bytes: %s", len(link), link)
	}
	got, err := invite.Open(link, now)
	if err != nil {
		t.Fatal(err)
	}
	info, err := got.Info()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := peer.IDFromPrivateKey(key(t, 1))
	if info.ID != want || info.Addrs[1].String() != "/dns4/ann.example/tcp/4101" || got.Name != "Ann" || got.Card.Vendor != shopDID {
		t.Errorf("%+v of %v", got, info)
	}
}

// The clocks of the two may be an hour apart, either way.
func TestClocks(t *testing.T) {
	link := sign(t, key(t, 1), sample())
	for _, c := range []struct {
		at   time.Duration
		want error
	}{
		{-time.Hour - time.Second, invite.ErrEarly},
		{-time.Hour, nil},
		{7*24*time.Hour + time.Hour, nil},
		{7*24*time.Hour + time.Hour + time.Second, invite.ErrExpired},
	} {
		if _, err := invite.Open(link, now.Add(c.at)); !errors.Is(err, c.want) {
			t.Errorf("%v after it was made: %v, want %v", c.at, err, c.want)
		}
	}
}

// decoded is the invitation in a link as it stands there, whoever signed it.
func decoded(t testing.TB, link string) invite.Invitation {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(link, invite.Scheme))
	if err != nil {
		t.Fatal(err)
	}
	var in invite.Invitation
	if err := dagcbor.Unmarshal(b, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func encoded(t testing.TB, in any) string {
	t.Helper()
	b, err := dagcbor.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return invite.Scheme + base64.RawURLEncoding.EncodeToString(b)
}

func TestForgeries(t *testing.T) {
	link := sign(t, key(t, 1), sample())
	other, _ := peer.IDFromPrivateKey(key(t, 2))
	for name, change := range map[string]func(*invite.Invitation){
		"by another":       func(in *invite.Invitation) { in.Peer = []byte(other) },
		"another address":  func(in *invite.Invitation) { in.Addrs[0] = addr("/ip4/6.6.6.6/tcp/6") },
		"one address less": func(in *invite.Invitation) { in.Addrs = in.Addrs[:1] },
		"another secret":   func(in *invite.Invitation) { in.Secret = secret(8) },
		"a longer life":    func(in *invite.Invitation) { in.Expires++ },
		"another name":     func(in *invite.Invitation) { in.Name = "Bank" },
		"a card":           func(in *invite.Invitation) { in.Card = proposal(t) },
		"another sig":      func(in *invite.Invitation) { in.Sig[0] ^= 1 },
		"no sig":           func(in *invite.Invitation) { in.Sig = nil },
	} {
		in := decoded(t, link)
		change(&in)
		if _, err := invite.Open(encoded(t, in), now); !errors.Is(err, invite.ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	link := sign(t, key(t, 1), sample())
	edit := func(change func(*invite.Invitation)) string {
		in := decoded(t, link)
		change(&in)
		return encoded(t, in)
	}
	cut := link[:len(invite.Scheme)+(len(link)-len(invite.Scheme))/4*4-8] // whole bytes
	for want, bad := range map[string]string{
		"a link begins with":       "https://parley.example/" + link,
		"the link is damaged":      link + "=",
		"a line break":             link[:40] + "\n" + link[40:],
		"bytes, at most 2048":      link + strings.Repeat("A", 2048),
		"decode":                   cut,
		"v: 2 is unknown":          edit(func(in *invite.Invitation) { in.Version = 2 }),
		"peer: ":                   edit(func(in *invite.Invitation) { in.Peer = in.Peer[1:] }),
		"secret: 3 bytes":          edit(func(in *invite.Invitation) { in.Secret = []byte{1, 2, 3} }),
		"sig: 3 bytes":             edit(func(in *invite.Invitation) { in.Sig = []byte{1, 2, 3} }),
		"want up to 744h":          edit(func(in *invite.Invitation) { in.Expires = in.Made + 32*86400 }),
		"expires: 0 s":             edit(func(in *invite.Invitation) { in.Expires = in.Made }),
		"addrs: 5 of them":         edit(func(in *invite.Invitation) { in.Addrs = make([][]byte, 5) }),
		"addrs[0]: ":               edit(func(in *invite.Invitation) { in.Addrs = [][]byte{{1, 2}} }),
		"at most 64 bytes of text": edit(func(in *invite.Invitation) { in.Name = "\x1b[31mred" }),
		"card.vendor":              edit(func(in *invite.Invitation) { in.Card = &invite.Proposal{Vendor: "did:key:z6Mk"} }),
		"card.agreements: 0":       edit(func(in *invite.Invitation) { in.Card = &invite.Proposal{Vendor: shopDID} }),
		"card.agreements[0]: ": edit(func(in *invite.Invitation) {
			in.Card = proposal(t)
			in.Card.Agreements[0].SHA256 = strings.Repeat("0", 64)
		}),
		"one is there twice": edit(func(in *invite.Invitation) {
			in.Card = proposal(t)
			in.Card.Agreements = append(in.Card.Agreements, in.Card.Agreements[0])
		}),
	} {
		if _, err := invite.Open(bad, now); !errors.Is(err, invite.ErrMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if _, err := invite.Sign(key(t, 1), invite.Invitation{}); err == nil {
		t.Error("an empty invitation was signed")
	}
}

// Whatever is signed is opened as it was, and no bit of the link can change.
func TestRoundTrip(t *testing.T) {
	k := key(t, 3)
	rapid.Check(t, func(rt *rapid.T) {
		in := sample()
		in.Secret = rapid.SliceOfN(rapid.Byte(), invite.SecretSize, invite.SecretSize).Draw(rt, "secret")
		in.Name = rapid.StringMatching(`[a-zé ]{0,20}`).Draw(rt, "name")
		if in.Addrs = in.Addrs[:rapid.IntRange(0, 2).Draw(rt, "addrs")]; len(in.Addrs) == 0 {
			in.Addrs = nil
		}
		link := sign(t, k, in)
		got, err := invite.Open(link, now)
		if err != nil {
			rt.Fatal(err)
		}
		in.Version, in.Peer, in.Sig = got.Version, got.Peer, got.Sig
		if d := cmp.Diff(in, got); d != "" {
			rt.Fatal(d)
		}
		b, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(link, invite.Scheme))
		bit := rapid.IntRange(0, 8*len(b)-1).Draw(rt, "bit")
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := invite.Open(invite.Scheme+base64.RawURLEncoding.EncodeToString(b), now); err == nil {
			rt.Fatalf("bit %d can be changed", bit)
		}
	})
}

func TestTalk(t *testing.T) {
	b, err := invite.EncodeClaim(secret(9))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := invite.DecodeClaim(b); err != nil || !bytes.Equal(got, secret(9)) {
		t.Errorf("%x, %v", got, err)
	}
	short, _ := invite.EncodeClaim([]byte("short"))
	for name, bad := range map[string][]byte{"short secret": short, "cut": b[:5], "empty": nil, "long": make([]byte, 300)} {
		if _, err := invite.DecodeClaim(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, o := range []invite.Outcome{invite.Welcome, invite.Unknown, invite.Used, invite.Revoked, invite.Expired, invite.Busy} {
		b, err := invite.EncodeAnswer(o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := invite.DecodeAnswer(b); err != nil || got != o {
			t.Errorf("%s: %s, %v", o, got, err)
		}
	}
	strange, _ := invite.EncodeAnswer("come in")
	if _, err := invite.DecodeAnswer(strange); err == nil {
		t.Error("an unknown outcome was taken")
	}
	if a, b := invite.ID(secret(1)), invite.ID(secret(2)); a == b || len(a) != 64 {
		t.Errorf("%s, %s", a, b)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sign(f, key(f, 1), sample()))
	in := sample()
	in.Card = proposal(f)
	f.Add(sign(f, key(f, 1), in))
	f.Add(invite.Scheme)
	f.Fuzz(func(t *testing.T, link string) {
		in, err := invite.Open(link, now)
		if err == nil && encoded(t, in) != link {
			t.Errorf("%q is another way to write %q", link, encoded(t, in))
		}
	})
}

func FuzzTalk(f *testing.F) {
	claim, _ := invite.EncodeClaim(secret(1))
	answer, _ := invite.EncodeAnswer(invite.Used)
	f.Add(claim)
	f.Add(answer)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := invite.DecodeClaim(b); err == nil {
			if again, _ := invite.EncodeClaim(s); !bytes.Equal(again, b) {
				t.Errorf("claim %x is another way to write %x", b, again)
			}
		}
		if o, err := invite.DecodeAnswer(b); err == nil {
			if again, _ := invite.EncodeAnswer(o); !bytes.Equal(again, b) {
				t.Errorf("answer %x is another way to write %x", b, again)
			}
		}
	})
}
