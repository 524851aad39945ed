package webvh

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
)

// script is one published scenario, script.yaml, in the language described in
// NEGATIVE_VECTORS.md of the vectors.
type script struct {
	Description string
	Negative    bool
	Keys        []struct{ ID, Seed string }
	Steps       []step
}

type step struct {
	Op, Domain, Signer, Timestamp string
	Params                        map[string]any
	Entry                         int
	When, Mutation, Field, Value  string
	DID                           string
	ExpectError                   string `yaml:"expectError"`
	VersionNumber                 int    `yaml:"versionNumber"`
}

// forger builds logs, good and bad, from the steps of a script. It keeps
// entries apart from their hashes and signatures, so that whatever a script
// corrupts before signing is hashed, chained and signed like the rest: the
// only thing wrong with the log is what the script says.
type forger struct {
	t       testing.TB
	keys    map[string]ed25519.PrivateKey
	did     string // with the placeholder
	entries []*forged
	attests []step
}

type forged struct {
	time        string
	params, doc map[string]any
	signer      ed25519.PrivateKey
	stateSCID   string            // replaces the SCID within state.id
	proof       map[string]string // replaced after signing
}

func newForger(t testing.TB, s *script) *forger {
	f := &forger{t: t, keys: make(map[string]ed25519.PrivateKey)}
	for _, k := range s.Keys {
		seed, err := hex.DecodeString(k.Seed)
		if err != nil {
			t.Fatal(err)
		}
		f.keys[k.ID] = ed25519.NewKeyFromSeed(seed)
	}
	return f
}

func (f *forger) key(id string) ed25519.PrivateKey {
	f.t.Helper()
	k, ok := f.keys[id]
	if !ok {
		f.t.Fatalf("script has no key %q", id)
	}
	return k
}

func (f *forger) public(id string) ed25519.PublicKey { return f.key(id).Public().(ed25519.PublicKey) }

// do carries out every op that changes the log.
func (f *forger) do(s step) {
	f.t.Helper()
	switch s.Op {
	case "create":
		f.did, f.entries, f.attests = didPrefix+placeholder+":"+s.Domain, nil, nil
		params := f.params(s.Params)
		params["method"], params["scid"] = method, placeholder
		f.add(s, params)
	case "update", "migrate":
		if s.Domain != "" {
			before := f.did
			f.did = didPrefix + placeholder + ":" + s.Domain
			s.Params = maps.Clone(s.Params)
			if s.Params == nil {
				s.Params = make(map[string]any)
			}
			s.Params["alsoKnownAs"] = []any{before}
		}
		f.add(s, f.params(s.Params))
	case "deactivate":
		f.add(s, map[string]any{"updateKeys": []string{}, "deactivated": true})
	case "corrupt":
		f.corrupt(s)
	case "sign-witness-proof":
		f.attests = append(f.attests, s)
	default:
		f.t.Fatalf("script has op %q", s.Op)
	}
}

func (f *forger) add(s step, params map[string]any) {
	doc := map[string]any{"@context": contexts, "id": f.did}
	setSigner(doc, f.did, f.public(s.Signer))
	for script, property := range map[string]string{"alsoKnownAs": "alsoKnownAs", "services": "service"} {
		if v, ok := s.Params[script]; ok {
			doc[property] = v
		}
	}
	f.entries = append(f.entries, &forged{time: s.Timestamp, params: params, doc: doc, signer: f.key(s.Signer)})
}

// params turns the parameters of a script, which name keys, into those of an
// entry.
func (f *forger) params(in map[string]any) map[string]any {
	out := make(map[string]any)
	for name, v := range in {
		switch name {
		case "alsoKnownAs", "services":
		case "updateKeys", "nextKeyHashes":
			list := []string{}
			for _, id := range v.([]any) {
				key := identity.Multikey(f.public(id.(string)))
				if name == "nextKeyHashes" {
					key = multihash58([]byte(key))
				}
				list = append(list, key)
			}
			out[name] = list
		case "witness":
			w := v.(map[string]any)
			ids := []map[string]string{}
			for _, e := range w["witnesses"].([]any) {
				id := e.(map[string]any)["id"].(string)
				ids = append(ids, map[string]string{"id": string(identity.KeyDID(f.public(id)))})
			}
			out[name] = map[string]any{"threshold": w["threshold"], "witnesses": ids}
		default:
			out[name] = v
		}
	}
	return out
}

func (f *forger) corrupt(s step) {
	e := f.entries[s.Entry]
	value := s.Value
	for id := range f.keys {
		name := "{" + strings.ToUpper(strings.ReplaceAll(id, "-", "_")) + "}"
		value = strings.ReplaceAll(value, name, identity.Multikey(f.public(id)))
	}
	switch s.Mutation {
	case "replace-state-id-scid":
		e.stateSCID = value
	case "replace-version-time":
		e.time = value
	case "replace-parameter":
		e.params[s.Field] = value
	case "drop-parameter":
		delete(e.params, s.Field)
	case "replace-proof-field":
		e.proof = map[string]string{s.Field: value}
	default:
		f.t.Fatalf("script has mutation %q", s.Mutation)
	}
}

// log hashes, chains and signs the entries.
func (f *forger) log() (jsonl []byte, versionIDs []string) {
	f.t.Helper()
	var scid, prev string
	for i, fe := range f.entries {
		e := f.entry(fe)
		if i == 0 {
			scid = multihash58(body(placeholder, e.versionTime, e.parametersJSON, e.state))
			prev = scid
		}
		e.parametersJSON, e.state = f.fill(e.parametersJSON, scid), f.fill(e.state, scid)
		if fe.stateSCID != "" {
			e.state = bytes.Replace(e.state, []byte(`"id":"`+didPrefix+scid+":"), []byte(`"id":"`+didPrefix+fe.stateSCID+":"), 1)
		}
		id := fmt.Sprintf("%d-%s", i+1, entryHash(e, prev))
		jsonl = append(append(jsonl, f.line(fe, e, id)...), '\n')
		versionIDs = append(versionIDs, id)
		prev = id
	}
	return jsonl, versionIDs
}

// fill puts the SCID in for the placeholder, in keys too.
func (f *forger) fill(c canon, scid string) canon {
	f.t.Helper()
	filled, err := canonical(bytes.ReplaceAll(c, []byte(placeholder), []byte(scid)))
	if err != nil {
		f.t.Fatal(err)
	}
	return filled
}

func (f *forger) entry(fe *forged) *entry {
	f.t.Helper()
	d := draft{params: fe.params, doc: fe.doc}
	parameters, state, err := d.canonical()
	if err != nil {
		f.t.Fatal(err)
	}
	return &entry{versionTime: fe.time, parametersJSON: parameters, state: state}
}

func (f *forger) line(fe *forged, e *entry, id string) []byte {
	f.t.Helper()
	created, err := time.Parse(time.RFC3339, fe.time)
	if err != nil {
		f.t.Fatal(err)
	}
	p, err := sign(fe.signer, body(id, e.versionTime, e.parametersJSON, e.state), created)
	if err != nil {
		f.t.Fatal(err)
	}
	maps.Copy(p, fe.proof)
	line, err := json.Marshal(map[string]any{
		"versionId": id, "versionTime": e.versionTime, "proof": []any{p},
		"parameters": json.RawMessage(e.parametersJSON), "state": json.RawMessage(e.state),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return line
}

// witnessFile has the proofs that the script asks for, or, where it asks for
// none in particular, those of every witness over the newest version.
func (f *forger) witnessFile(s *script, versionIDs []string) []byte {
	f.t.Helper()
	attests := f.attests
	if !s.Negative {
		for _, k := range s.Keys {
			if strings.HasPrefix(k.ID, "wit-") {
				attests = append(attests, step{Signer: k.ID, Entry: len(versionIDs) - 1})
			}
		}
	}
	var all []json.RawMessage
	for _, a := range attests {
		file, err := Attest(versionIDs[a.Entry], published, f.key(a.Signer))
		if err != nil {
			f.t.Fatal(err)
		}
		var one []json.RawMessage
		if err := json.Unmarshal(file, &one); err != nil {
			f.t.Fatal(err)
		}
		all = slices.Concat(all, one)
	}
	if len(all) == 0 {
		return nil
	}
	file, err := json.Marshal(all)
	if err != nil {
		f.t.Fatal(err)
	}
	return file
}
