package webvh

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/identity"
)

// Service is an entry of the service list of a DID document.
type Service struct {
	// ID is the fragment that names the service within the document.
	ID string
	// Type is the kind of service, such as "LinkedDomains".
	Type string
	// Endpoint is its address.
	Endpoint string
}

var contexts = []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"}

// setSigner puts sign into a document as its one key, to be used for
// assertions. Whatever else named a key is taken out.
func setSigner(doc map[string]any, did string, sign ed25519.PublicKey) {
	key := identity.Multikey(sign)
	doc["verificationMethod"] = []map[string]string{{
		"id":                 did + "#" + key,
		"type":               "Multikey",
		"controller":         did,
		"publicKeyMultibase": key,
	}}
	doc["assertionMethod"] = []string{did + "#" + key}
	for _, other := range []string{"authentication", "keyAgreement", "capabilityInvocation", "capabilityDelegation"} {
		delete(doc, other)
	}
}

func setServices(doc map[string]any, did string, services []Service) error {
	delete(doc, "service")
	if len(services) == 0 {
		return nil
	}
	list := make([]map[string]string, 0, len(services))
	for i, s := range services {
		if s.ID == "" || s.Type == "" || s.Endpoint == "" || checkChars(s.ID, "-._~") != nil {
			return fmt.Errorf("service %d: needs an id of letters, digits and -._~, a type and an endpoint", i)
		}
		list = append(list, map[string]string{"id": did + "#" + s.ID, "type": s.Type, "serviceEndpoint": s.Endpoint})
	}
	doc["service"] = list
	return nil
}

// assertionKeys returns the Ed25519 keys that a document lists, by reference
// or in place, under assertionMethod. Methods of other types are passed over;
// a document of the wrong shape is an error.
func assertionKeys(state canon, did string) ([]ed25519.PublicKey, error) {
	doc, err := state.object()
	if err != nil {
		return nil, err
	}
	methods, err := methodsByID(doc["verificationMethod"], did)
	if err != nil {
		return nil, fmt.Errorf("verificationMethod: %w", err)
	}
	if doc["assertionMethod"] == nil {
		return nil, nil
	}
	list, err := doc["assertionMethod"].array()
	if err != nil {
		return nil, fmt.Errorf("assertionMethod: %w", err)
	}
	var keys []ed25519.PublicKey
	for i, c := range list {
		m, err := assertionMethod(c, methods, did)
		if err != nil {
			return nil, fmt.Errorf("assertionMethod: element %d: %w", i, err)
		}
		if key := methodKey(m, did); key != nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// methodsByID reads the verification methods of a document by their absolute
// id.
func methodsByID(c canon, did string) (map[string]map[string]canon, error) {
	if c == nil {
		return nil, nil
	}
	list, err := c.array()
	if err != nil {
		return nil, err
	}
	methods := make(map[string]map[string]canon, len(list))
	for i, c := range list {
		m, err := c.object()
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		id, err := m["id"].text()
		if err != nil {
			return nil, fmt.Errorf("element %d: id: %w", i, err)
		}
		id = absolute(id, did)
		if methods[id] != nil {
			return nil, fmt.Errorf("element %d: %.200q is there twice", i, id)
		}
		methods[id] = m
	}
	return methods, nil
}

func assertionMethod(c canon, methods map[string]map[string]canon, did string) (map[string]canon, error) {
	if m, err := c.object(); err == nil {
		return m, nil
	}
	id, err := c.text()
	if err != nil {
		return nil, errors.New("neither a reference nor a verification method")
	}
	return methods[absolute(id, did)], nil
}

func absolute(id, did string) string {
	if strings.HasPrefix(id, "#") {
		return did + id
	}
	return id
}

// methodKey returns the key of a verification method if it is an Ed25519
// Multikey that did itself controls, else nil.
func methodKey(m map[string]canon, did string) ed25519.PublicKey {
	id, err := m["id"].text()
	if err != nil || !strings.HasPrefix(absolute(id, did), did+"#") {
		return nil
	}
	if c, ok := m["controller"]; ok {
		if controller, err := c.text(); err != nil || controller != did {
			return nil
		}
	}
	if typ, err := m["type"].text(); err != nil || typ != "Multikey" {
		return nil
	}
	text, err := m["publicKeyMultibase"].text()
	if err != nil {
		return nil
	}
	key, err := identity.ParseMultikey(text)
	if err != nil {
		return nil
	}
	return key
}
