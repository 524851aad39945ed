package reconcile_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-network/parley/gossip/reconcile"
)

var update = flag.Bool("update", false, "write the vectors anew")

const vectorsFile = "testdata/vectors/reconcile.json"

// vectors is the file; all bytes and short ids are in hex, short ids as numbers
// with the most significant digit first.
type vectors struct {
	Short         []shortVector   `json:"short"`
	Shards        []shardVector   `json:"shards"`
	Indices       []indicesVector `json:"indices"`
	Symbols       []symbolsVector `json:"symbols"`
	Conversations []talkVector    `json:"conversations"`
	Refused       []refusedVector `json:"refused"`
}

type shortVector struct {
	Key   string `json:"key"`
	ID    string `json:"id"`
	Short string `json:"short"`
}

type shardVector struct {
	Shard string `json:"shard"`
	ID    string `json:"id"`
}

type indicesVector struct {
	Short   string `json:"short"`
	Indices []int  `json:"indices"`
}

type symbolsVector struct {
	Shorts  []string `json:"shorts"`
	Symbols []string `json:"symbols"`
}

type talkVector struct {
	Name     string   `json:"name"`
	Key      string   `json:"key"`
	Asker    []string `json:"asker"`
	Answerer []string `json:"answerer"`
	Messages []string `json:"messages"`
	Missing  []string `json:"missing"`
}

type refusedVector struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

func name(short uint64) string { return fmt.Sprintf("%016x", short) }

func indices(short uint64) []int {
	var at []int
	for i, s := range reconcile.NewEncoder([]uint64{short}).Extend(1000) {
		if s != (reconcile.Symbol{}) {
			at = append(at, i)
		}
	}
	return at
}

func symbolsOf(shorts []uint64, n int) symbolsVector {
	var v symbolsVector
	for _, s := range shorts {
		v.Shorts = append(v.Shorts, name(s))
	}
	for _, s := range reconcile.NewEncoder(shorts).Extend(n) {
		v.Symbols = append(v.Symbols, fmt.Sprintf("%016x %08x", s.Sum, s.Check))
	}
	return v
}

func talk(title string, rng *rand.Rand, common, onlyAsker, onlyAnswerer int) talkVector {
	asker, other := pair(rng, common, onlyAsker, onlyAnswerer)
	k := key(rng)
	v := talkVector{Name: title, Key: hex.EncodeToString(k[:]), Asker: list(asker), Answerer: list(other)}
	asks, answers := reconcile.NewAsker(asker.shorts), answerer(k, other.shorts(k), 256)
	question, answer := reconcile.NewOpen(true, []string{"parley/toys/u4p", "parley/cars/9q8"}).Encode(), answers.Opened()
	for {
		v.Messages = append(v.Messages, hex.EncodeToString(question), hex.EncodeToString(answer))
		var err error
		if question, err = asks.Next(answer); err != nil {
			panic(err)
		}
		if question == nil {
			break
		}
		if answer, err = answers.Answer(question); err != nil {
			panic(err)
		}
	}
	missing := asks.Missing()
	slices.Sort(missing)
	for _, s := range missing {
		v.Missing = append(v.Missing, name(s))
	}
	if len(missing) == 0 {
		return v
	}
	asked := reconcile.EncodeGet(missing)
	got := reconcile.Gather(missing, func(s uint64) (reconcile.Record, bool) {
		return reconcile.Record{Kind: byte(s & 1), Wire: []byte("the record of " + name(s))}, s&2 == 0
	})
	v.Messages = append(v.Messages, hex.EncodeToString(asked), hex.EncodeToString(got.Encode()))
	return v
}

func list(s set) []string {
	ids := make([]string, 0, len(s))
	for id := range s {
		ids = append(ids, hex.EncodeToString(id[:]))
	}
	slices.Sort(ids)
	return ids
}

func makeVectors() vectors {
	rng := rand.New(rand.NewPCG(2026, 4))
	var v vectors
	for range 4 {
		k, id := key(rng), digest(rng)
		v.Short = append(v.Short, shortVector{hex.EncodeToString(k[:]), hex.EncodeToString(id[:]), name(k.Short(id[:]))})
	}
	for _, s := range []string{"parley/toys/u4p", "parley/cars/_"} {
		v.Shards = append(v.Shards, shardVector{s, name(reconcile.ShardID(s))})
	}
	for _, s := range []uint64{0, 1, 1 << 63, rng.Uint64(), rng.Uint64()} {
		v.Indices = append(v.Indices, indicesVector{name(s), indices(s)})
	}
	for _, n := range []int{1, 2, 20} {
		_, set := pair(rng, 0, 0, n)
		v.Symbols = append(v.Symbols, symbolsOf(set.shorts(key(rng)), 30))
	}
	v.Conversations = []talkVector{
		talk("the same on both sides", rng, 10, 0, 0),
		talk("an answerer with nothing", rng, 0, 5, 0),
		talk("a few differences", rng, 40, 3, 4),
		talk("more than the first answer tells", rng, 200, 20, 30),
		talk("an asker with nothing lists it", rng, 0, 0, 100),
	}
	for title, b := range map[string][]byte{
		"open: unknown flags": {1, 2, 0}, "open: cut": {1, 0}, "open: a number not in its shortest form": {1, 0, 0x80, 0},
		"open: shards out of order": append([]byte{1, 0, 2}, make([]byte, 16)...), "open: a byte too many": {1, 0, 0, 0},
		"get of nothing": {4, 0}, "get out of order": append([]byte{4, 2}, make([]byte, 16)...),
		"more: of nothing": {2, 0}, "more: too many symbols": {2, 0x81, 0x80, 1}, "list: cut": {3, 0, 0},
		"an unknown message": {9},
	} {
		v.Refused = append(v.Refused, refusedVector{title, hex.EncodeToString(b)})
	}
	slices.SortFunc(v.Refused, func(a, b refusedVector) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return v
}

func TestVectors(t *testing.T) {
	if *update {
		b, err := json.MarshalIndent(makeVectors(), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorsFile, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, x := range v.Short {
		k := reconcile.Key(unhex(t, x.Key))
		if got := name(k.Short(unhex(t, x.ID))); got != x.Short {
			t.Errorf("short id of %s: %s, want %s", x.ID, got, x.Short)
		}
	}
	for _, x := range v.Shards {
		if got := name(reconcile.ShardID(x.Shard)); got != x.ID {
			t.Errorf("shard %s: %s, want %s", x.Shard, got, x.ID)
		}
	}
	for _, x := range v.Indices {
		if got := indices(number(t, x.Short)); !slices.Equal(got, x.Indices) {
			t.Errorf("%s is in %v, want %v", x.Short, got, x.Indices)
		}
	}
	for _, x := range v.Symbols {
		var shorts []uint64
		for _, s := range x.Shorts {
			shorts = append(shorts, number(t, s))
		}
		if got := symbolsOf(shorts, len(x.Symbols)); !reflect.DeepEqual(got, x) {
			t.Errorf("symbols are %v, want %v", got.Symbols, x.Symbols)
		}
	}
	for _, x := range v.Conversations {
		t.Run(x.Name, func(t *testing.T) { replay(t, x) })
	}
	for _, x := range v.Refused {
		refuses(t, x)
	}
}

// replay holds a conversation and compares each message with the vector's.
func replay(t *testing.T, x talkVector) {
	k := reconcile.Key(unhex(t, x.Key))
	asker, other := ids(t, x.Asker), ids(t, x.Answerer)
	asks, answers := reconcile.NewAsker(asker.shorts), answerer(k, other.shorts(k), 256)
	messages := x.Messages
	compare := func(b []byte) []byte {
		t.Helper()
		if len(messages) == 0 || hex.EncodeToString(b) != messages[0] {
			t.Fatalf("message %d is %x", len(x.Messages)-len(messages), b)
		}
		messages = messages[1:]
		return b
	}
	if _, err := reconcile.DecodeOpen(unhex(t, messages[0])); err != nil {
		t.Fatal(err)
	}
	messages = messages[1:]
	for answer := compare(answers.Opened()); ; {
		question, err := asks.Next(answer)
		if err != nil {
			t.Fatal(err)
		}
		if question == nil {
			break
		}
		compare(question)
		if answer, err = answers.Answer(question); err != nil {
			t.Fatal(err)
		}
		compare(answer)
	}
	missing := asks.Missing()
	slices.Sort(missing)
	var names []string
	for _, s := range missing {
		names = append(names, name(s))
	}
	if !slices.Equal(names, x.Missing) {
		t.Errorf("missing %v, want %v", names, x.Missing)
	}
	if len(missing) > 0 {
		compare(reconcile.EncodeGet(missing))
		if _, err := reconcile.DecodeRecords(unhex(t, messages[0]), len(missing)); err != nil {
			t.Error(err)
		}
	}
}

func refuses(t *testing.T, x refusedVector) {
	b := unhex(t, x.Message)
	_, err := reconcile.DecodeOpen(b)
	if !errors.Is(err, reconcile.ErrGarbage) {
		t.Errorf("%s: taken for an open", x.Name)
	}
	if _, err := reconcile.DecodeGet(b); !errors.Is(err, reconcile.ErrGarbage) {
		t.Errorf("%s: taken for a get", x.Name)
	}
	a := answerer(reconcile.Key{}, []uint64{1}, 8)
	a.Opened()
	if _, err := a.Answer(b); !errors.Is(err, reconcile.ErrGarbage) {
		t.Errorf("%s: answered", x.Name)
	}
}

func ids(t *testing.T, hexes []string) set {
	s := make(set)
	for _, h := range hexes {
		s[[32]byte(unhex(t, h))] = true
	}
	return s
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func number(t *testing.T, s string) (n uint64) {
	t.Helper()
	if _, err := fmt.Sscanf(s, "%x", &n); err != nil {
		t.Fatal(err)
	}
	return n
}
