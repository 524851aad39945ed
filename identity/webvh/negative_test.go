package webvh

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/parley-network/parley/identity"
)

// TestScripts runs every published scenario, good and bad, as one more
// implementation: it builds the logs itself and holds the verdict against the
// script.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectorsDir(t), "*", "script.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 25 {
		t.Errorf("%d scripts, want at least 25: the vectors are incomplete", len(paths))
	}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) { runScript(t, name, read(t, path)) })
	}
}

// wantReason is why each attack is refused, which says more than the three
// published error codes: an attack refused for another reason is not tested.
var wantReason = map[string]string{
	"negative-cross-did-witness-replay":          "witness",
	"negative-did-key-body-fragment-mismatch":    "proof",
	"negative-duplicate-witness-ids":             "parameters",
	"negative-portable-scid-swap":                "scid",
	"negative-pre-rotation-omit-updatekeys":      "parameters",
	"negative-pre-rotation-uncommitted-key":      "parameters",
	"negative-scid-mismatch-genesis":             "document", // the value in the script is no SCID in form either
	"negative-scid-mismatch-genesis-well-formed": "scid",
	"negative-unknown-method-version":            "parameters",
	"negative-versiontime-future":                "time",
	"negative-versiontime-non-monotonic":         "time",
	"negative-wrong-cryptosuite":                 "proof",
	"negative-zero-witness-threshold":            "parameters",
	"negative-portable-late":                     "parameters",
	"negative-move-not-portable":                 "document",
	"negative-entry-after-deactivation":          "deactivated",
	"negative-witness-removed-unwitnessed":       "witness",
	"negative-signed-by-new-key":                 "proof",
}

func runScript(t *testing.T, name string, source []byte) {
	t.Helper()
	s := new(script)
	if err := yaml.Unmarshal(source, s); err != nil {
		t.Fatal(err)
	}
	f, resolved := newForger(t, s), 0
	for _, step := range s.Steps {
		switch step.Op {
		case "resolve":
			resolved++
			jsonl, ids := f.log()
			h, err := verify(jsonl, f.witnessFile(s, ids), published)
			judge(t, name, step, h, err)
		case "resolve-did":
			resolved++
			refuseDID(t, step.DID)
		default:
			f.do(step)
		}
	}
	if resolved == 0 {
		t.Error("script resolves nothing")
	}
}

func judge(t *testing.T, name string, s step, h *History, err error) {
	t.Helper()
	switch {
	case s.ExpectError == "" && err != nil:
		t.Errorf("refused: %v", err)
	case s.ExpectError == "" && s.VersionNumber > len(h.Versions()):
		t.Errorf("no version %d", s.VersionNumber)
	case s.ExpectError != "" && (err == nil || reason(err) != wantReason[name]):
		t.Errorf("got %v, want a refusal for reason %q (published: %s)", err, wantReason[name], s.ExpectError)
	}
}

// refuseDID wants a DID refused as it stands, and also with a SCID that is
// well-formed, because the published ones are not.
func refuseDID(t *testing.T, did string) {
	t.Helper()
	genuine := "QmPhjPQzVkCTG9TH2mcZKM5QVBcFJkVGqYb7jkSrYVvvfM"
	wellFormed := regexp.MustCompile(`Qm0+`).ReplaceAllString(did, genuine)
	if wellFormed == did {
		t.Fatalf("no SCID to replace in %s", did)
	}
	if _, err := ParseID(identity.DID("did:webvh:" + genuine + ":example.com")); err != nil {
		t.Fatalf("the well-formed SCID is not: %v", err)
	}
	for _, d := range []string{did, wellFormed} {
		if _, err := ParseURL(d); !errors.Is(err, ErrDID) {
			t.Errorf("DID URL %s: got %v, want %v", d, err, ErrDID)
		}
		if _, err := ParseID(identity.DID(d)); !errors.Is(err, ErrDID) {
			t.Errorf("DID %s: got %v, want %v", d, err, ErrDID)
		}
	}
}

// TestMoreAttacks runs those attacks that the published index lists without a
// folder, and some of the same kind.
func TestMoreAttacks(t *testing.T) {
	const head = `
negative: true
keys:
  - {id: key-0, seed: "0000000000000000000000000000000000000000000000000000000000000001"}
  - {id: key-1, seed: "0000000000000000000000000000000000000000000000000000000000000002"}
  - {id: key-2, seed: "0000000000000000000000000000000000000000000000000000000000000003"}
  - {id: wit-0, seed: "0000000000000000000000000000000000000000000000000000000000000010"}
steps:
`
	const tail = `
  - {op: resolve, expectError: refused}
`
	scripts := map[string]string{
		"negative-portable-scid-swap": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0], portable: true}}
  - {op: migrate, domain: new.example.com, signer: key-0, timestamp: "2000-01-02T00:00:00Z"}
  - {op: corrupt, entry: 1, when: before-sign, mutation: replace-state-id-scid, value: QmPhjPQzVkCTG9TH2mcZKM5QVBcFJkVGqYb7jkSrYVvvfM}`,
		"negative-pre-rotation-omit-updatekeys": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0], nextKeyHashes: [key-1]}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {updateKeys: [key-0], nextKeyHashes: [key-2]}}
  - {op: corrupt, entry: 1, when: before-sign, mutation: drop-parameter, field: updateKeys}`,
		"negative-pre-rotation-uncommitted-key": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0], nextKeyHashes: [key-1]}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {updateKeys: [key-1, key-0], nextKeyHashes: [key-2]}}`,
		"negative-wrong-cryptosuite": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: corrupt, entry: 0, when: after-sign, mutation: replace-proof-field, field: cryptosuite, value: eddsa-rdfc-2022}`,
		"negative-versiontime-non-monotonic": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z"}
  - {op: resolve, expectError: refused}
  - {op: corrupt, entry: 1, when: before-sign, mutation: replace-version-time, value: "1999-12-31T23:59:59Z"}`,
		"negative-scid-mismatch-genesis-well-formed": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: corrupt, entry: 0, when: before-sign, mutation: replace-state-id-scid, value: QmPhjPQzVkCTG9TH2mcZKM5QVBcFJkVGqYb7jkSrYVvvfM}`,
		"negative-portable-late": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {portable: true}}`,
		"negative-move-not-portable": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: migrate, domain: new.example.com, signer: key-0, timestamp: "2000-01-02T00:00:00Z"}`,
		"negative-entry-after-deactivation": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {deactivated: true}}
  - {op: update, signer: key-0, timestamp: "2000-01-03T00:00:00Z", params: {deactivated: false}}`,
		"negative-witness-removed-unwitnessed": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0], witness: {threshold: 1, witnesses: [{id: wit-0}]}}}
  - {op: update, signer: key-0, timestamp: "2000-01-02T00:00:00Z", params: {witness: {threshold: 1, witnesses: [{id: key-2}]}}}
  - {op: sign-witness-proof, signer: wit-0, entry: 0}
  - {op: sign-witness-proof, signer: key-2, entry: 1}`,
		"negative-signed-by-new-key": `
  - {op: create, domain: example.com, signer: key-0, timestamp: "2000-01-01T00:00:00Z", params: {updateKeys: [key-0]}}
  - {op: update, signer: key-1, timestamp: "2000-01-02T00:00:00Z", params: {updateKeys: [key-1]}}`,
	}
	for name, steps := range scripts {
		t.Run(strings.TrimPrefix(name, "negative-"), func(t *testing.T) { runScript(t, name, []byte(head+steps+tail)) })
	}
}
