package webvh

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
)

const testSCID = "QmPhjPQzVkCTG9TH2mcZKM5QVBcFJkVGqYb7jkSrYVvvfM"

func TestParseID(t *testing.T) {
	for did, want := range map[string]struct {
		id  ID
		url string
	}{
		"example.com":                  {ID{testSCID, "example.com", 0, nil}, "https://example.com/.well-known/did.jsonl"},
		"pairwise.invalid":             {ID{testSCID, "pairwise.invalid", 0, nil}, "https://pairwise.invalid/.well-known/did.jsonl"},
		"issuer.example.com%3A3000":    {ID{testSCID, "issuer.example.com", 3000, nil}, "https://issuer.example.com:3000/.well-known/did.jsonl"},
		"example.com:dids:issuer":      {ID{testSCID, "example.com", 0, []string{"dids", "issuer"}}, "https://example.com/dids/issuer/did.jsonl"},
		"example.com%3A1:a%20b:%7e_-.": {ID{testSCID, "example.com", 1, []string{"a%20b", "%7e_-."}}, "https://example.com:1/a%20b/~_-./did.jsonl"},
		"xn--fsq.jp:%E7%94%A8":         {ID{testSCID, "xn--fsq.jp", 0, []string{"%E7%94%A8"}}, "https://xn--fsq.jp/%E7%94%A8/did.jsonl"},
		"1.2.3.4.example:1.2":          {ID{testSCID, "1.2.3.4.example", 0, []string{"1.2"}}, "https://1.2.3.4.example/1.2/did.jsonl"},
	} {
		did := identity.DID(didPrefix + testSCID + ":" + did)
		id, err := ParseID(did)
		if err != nil {
			t.Errorf("%s: %v", did, err)
			continue
		}
		if id.SCID != want.id.SCID || id.Domain != want.id.Domain || id.Port != want.id.Port || !slices.Equal(id.Path, want.id.Path) {
			t.Errorf("%s: got %+v, want %+v", did, id, want.id)
		}
		if id.DID() != did || id.URL() != want.url {
			t.Errorf("%s: written as %s, published at %s, want %s", did, id.DID(), id.URL(), want.url)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	for rest, part := range map[string]string{
		"":                                   "fully qualified",
		"localhost":                          "fully qualified",
		"example.com.":                       "label",
		".example.com":                       "label",
		"-a.example":                         "dash",
		"a_b.example":                        `'_'`,
		strings.Repeat("a", 64) + ".example": "63",
		strings.Repeat("abc.", 63) + "abcd":  "253",
		"127.0.0.1":                          "IP address",
		"0x7f.0x1":                           "IP address",
		"2130706433":                         "fully qualified",
		"127.1":                              "IP address",
		"127.0.0.1%3A80":                     "IP address",
		"127.0.0.1%3a80":                     "'%'",
		"127%2E0%2E0%2E1":                    "fully qualified",
		"[::1]":                              "fully qualified",
		"example.com%3a80":                   "'%'",
		"example.com%3A":                     "port",
		"example.com%3A0":                    "port",
		"example.com%3A080":                  "port",
		"example.com%3A65536":                "port",
		"example.com%3A-1":                   "port",
		"example.com%3A80%3A81":              "port",
		"example.com%2Fa":                    "'%'",
		"exämple.com":                        "xn--",
		"example.com:":                       "empty",
		"example.com::a":                     "empty",
		"example.com:a:":                     "empty",
		"example.com:.":                      "elsewhere",
		"example.com:a:..":                   "elsewhere",
		"example.com:%2E%2E":                 "elsewhere",
		"example.com:%2e.":                   "elsewhere",
		"example.com:a%2Fb":                  "decodes",
		"example.com:a%5cb":                  "decodes",
		"example.com:%252E%252E":             "decodes",
		"example.com:%00":                    "control",
		"example.com:%20a":                   "white space",
		"example.com:a%C2%A0":                "white space",
		"example.com:%FF":                    "UTF-8",
		"example.com:%2":                     "percent-encoding",
		"example.com:%zz":                    "percent-encoding",
		"example.com:a b":                    "character",
		"example.com:a/b":                    "character",
		"example.com/a":                      "domain",
		"example.com#a":                      "domain",
		"example.com?a":                      "domain",
		"example.com:a#b":                    "character",
		"example.com:" + strings.Repeat("a", 1024): "longer",
	} {
		if _, err := ParseID(identity.DID(didPrefix + testSCID + ":" + rest)); !errors.Is(err, ErrDID) || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, want a refusal with %q", rest, err, part)
		}
	}
	for _, did := range []string{
		"", "did:web:example.com", "did:webvh", "did:webvh:" + testSCID, "DID:webvh:" + testSCID + ":example.com",
		"did:webvh::example.com", "did:webvh:" + testSCID[1:] + ":example.com", "did:webvh:{SCID}:example.com",
		"did:webvh:Qm0000000000000000000000000000000000000000000000:example.com",
		"did:webvh:" + strings.Replace(testSCID, "Qm", "zz", 1) + ":example.com",
		" did:webvh:" + testSCID + ":example.com", "did:webvh:" + testSCID + ":example.com\n",
	} {
		if _, err := ParseID(identity.DID(did)); !errors.Is(err, ErrDID) {
			t.Errorf("%q: got %v, want a refusal", did, err)
		}
	}
}

func TestParseURL(t *testing.T) {
	did := didPrefix + testSCID + ":example.com:a"
	for s, want := range map[string]URL{
		did:                         {},
		did + "#key-1":              {Fragment: "key-1"},
		did + "?versionId=1-x":      {Query: "versionId=1-x"},
		did + "/whois/a:b?c/d=?#e?": {Path: "/whois/a:b", Query: "c/d=?", Fragment: "e?"},
		did + "#f/g?h":              {Fragment: "f/g?h"},
	} {
		u, err := ParseURL(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if u.ID.DID() != identity.DID(did) || u.Path != want.Path || u.Query != want.Query || u.Fragment != want.Fragment {
			t.Errorf("%s: got %+v, want %+v", s, u, want)
		}
	}
	for _, s := range []string{did + "#a#b", did + "/a b", did + "?%", did + "/%zz", "did:webvh:" + testSCID + "#:example.com", "did:webvh:" + testSCID + "/:example.com", did + strings.Repeat("/a", 512)} {
		if _, err := ParseURL(s); !errors.Is(err, ErrDID) {
			t.Errorf("%s: got %v, want a refusal", s, err)
		}
	}
}

func FuzzDID(f *testing.F) {
	for _, s := range []string{
		"did:webvh:" + testSCID + ":example.com%3A8080:a:b%20c", "did:webvh:" + testSCID + ":example.com#x",
		"did:webvh:" + testSCID + ":127.0.0.1%3a80", "did:webvh:" + testSCID + ":example.com:%2E%2E",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(identity.DID(s)); err == nil {
			if string(id.DID()) != s {
				t.Fatalf("%q is written back as %q", s, id.DID())
			}
			if u := id.URL(); strings.Contains(u, "/../") || strings.Contains(u, "/./") || strings.ContainsAny(u, "?#@ \\") {
				t.Fatalf("%q is published at %q", s, u)
			}
		}
		if u, err := ParseURL(s); err == nil && !strings.HasPrefix(s, string(u.ID.DID())) {
			t.Fatalf("%q names %q", s, u.ID.DID())
		}
	})
}
