package webvh

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
)

const (
	didPrefix = "did:webvh:"
	maxDID    = 1024 // bytes of a DID or DID URL
)

// ErrDID is wrapped by every refusal of an identifier.
var ErrDID = errors.New("not a did:webvh identifier")

// ID is a did:webvh identifier taken apart.
type ID struct {
	// SCID is the self-certifying part: the hash of the first entry.
	SCID string
	// Domain is a fully qualified domain name in ASCII, never an IP address.
	Domain string
	// Port is the port, or 0 where none is given.
	Port int
	// Path has the segments after the domain as written, percent-encoding
	// included.
	Path []string
}

// ParseID takes apart a DID that is a did:webvh and nothing more (spec,
// "Method-Specific Identifier"). It is stricter than the specification in four
// things: a port is introduced by %3A in upper case only, a domain has no
// other percent-encoding, a path segment does not decode to text with a percent
// sign or a control character, and the whole has at most 1024 bytes. All errors
// wrap [ErrDID].
func ParseID(d identity.DID) (ID, error) {
	s := string(d)
	if len(s) > maxDID {
		return ID{}, fmt.Errorf("%w: longer than %d bytes", ErrDID, maxDID)
	}
	rest, ok := strings.CutPrefix(s, didPrefix)
	if !ok {
		return ID{}, fmt.Errorf("%w: %.80q does not start with %s", ErrDID, s, didPrefix)
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 2 {
		return ID{}, fmt.Errorf("%w: %.80q has no domain", ErrDID, s)
	}
	id := ID{SCID: parts[0], Path: parts[2:]}
	if err := checkHash(id.SCID); err != nil {
		return ID{}, fmt.Errorf("%w: SCID: %w", ErrDID, err)
	}
	var err error
	if id.Domain, id.Port, err = splitDomain(parts[1]); err != nil {
		return ID{}, fmt.Errorf("%w: domain %.80q: %w", ErrDID, parts[1], err)
	}
	for i, seg := range id.Path {
		if _, err := decodeSegment(seg); err != nil {
			return ID{}, fmt.Errorf("%w: path segment %d %.80q: %w", ErrDID, i+1, seg, err)
		}
	}
	return id, nil
}

// DID puts the identifier together again.
func (id ID) DID() identity.DID {
	return identity.DID(didPrefix + id.SCID + ":" + joinDomain(id.Domain, id.Port) +
		strings.Join(append([]string{""}, id.Path...), ":"))
}

// URL returns the HTTPS address at which the log is published (spec, "The DID
// to HTTPS Transformation").
func (id ID) URL() string {
	var b strings.Builder
	b.WriteString("https://" + id.Domain)
	if id.Port != 0 {
		b.WriteString(":" + strconv.Itoa(id.Port))
	}
	if len(id.Path) == 0 {
		b.WriteString("/.well-known")
	}
	for _, seg := range id.Path {
		text, err := decodeSegment(seg)
		if err != nil { // an ID that ParseID did not make
			text = seg
		}
		b.WriteString("/" + strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
	}
	return b.String() + "/did.jsonl"
}

// URL is a DID URL taken apart: a did:webvh with what may follow it.
type URL struct {
	ID       ID
	Path     string // with its leading slash, or empty
	Query    string // without the question mark
	Fragment string // without the number sign
}

// ParseURL takes apart a DID URL (DID Core, section 3.2). Path, query and
// fragment are cut off before the identifier is read, so they cannot leak into
// it. All errors wrap [ErrDID].
func ParseURL(s string) (URL, error) {
	if len(s) > maxDID {
		return URL{}, fmt.Errorf("%w: longer than %d bytes", ErrDID, maxDID)
	}
	var u URL
	rest, fragment, _ := strings.Cut(s, "#")
	rest, query, _ := strings.Cut(rest, "?")
	did, path, hasPath := strings.Cut(rest, "/")
	if hasPath {
		u.Path = "/" + path
	}
	u.Query, u.Fragment = query, fragment
	for _, part := range []string{u.Path, u.Query, u.Fragment} {
		if err := checkChars(part, "-._~!$&'()*+,;=:@/?"); err != nil {
			return URL{}, fmt.Errorf("%w: after the identifier: %w", ErrDID, err)
		}
	}
	var err error
	u.ID, err = ParseID(identity.DID(did))
	return u, err
}

func joinDomain(domain string, port int) string {
	if port == 0 {
		return domain
	}
	return domain + "%3A" + strconv.Itoa(port)
}

func splitDomain(s string) (domain string, port int, err error) {
	domain, p, hasPort := strings.Cut(s, "%3A")
	if hasPort {
		port, err = strconv.Atoi(p)
		if err != nil || port < 1 || port > 65535 || strconv.Itoa(port) != p {
			return "", 0, fmt.Errorf("port %.10q is not a number from 1 to 65535", p)
		}
	}
	return domain, port, checkDomain(domain)
}

func checkDomain(domain string) error {
	if len(domain) > 253 {
		return errors.New("longer than 253 bytes")
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return errors.New("not a fully qualified name")
	}
	for _, l := range labels {
		if err := checkLabel(l); err != nil {
			return err
		}
	}
	// A URL parser takes a name whose last label is a number, decimal or hex,
	// for an IPv4 address (WHATWG URL, "ends in a number").
	last := strings.ToLower(labels[len(labels)-1])
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return errors.New("an IP address")
	}
	return nil
}

func checkLabel(l string) error {
	switch {
	case l == "" || len(l) > 63:
		return fmt.Errorf("label %.20q does not have 1 to 63 characters", l)
	case l[0] == '-' || l[len(l)-1] == '-':
		return fmt.Errorf("label %.70q starts or ends with a dash", l)
	}
	for _, c := range l {
		if !isAlnum(c) && c != '-' {
			return fmt.Errorf("label %.70q has %q (write an international name in its xn-- form)", l, c)
		}
	}
	return nil
}

// decodeSegment checks one path segment and returns the text it stands for.
func decodeSegment(seg string) (string, error) {
	if err := checkChars(seg, ".-_"); err != nil {
		return "", err
	}
	text, err := url.PathUnescape(seg)
	if err != nil {
		return "", err
	}
	switch {
	case text == "":
		return "", errors.New("empty")
	case text == "." || text == "..":
		return "", errors.New("leads elsewhere in the path")
	case strings.ContainsAny(text, `/\%`):
		return "", errors.New(`decodes to text with /, \ or %`)
	case !utf8.ValidString(text):
		return "", errors.New("decodes to text that is not UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("decodes to text with control characters")
	case strings.TrimSpace(text) != text:
		return "", errors.New("begins or ends with white space")
	}
	return text, nil
}

// checkChars allows letters, digits, those in more, and percent-encoding.
func checkChars(s, more string) error {
	for i, c := range s {
		if c == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return fmt.Errorf("bad percent-encoding at byte %d", i)
			}
			continue
		}
		if !isAlnum(c) && !strings.ContainsRune(more, c) {
			return fmt.Errorf("character %q", c)
		}
	}
	return nil
}

func isAlnum(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
