package webvh

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/identity"
)

func TestAssertionKeys(t *testing.T) {
	const did = "did:webvh:" + testSCID + ":example.com"
	a, b := identity.Multikey(testPub(1)), identity.Multikey(testPub(2))
	method := func(id, more string) string {
		return `{"id":"` + id + `","type":"Multikey","publicKeyMultibase":"` + a + `"` + more + `}`
	}
	for name, c := range map[string]struct {
		doc  string
		want string // the keys; or, after "!", part of the error
	}{
		"none listed":          {`{}`, ""},
		"by reference":         {`{"verificationMethod":[` + method(did+"#k", "") + `],"assertionMethod":["` + did + `#k"]}`, a},
		"by short reference":   {`{"verificationMethod":[` + method("#k", `,"controller":"`+did+`"`) + `],"assertionMethod":["` + did + `#k"]}`, a},
		"short for long":       {`{"verificationMethod":[` + method(did+"#k", "") + `],"assertionMethod":["#k"]}`, a},
		"in place":             {`{"assertionMethod":[` + method("#k", "") + `]}`, a},
		"two":                  {`{"verificationMethod":[` + method("#k", "") + `],"assertionMethod":["#k",{"id":"#l","type":"Multikey","publicKeyMultibase":"` + b + `"}]}`, a + " " + b},
		"for other use":        {`{"verificationMethod":[` + method("#k", "") + `],"authentication":["#k"]}`, ""},
		"not in the document":  {`{"assertionMethod":["did:web:other.example#k"]}`, ""},
		"of another subject":   {`{"assertionMethod":[` + method("did:web:other.example#k", "") + `]}`, ""},
		"other controller":     {`{"assertionMethod":[` + method("#k", `,"controller":"did:web:other.example"`) + `]}`, ""},
		"list of controllers":  {`{"assertionMethod":[` + method("#k", `,"controller":["`+did+`"]`) + `]}`, ""},
		"other type":           {`{"assertionMethod":[{"id":"#k","type":"JsonWebKey","publicKeyJwk":{}}]}`, ""},
		"other curve":          {`{"assertionMethod":[{"id":"#k","type":"Multikey","publicKeyMultibase":"zDnaeUKTWUXc1HDpGfKbEK31nKLN19yX5aunFd7VK1CUMeyJu"}]}`, ""},
		"no key":               {`{"assertionMethod":[{"id":"#k","type":"Multikey"}]}`, ""},
		"no id":                {`{"assertionMethod":[{"type":"Multikey","publicKeyMultibase":"` + a + `"}]}`, ""},
		"two of one id":        {`{"verificationMethod":[` + method("#k", "") + `,` + method(did+"#k", "") + `]}`, "!twice"},
		"method without id":    {`{"verificationMethod":[{}]}`, "!id"},
		"methods as object":    {`{"verificationMethod":{}}`, "!verificationMethod: not a JSON array"},
		"method as text":       {`{"verificationMethod":["#k"]}`, "!element 0: not a JSON object"},
		"assertions as text":   {`{"assertionMethod":"#k"}`, "!assertionMethod: not a JSON array"},
		"assertions of number": {`{"assertionMethod":[1]}`, "!element 0"},
	} {
		doc, err := canonical([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := assertionKeys(doc, did)
		var got []string
		for _, k := range keys {
			got = append(got, identity.Multikey(k))
		}
		part, wantErr := strings.CutPrefix(c.want, "!")
		switch {
		case wantErr && (err == nil || !strings.Contains(err.Error(), part)):
			t.Errorf("%s: got %v, want an error with %q", name, err, part)
		case !wantErr && (err != nil || strings.Join(got, " ") != c.want):
			t.Errorf("%s: got %v, %v, want %q", name, got, err, c.want)
		}
	}
}
