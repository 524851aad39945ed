package termupdate

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/webvh"
)

// Bounds in bytes of text, and in elements of lists. Those of names,
// addresses and peer ids are an intentcast's.
const (
	maxAccepts    = 32
	maxCategories = 16
	maxRegions    = 64
	maxAddrs      = 4
	maxAddr       = 256
	maxPeer       = 128
	maxName       = 200
	maxDID        = 512
	maxSite       = 256
	maxSeq        = 1<<53 - 1 // the last integer that JSON carries everywhere (RFC 8259, section 6)
)

// invalid makes the error for one field.
func invalid(field, format string, args ...any) error {
	return &intentcast.InvalidError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Check reports whether u is well formed: everything that holds at any time.
// The error is an *intentcast.InvalidError naming the field; for an agreement
// it wraps the error of terms.Ref.Check too.
func (u *Update) Check() error {
	for _, rule := range []func() error{
		u.checkHeader, u.checkLife, u.checkAccepts, u.checkCategories, u.checkRegions, u.checkRoute, u.checkSite,
	} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

func (u *Update) checkHeader() error {
	switch {
	case u.Version != BodyVersion:
		return invalid("v", "version %d: only %d is known", u.Version, BodyVersion)
	case u.Type != BodyType:
		return invalid("type", "%.20q, want %q", u.Type, BodyType)
	case u.Seq > maxSeq:
		return invalid("seq", "%d, at most %d is allowed", u.Seq, uint64(maxSeq))
	case len(u.Vendor.DID) > maxDID:
		return invalid("vendor.did", "%d bytes, at most %d are allowed", len(u.Vendor.DID), maxDID)
	}
	if _, err := webvh.ParseID(u.Vendor.DID); err != nil {
		return invalid("vendor.did", "%s", err)
	}
	if err := checkName(u.Vendor.Name); err != nil {
		return err
	}
	switch u.Requests {
	case Anyone, Known, Card:
		return nil
	}
	return invalid("requests", "%.20q is none of %q, %q and %q", u.Requests, Anyone, Known, Card)
}

func checkName(s string) error {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return invalid("vendor.name", "%d bytes, want 1 to %d of UTF-8", len(s), maxName)
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return invalid("vendor.name", "control character at byte %d", i)
	}
	return nil
}

func (u *Update) checkLife() error {
	switch {
	case u.Time.IsZero():
		return invalid("time", "is missing")
	case u.Expires.IsZero():
		return invalid("expires", "is missing")
	case !u.Time.Before(u.Expires):
		return invalid("expires", "%s is not after %s", u.Expires, u.Time)
	case u.Expires.Std().Sub(u.Time.Std()) > MaxLife:
		return invalid("expires", "%s is more than %s after %s", u.Expires, MaxLife, u.Time)
	}
	return nil
}

func (u *Update) checkAccepts() error {
	if len(u.Accepts) > maxAccepts {
		return invalid("accepts", "%d entries, at most %d are allowed", len(u.Accepts), maxAccepts)
	}
	for i, ref := range u.Accepts {
		if err := ref.Check(); err != nil {
			return &refError{intentcast.InvalidError{Field: fmt.Sprintf("accepts[%d]", i), Problem: err.Error()}, err}
		}
	}
	return noneTwice("accepts", u.Accepts)
}

// refError is an InvalidError that also says what the roster had against a
// Ref, for a reader to tell a newer roster from a mistake.
type refError struct {
	intentcast.InvalidError
	err error
}

func (e *refError) Unwrap() []error { return []error{&e.InvalidError, e.err} }

func (u *Update) checkCategories() error {
	if len(u.Categories) > maxCategories {
		return invalid("categories", "%d entries, at most %d are allowed", len(u.Categories), maxCategories)
	}
	// The rules of a category are those of topics, and named the same way.
	if _, err := intentcast.ShardsFor(u.Categories, nil); err != nil {
		var bad *intentcast.InvalidError
		if errors.As(err, &bad) {
			return bad
		}
		return invalid("categories", "%s", err)
	}
	return noneTwice("categories", u.Categories)
}

func (u *Update) checkRegions() error {
	if len(u.Regions) > maxRegions {
		return invalid("regions", "%d entries, at most %d are allowed", len(u.Regions), maxRegions)
	}
	for i, r := range u.Regions {
		if !isRegion(r) {
			return invalid(fmt.Sprintf("regions[%d]", i), "%.20q is not of the form of ISO 3166-2", r)
		}
	}
	return noneTwice("regions", u.Regions)
}

// isRegion is the form of ISO 3166-2: "US-UT".
func isRegion(s string) bool {
	country, part, ok := strings.Cut(s, "-")
	letters := func(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }
	return ok && len(country) == 2 && letters(country) &&
		len(part) >= 1 && len(part) <= 3 && strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func noneTwice[T comparable](list string, all []T) error {
	seen := make(map[T]bool, len(all))
	for i, x := range all {
		if seen[x] {
			return invalid(fmt.Sprintf("%s[%d]", list, i), "stands twice")
		}
		seen[x] = true
	}
	return nil
}

func (u *Update) checkRoute() error {
	r := &u.Route
	switch {
	case len(r.Peer) > maxPeer || !isPeer(r.Peer):
		return invalid("route.peer", "%.80q is not a peer id in base58", r.Peer)
	case len(r.Key) != intentcast.ReplyKeySize:
		return invalid("route.key", "%d bytes, want %d", len(r.Key), intentcast.ReplyKeySize)
	case r.Slot != nil:
		return invalid("route.slot", "set, but proffers go to the vendor's own node")
	case len(r.Addrs) > maxAddrs:
		return invalid("route.addrs", "%d entries, at most %d are allowed", len(r.Addrs), maxAddrs)
	}
	for i, s := range r.Addrs {
		if problem := addrProblem(s); problem != "" {
			return invalid(fmt.Sprintf("route.addrs[%d]", i), "%.80q %s", s, problem)
		}
	}
	if err := noneTwice("route.addrs", r.Addrs); err != nil {
		return err
	}
	var problem *intentcast.InvalidError
	if errors.As(r.CheckHolders(), &problem) {
		return invalid("route."+problem.Field, "%s", problem.Problem)
	}
	return nil
}

// isPeer reports whether s is the base58 text of a peer id, not its CID form.
func isPeer(s string) bool {
	if !strings.HasPrefix(s, "1") && !strings.HasPrefix(s, "Qm") {
		return false
	}
	_, err := peer.Decode(s)
	return err == nil
}

// addrProblem says what is wrong with one address. It has no peer: the route
// names that beside it, and a second one would be a hop nobody agreed to.
func addrProblem(s string) string {
	if len(s) > maxAddr {
		return fmt.Sprintf("has %d bytes, at most %d are allowed", len(s), maxAddr)
	}
	a, err := multiaddr.NewMultiaddr(s)
	if err != nil || len(a) == 0 {
		return "is not a multiaddr"
	}
	if _, err := a.ValueForProtocol(multiaddr.P_P2P); err == nil {
		return "has a /p2p part"
	}
	return ""
}

func (u *Update) checkSite() error {
	if u.Site == "" {
		return nil
	}
	v, err := url.Parse(u.Site)
	if err != nil || len(u.Site) > maxSite || v.Scheme != "https" || v.Host == "" || v.User != nil || v.String() != u.Site {
		return invalid("site", "%.80q is not an https URL of at most %d bytes in its usual writing", u.Site, maxSite)
	}
	return nil
}
