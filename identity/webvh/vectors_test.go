package webvh

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// published is when the published vectors are looked at: later than all of
// them.
var published = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

// vectorsDir finds the published vectors beside the repository.
func vectorsDir(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	dir := filepath.Join(root, "..", "shared", "vectors", "didwebvh", "vectors")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the published did:webvh vectors are absent: %v", err)
	}
	return dir
}

// resolution is a published resolutionResult.json.
type resolution struct {
	Document json.RawMessage `json:"didDocument"`
	Metadata *struct {
		VersionID     string    `json:"versionId"`
		VersionNumber int       `json:"versionNumber"`
		VersionTime   time.Time `json:"versionTime"`
		Created       time.Time `json:"created"`
		Updated       time.Time `json:"updated"`
		SCID          *string   `json:"scid"`
		Portable      *bool     `json:"portable"`
		Deactivated   *bool     `json:"deactivated"`
	} `json:"didDocumentMetadata"`
	Resolution *struct {
		Error string `json:"error"`
	} `json:"didResolutionMetadata"`
}

func (r *resolution) accepted() bool { return !isNull(r.Document) }

func isNull(b []byte) bool { return len(b) == 0 || string(b) == "null" }

// contradicted are logs whose publisher accepted them although two other
// publishers refused the very same scenario, and rightly: a new list of
// witnesses counts after the entry that sets it (spec, "Witness Lists"), so
// the second entry needed both witnesses of the first and has one.
var contradicted = []string{"witness-update/ts", "witness-update/java"}

// noVersionNumbers are publishers whose resolution of an old version repeats
// the newest one.
var noVersionNumbers = []string{"python"}

func TestPublishedLogs(t *testing.T) {
	dir := vectorsDir(t)
	logs, err := filepath.Glob(filepath.Join(dir, "*", "*", "did.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range logs {
		name, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		jsonl := read(t, path)
		if len(jsonl) == 0 {
			continue // the vector is a DID URL; see TestNegativeScripts
		}
		seen++
		t.Run(name, func(t *testing.T) { testPublished(t, name, filepath.Dir(path), jsonl) })
	}
	if seen < 71 {
		t.Errorf("%d published logs, want at least 71: the vectors are incomplete", seen)
	}
}

func testPublished(t *testing.T, name, dir string, jsonl []byte) {
	witnesses, err := os.ReadFile(filepath.Join(dir, "did-witness.json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	history, err := verify(jsonl, witnesses, published)
	want := readResolution(t, filepath.Join(dir, "resolutionResult.json"))
	if slices.Contains(contradicted, filepath.ToSlash(name)) {
		if reason(err) != "witness" {
			t.Fatalf("got %v, want a refusal for want of witnesses", err)
		}
		return
	}
	if !want.accepted() {
		if err == nil {
			t.Fatalf("accepted; published as refused with %+v", want.Resolution)
		}
		t.Logf("refused: %v", err)
		return
	}
	if err != nil {
		t.Fatalf("refused; published as accepted: %v", err)
	}
	compare(t, history, want, 0)
	for _, n := range []int{1, 2} {
		path := filepath.Join(dir, "resolutionResult."+string(rune('0'+n))+".json")
		if _, err := os.Stat(path); err == nil {
			if slices.Contains(noVersionNumbers, filepath.Base(dir)) {
				n = 0
			}
			compare(t, history, readResolution(t, path), n)
		}
	}
}

// compare holds version number of a history, or the newest for 0, against its
// published resolution, as far as implementations agree what that is.
func compare(t *testing.T, h *History, want *resolution, number int) {
	t.Helper()
	v := h.Latest()
	if number != 0 {
		v = h.Versions()[number-1]
	}
	m := want.Metadata
	if at, ok := h.At(m.VersionID); !ok || at.ID != v.ID || v.Number != m.VersionNumber {
		t.Errorf("version %d is %s, published is %d, %s", v.Number, v.ID, m.VersionNumber, m.VersionID)
	}
	if created := h.Versions()[0].Time; !created.Equal(m.Created) || !v.Time.Equal(m.VersionTime) {
		t.Errorf("created %s, version %s; published %s, %s", created, v.Time, m.Created, m.VersionTime)
	}
	if !m.Updated.Equal(v.Time) && !m.Updated.Equal(h.Latest().Time) {
		t.Errorf("updated: published %s, want the time of the version or of the newest", m.Updated)
	}
	if m.SCID != nil && !strings.HasPrefix(string(v.DID), "did:webvh:"+*m.SCID+":") {
		t.Errorf("DID %s does not have the published SCID %s", v.DID, *m.SCID)
	}
	if m.Portable != nil && v.Portable != *m.Portable {
		t.Errorf("portable is %t, published %t", v.Portable, *m.Portable)
	}
	if m.Deactivated != nil && h.Deactivated() != *m.Deactivated {
		t.Errorf("deactivated is %t, published %t", h.Deactivated(), *m.Deactivated)
	}
	if diff := cmp.Diff(document(t, want.Document), document(t, v.Document)); diff != "" {
		t.Errorf("document (-published +got):\n%s", diff)
	}
}

// document decodes a DID document without the services "files" and "whois",
// which a resolver may add and which all implementations write differently.
func document(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	services, _ := doc["service"].([]any)
	services = slices.DeleteFunc(services, func(s any) bool {
		id, _ := s.(map[string]any)["id"].(string)
		return strings.HasSuffix(id, "#files") || strings.HasSuffix(id, "#whois")
	})
	doc["service"] = services
	if len(services) == 0 {
		delete(doc, "service")
	}
	return doc
}

func readResolution(t *testing.T, path string) *resolution {
	t.Helper()
	r := new(resolution)
	if err := json.Unmarshal(read(t, path), r); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b)
}

// verify parses and verifies.
func verify(jsonl, witnesses []byte, now time.Time) (*History, error) {
	l, err := Parse(jsonl)
	if err != nil {
		return nil, err
	}
	return Verify(l, witnesses, now)
}

// reason returns why a log was refused, or "".
func reason(err error) string {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reason
	}
	return ""
}
