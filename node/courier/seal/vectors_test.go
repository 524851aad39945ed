package seal_test

import (
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

var update = flag.Bool("update", false, "make testdata anew")

const vectorFile = "testdata/letters.json"

// vectors is the published file. HPKE is not deterministic, so it holds sealed
// letters to be opened.
type vectors struct {
	Comment string   `json:"comment"`
	Seed    string   `json:"seed"`   // of the recipient's key, base64
	Public  string   `json:"public"` // the recipient's public key, base64
	Letters []vector `json:"letters"`
}

type vector struct {
	Name    string `json:"name"`
	Sealed  string `json:"sealed"`            // base64
	Error   string `json:"error,omitempty"`   // what it is refused with; empty: accepted
	Letter  string `json:"letter,omitempty"`  // DAG-CBOR of the letter, base64
	Receipt string `json:"receipt,omitempty"` // for status 1, base64
}

var b64 = base64.StdEncoding

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	key, err := seal.NewPrivateKey(decode(t, v.Seed))
	if err != nil {
		t.Fatal(err)
	}
	if b64.EncodeToString(key.Public()) != v.Public {
		t.Error("the seed gives another public key")
	}
	if len(v.Letters) < 12 {
		t.Errorf("only %d vectors", len(v.Letters))
	}
	for _, c := range v.Letters {
		l, receipt, err := key.Open(decode(t, c.Sealed))
		if c.Error != "" {
			if err == nil || !strings.Contains(err.Error(), c.Error) {
				t.Errorf("%s: got %v, want %q", c.Name, err, c.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		body, err := dagcbor.Marshal(l)
		if err != nil || b64.EncodeToString(body) != c.Letter {
			t.Errorf("%s: another letter came out (%v)", c.Name, err)
		}
		if b64.EncodeToString(seal.Receipt(receipt, 1)) != c.Receipt {
			t.Errorf("%s: another receipt", c.Name)
		}
	}
}

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := b64.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeVectors(t *testing.T) {
	seed := []byte("parley/letter/1 test vectors key")
	key, err := seal.NewPrivateKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	v := vectors{
		Comment: "Letters sealed to one key: to be opened, or refused with an error that contains the one given. Made by go test -update.",
		Seed:    b64.EncodeToString(seed), Public: b64.EncodeToString(key.Public()),
	}
	for name, n := range map[string]int{"1 KiB": 10, "4 KiB": 1000, "16 KiB": 5000, "64 KiB": 20000} {
		body, err := dagcbor.Marshal(letter(n))
		if err != nil {
			t.Fatal(err)
		}
		sealed, receipt, err := seal.Seal(key.Public(), letter(n))
		if err != nil {
			t.Fatal(err)
		}
		v.Letters = append(v.Letters, vector{
			Name: name, Sealed: b64.EncodeToString(sealed), Letter: b64.EncodeToString(body), Receipt: b64.EncodeToString(seal.Receipt(receipt, 1)),
		})
	}
	v.Letters = append(v.Letters, refused(t, key)...)
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// refused seals what must not be accepted, in ways Seal itself would not.
func refused(t *testing.T, key *seal.PrivateKey) (out []vector) {
	good, err := dagcbor.Marshal(letter(10))
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, want string, sealed []byte) {
		out = append(out, vector{Name: name, Error: want, Sealed: b64.EncodeToString(sealed)})
	}
	rest := padded(good, 1024)
	rest[1023] = 1
	add("padding not zero", "padding is not zero", sealRaw(t, key, "parley/letter/1", rest))
	add("larger than need be", "padded to 4096", sealRaw(t, key, "parley/letter/1", padded(good, 4096)))
	add("length beyond the end", "malformed", sealRaw(t, key, "parley/letter/1", binary.BigEndian.AppendUint32(make([]byte, 0, 1024), 1021)[:1024]))
	add("no letter at all", "malformed", sealRaw(t, key, "parley/letter/1", make([]byte, 1024)))
	add("size not in the list", "sealed letter of 3136 bytes", sealRaw(t, key, "parley/letter/1", padded(good, 2000)))
	add("sealed for another purpose", "does not open", sealRaw(t, key, "parley/hold/1 request", padded(good, 1024)))
	add("trailing byte in the letter", "malformed", sealRaw(t, key, "parley/letter/1", padded(append(good[:len(good):len(good)], 0), 1024)))
	for name, body := range map[string]map[string]any{
		"unknown field":   {"extra": 1},
		"unknown version": {"v": 2},
		"short id":        {"id": []byte{1}},
		"null route":      {"from": nil},
	} {
		add(name, "malformed", sealRaw(t, key, "parley/letter/1", padded(changed(t, good, body), 1024)))
	}
	flipped := sealRaw(t, key, "parley/letter/1", padded(good, 1024))
	flipped[1500] ^= 4
	add("one bit flipped", "does not open", flipped)
	return out
}

func changed(t *testing.T, good []byte, with map[string]any) []byte {
	m := make(map[string]any)
	if err := dagcbor.Unmarshal(good, &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range with {
		m[k] = v
	}
	b, err := dagcbor.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func padded(body []byte, size int) []byte {
	out := make([]byte, size)
	binary.BigEndian.PutUint32(out, uint32(len(body)))
	copy(out[4:], body)
	return out
}

// sealRaw is HPKE alone, as the package comment has it.
func sealRaw(t testing.TB, key *seal.PrivateKey, info string, plaintext []byte) []byte {
	t.Helper()
	pub, err := hpke.MLKEM768X25519().NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info), plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// FuzzOpen seals arbitrary plaintext, so that the fuzzer reaches what is
// behind the seal, and opens it: no panic, and only letters that Seal accepts.
func FuzzOpen(f *testing.F) {
	key, err := seal.NewPrivateKey(make([]byte, seal.SeedSize))
	if err != nil {
		f.Fatal(err)
	}
	good, err := dagcbor.Marshal(letter(10))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, true)
	f.Add(padded(good, 1024), false)
	f.Add(make([]byte, 1024+seal.Overhead), false)
	f.Fuzz(func(t *testing.T, b []byte, pad bool) {
		if len(b) > 4000 {
			return
		}
		_, _, _ = key.Open(b)
		_, _, _ = key.OpenRequest(b)
		plain := b
		if pad && len(b) <= 1020 {
			plain = padded(b, 1024)
		}
		l, _, err := key.Open(sealRaw(t, key, "parley/letter/1", plain))
		if err != nil {
			return
		}
		if _, _, err := seal.Seal(key.Public(), l); err != nil {
			t.Errorf("opened what can't be sealed: %v", err)
		}
	})
}
