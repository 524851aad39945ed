package webvh

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/parley-network/parley/identity"
)

const method = "did:webvh:1.0"

// parameters are those that one entry sets; nil means it leaves them as they
// were (spec, "did:webvh DID Method Parameters").
type parameters struct {
	method        *string
	scid          *string
	updateKeys    *[]string
	nextKeyHashes *[]string
	witness       *Witness
	watchers      *[]string
	portable      *bool
	deactivated   *bool
	ttl           *time.Duration
}

const (
	defaultTTL = time.Hour
	maxTTL     = 1 << 31 // seconds
)

// parseParameters reads the parameters of one entry and checks each by itself.
func parseParameters(c canon) (*parameters, error) {
	m, err := c.objectOf("method", "scid", "updateKeys", "nextKeyHashes", "witness",
		"watchers", "portable", "deactivated", "ttl")
	if err != nil {
		return nil, err
	}
	p := new(parameters)
	for name, v := range m {
		if err := p.set(name, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

func (p *parameters) set(name string, v canon) (err error) {
	switch name {
	case "method":
		p.method, err = ptr(v.text())
		if err == nil && *p.method != method {
			err = fmt.Errorf("%.40q is not %s", *p.method, method)
		}
	case "scid":
		p.scid, err = ptr(v.text())
		if err == nil {
			err = checkHash(*p.scid)
		}
	case "updateKeys":
		p.updateKeys, err = ptr(v.texts())
		if err == nil {
			_, err = multikeys(*p.updateKeys)
		}
	case "nextKeyHashes":
		p.nextKeyHashes, err = ptr(v.texts())
	case "witness":
		p.witness, err = ptr(parseWitness(v))
	case "watchers":
		p.watchers, err = ptr(parseWatchers(v))
	case "portable":
		p.portable, err = ptr(v.boolean())
	case "deactivated":
		p.deactivated, err = ptr(v.boolean())
	case "ttl":
		var seconds int
		seconds, err = v.natural(maxTTL)
		ttl := time.Duration(seconds) * time.Second
		p.ttl = &ttl
	}
	return err
}

func ptr[T any](v T, err error) (*T, error) { return &v, err }

func multikeys(list []string) ([]ed25519.PublicKey, error) {
	keys := make([]ed25519.PublicKey, 0, len(list))
	for i, s := range list {
		k, err := identity.ParseMultikey(s)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func parseWatchers(v canon) ([]string, error) {
	list, err := v.texts()
	if err != nil {
		return nil, err
	}
	for i, s := range list {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("element %d: %.80q is not the URL of a web service", i, s)
		}
	}
	return list, nil
}

// checkFirst applies the rules for the first entry.
func (p *parameters) checkFirst() error {
	switch {
	case p.method == nil:
		return errors.New("method is missing")
	case p.scid == nil:
		return errors.New("scid is missing")
	case p.updateKeys == nil || len(*p.updateKeys) == 0:
		return errors.New("updateKeys is missing or empty")
	}
	return nil
}

// checkLater applies the rules for an entry after the first; prev is what
// held before it.
func (p *parameters) checkLater(prev *settings) error {
	switch {
	case p.scid != nil:
		return errors.New("scid may stand in the first entry only")
	case p.portable != nil && *p.portable:
		return errors.New("portable may be set to true in the first entry only")
	}
	if len(prev.nextKeyHashes) == 0 {
		return nil
	}
	if p.updateKeys == nil || p.nextKeyHashes == nil {
		return errors.New("updateKeys and nextKeyHashes must both be present while pre-rotation is active")
	}
	for i, k := range *p.updateKeys {
		if !prev.commits(k) {
			return fmt.Errorf("updateKeys: element %d was not committed to in nextKeyHashes before", i)
		}
	}
	return nil
}
