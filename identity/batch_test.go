package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
)

// forger holds a key whose discrete logarithm it knows, as every signer does,
// and signs as no honest one would.
type forger struct{ a scalar.Scalar }

func newForger(seed byte) forger {
	h := sha512.Sum512([]byte{seed})
	var f forger
	if _, err := f.a.SetBytesModOrderWide(h[:]); err != nil {
		panic(err)
	}
	return f
}

func wide(parts ...[]byte) *scalar.Scalar {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	s, err := scalar.NewFromBytesModOrderWide(h.Sum(nil))
	if err != nil {
		panic(err)
	}
	return s
}

func base(s *scalar.Scalar) *curve.EdwardsPoint {
	return curve.NewEdwardsPoint().MulBasepoint(curve.ED25519_BASEPOINT_TABLE, s)
}

func encoded(p *curve.EdwardsPoint) []byte {
	return bytes.Clone(curve.NewCompressedEdwardsY().SetEdwardsPoint(p)[:])
}

// torsion returns the point of order 8 (by 1), or a multiple of it.
func torsion(times int) *curve.EdwardsPoint { return curve.EIGHT_TORSION[times%8] }

// signed makes a signature of message by f, with key and commitment moved by
// points of small order: 0 for none.
func (f forger) signed(message string, moveKey, moveR int) Check {
	a := base(&f.a)
	a.Add(a, torsion(moveKey))
	r := wide([]byte("r"), []byte(message))
	point := base(r)
	point.Add(point, torsion(moveR))
	return f.finish(message, encoded(a), encoded(point), r)
}

// finish makes s = r + ka for key and commitment as they are written.
func (f forger) finish(message string, key, commitment []byte, r *scalar.Scalar) Check {
	k := wide(commitment, key, []byte(message))
	s := scalar.New().Mul(k, &f.a)
	s.Add(s, r)
	var b [32]byte
	if err := s.ToBytes(b[:]); err != nil {
		panic(err)
	}
	return Check{key: key, message: []byte(message), signature: append(commitment, b[:]...)}
}

// overflow writes s as s + L, the same number of the group and another text.
func overflow(c Check) Check {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	le := slices.Clone(c.signature[32:])
	slices.Reverse(le)
	sum := new(big.Int).Add(new(big.Int).SetBytes(le), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	c.signature = append(slices.Clone(c.signature[:32]), sum...)
	return c
}

// fieldPrime + 1 is another way to write y = 1, the neutral element.
var otherOne = append([]byte{0xee}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...)

type edgeCase struct {
	name   string
	check  Check
	holds  bool // here
	strict bool // by crypto/ed25519
}

// edgeCases are signatures on which Ed25519 verifiers are known to differ.
func edgeCases() []edgeCase {
	f := newForger(1)
	zero := scalar.New()
	one := encoded(curve.NewEdwardsPoint().Identity())
	zeroSig := append(slices.Clone(one), make([]byte, 32)...)
	minusOne := slices.Clone(one)
	minusOne[31] |= 0x80 // x = 0 with the sign of a negative one
	list := []edgeCase{
		{"honest", f.signed("m", 0, 0), true, true},
		{"changed message", func() Check { c := f.signed("m", 0, 0); c.message = []byte("n"); return c }(), false, false},
		{"s beyond the order", overflow(f.signed("m", 0, 0)), false, false},
		{"commitment is the neutral element", f.finish("m", encoded(base(&f.a)), slices.Clone(one), zero), true, true},
		{"commitment is that, not canonical", f.finish("m", encoded(base(&f.a)), slices.Clone(otherOne), zero), false, false},
		{"commitment is that, with a sign", f.finish("m", encoded(base(&f.a)), slices.Clone(minusOne), zero), false, false},
		{"key is the neutral element", Check{key: one, message: []byte("m"), signature: zeroSig}, false, true},
		{"key is that, not canonical", Check{key: otherOne, message: []byte("m"), signature: zeroSig}, false, true},
		{"key is no point", Check{key: append([]byte{2}, make([]byte, 31)...), message: []byte("m"), signature: zeroSig}, false, false},
		{"commitment is no point", Check{key: encoded(base(&f.a)), message: []byte("m"), signature: append([]byte{2}, make([]byte, 63)...)}, false, false},
		{"short key", Check{key: one[:31], message: []byte("m"), signature: zeroSig}, false, false},
		{"short signature", Check{key: encoded(base(&f.a)), message: []byte("m"), signature: zeroSig[:63]}, false, false},
		{"nothing", Check{}, false, false},
	}
	for i := 1; i < 8; i++ {
		small := Check{key: encoded(torsion(i)), message: []byte("m"), signature: zeroSig}
		// 8sB = 8R + 8kA holds of a moved commitment, sB = R + kA does not.
		list = append(list,
			edgeCase{fmt.Sprint("commitment moved by torsion ", i), f.signed("m", 0, i), true, false},
			edgeCase{fmt.Sprint("key of small order ", i), small, false, strict(small)})
		// Of a key moved by torsion the second holds where k is a multiple of 8.
		for n := range 4 {
			c := f.signed(fmt.Sprint("m", n), i, 0)
			list = append(list, edgeCase{fmt.Sprintf("key moved by torsion %d, message %d", i, n), c, true, strict(c)})
		}
		list = append(list, edgeCase{fmt.Sprint("both moved by ", i), f.signed("m", i, 8-i), true, strict(f.signed("m", i, 8-i))})
	}
	return list
}

func strict(c Check) bool {
	return len(c.key) == ed25519.PublicKeySize && ed25519.Verify(c.key, c.message, c.signature)
}

func TestEdgeCasesOfEd25519(t *testing.T) {
	differ := 0
	for _, c := range edgeCases() {
		if got := c.check.Verify() == nil; got != c.holds {
			t.Errorf("%s: holds %v, want %v", c.name, got, c.holds)
		}
		if got := strict(c.check); got != c.strict {
			t.Errorf("%s: crypto/ed25519 says %v, the table %v", c.name, got, c.strict)
		}
		if c.holds != strict(c.check) {
			differ++
		}
	}
	if differ < 15 {
		t.Errorf("only %d cases tell the two rules apart", differ)
	}
}

// Whatever is in a batch, each signature is judged as it is alone.
func TestBatchDecidesAsAlone(t *testing.T) {
	cases := edgeCases()
	for i := range 60 {
		cases = append(cases, edgeCase{name: "honest", check: newForger(byte(i)).signed(fmt.Sprint(i), 0, 0), holds: true})
	}
	rapid.Check(t, func(t *rapid.T) {
		var checks []Check
		var want []edgeCase
		bad := rapid.Bool().Draw(t, "with those that fail")
		for range rapid.IntRange(0, 40).Draw(t, "size") {
			c := rapid.SampledFrom(cases).Draw(t, "case")
			if !bad && !c.holds {
				continue
			}
			checks, want = append(checks, c.check), append(want, c)
		}
		for i, err := range VerifyAll(checks) {
			if (err == nil) != want[i].holds || (err != nil && !errors.Is(err, ErrSignature)) {
				t.Fatalf("%d of %d, %s: %v, alone it holds %v", i, len(checks), want[i].name, err, want[i].holds)
			}
		}
	})
	// Each case by itself among honest ones, at each end and in the middle.
	for _, c := range cases[:len(cases)-60] {
		for _, at := range []int{0, 8, 16} {
			var checks []Check
			for i := range 17 {
				checks = append(checks, cases[len(cases)-60+i].check)
			}
			checks[at] = c.check
			for i, err := range VerifyAll(checks) {
				if want := i != at || c.holds; (err == nil) != want {
					t.Errorf("%s at %d: element %d: %v", c.name, at, i, err)
				}
			}
		}
	}
}

func TestAnAuthorsEnvelopeIsHeldToTheRuleOfBatches(t *testing.T) {
	f := newForger(7)
	id, at := dagcbor.Sum([]byte("a body")), time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		role  Role
		moved int
		holds bool
	}{{RoleAuthor, 0, true}, {RoleVendor, 0, true}, {RoleAuthor, 4, true}, {RoleVendor, 4, false}} {
		e := Envelope{Version: 1, Body: id, Signer: KeyDID(encoded(base(&f.a))), Role: tt.role, Time: At(at)}
		msg, err := e.signedBytes()
		if err != nil {
			t.Fatal(err)
		}
		e.Signature = f.signed(string(msg), 0, tt.moved).signature
		if err := e.Verify(id, tt.role, nil); (err == nil) != tt.holds {
			t.Errorf("%s, moved by torsion %d: %v", tt.role, tt.moved, err)
		}
		c, err := e.CheckAuthor(id)
		if (err == nil) != (tt.role == RoleAuthor) {
			t.Errorf("%s: %v", tt.role, err)
		}
		if err == nil && (VerifyAll([]Check{c, c})[1] == nil) != tt.holds {
			t.Errorf("%s, moved by torsion %d: otherwise in a batch", tt.role, tt.moved)
		}
	}
	if VerifyAll(nil) == nil || len(VerifyAll(nil)) != 0 {
		t.Error("no checks, no errors")
	}
}

func TestOnlyADidKeyIsAnAuthorsOfBatches(t *testing.T) {
	id := dagcbor.Sum([]byte("a body"))
	e := Envelope{Version: 1, Body: id, Signer: "did:webvh:x", Role: RoleAuthor, Signature: make([]byte, 64)}
	if _, err := e.CheckAuthor(id); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v", err)
	}
	e.Signer = "did:key:z6Mk"
	if _, err := e.CheckAuthor(id); err == nil {
		t.Error("a did:key without a key")
	}
}

func BenchmarkAuthorVerify(b *testing.B) {
	for _, n := range []int{1, 4, 8, 16, 32, 64, 128, 512} {
		checks := make([]Check, n)
		for i := range checks {
			checks[i] = newForger(byte(i)).signed(fmt.Sprint("a message of some length ", i), 0, 0)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				for _, err := range VerifyAll(checks) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/signature")
		})
	}
	c := newForger(1).signed("a message", 0, 0)
	b.Run("crypto", func(b *testing.B) {
		for b.Loop() {
			ed25519.Verify(c.key, c.message, c.signature)
		}
	})
}
