package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mr-tron/base58"
	"github.com/multiformats/go-multibase"

	"github.com/parley-network/parley/relcard/terms"
)

// innocent is what two vendors may both keep of one person.
var innocent = []string{
	// what was shared with both on purpose, as it is
	oldHome, "Elm Street", "Grand Rapids", newHome, "Oak Avenue", mailbox, oldCall, newCall, "Patricia", " Marlowe",
	// the words of the formats
	"did:webvh:1.0", "did:webvh:", "did:key:", ":pairwise.invalid", "#z6Mk", "z6Mk", "bafyrei",
	"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "DataIntegrityProof", "Multikey", "assertionMethod", "eddsa-jcs-2022",
	"relcard-signed", "statement-signed", "statement", "disclose", "recorded", "delivered", " person ", " vendor ",
	"addresses/home", "emails/home", "phones/mobile", "delivery", "locality", "postcode", "separator", "the relationship has ended",
	"mailbox\x00", "digest-last", "terms-seq", "relations", "vendor-log", ".example", // settings every node has
}

// public is what all the world was told: what vendors say of themselves, the
// intents that were cast, where vendors and bystanders are, and who keeps the
// mail of vendors.
func (l *life) public() (all []string) {
	for _, known := range l.kept {
		for _, p := range known {
			kind, _, _ := strings.Cut(p.where, " ")
			if len(p.value) >= leastRun && (kind == "terms" || kind == "peer" || kind == "heard" && strings.Contains(p.where, "/cast/") ||
				strings.HasPrefix(p.where, "route mailbox")) {
				all = append(all, p.value)
			}
		}
	}
	for _, p := range l.others {
		for _, at := range p.where.Addresses {
			addr, _, _ := strings.Cut(at, "/p2p/")
			all = append(all, addr, p.where.PeerID)
		}
	}
	for _, a := range terms.All() {
		all = append(all, a.Ref.ID, a.Ref.Registry, a.Ref.SHA256)
	}
	return all
}

const leastRun = 8 // bytes that two values must have in common to be seen
var (
	counted = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|^0{4}\d{16}$| \d{7}$`) // times, in microseconds too; numbers of items and statements
	word    = regexp.MustCompile(`\b[a-z]+\b`)                                           // of a diary's prose
	encoded = regexp.MustCompile(`[A-Za-z0-9_+/=-]{11,}`)
)

// decode is all that a text can stand for as bytes.
func decode(s string) (all []string) {
	for _, f := range []func(string) ([]byte, error){
		hex.DecodeString, base58.Decode, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
		func(s string) ([]byte, error) { _, b, err := multibase.Decode(s); return b, err },
	} {
		if b, err := f(s); err == nil && len(b) >= leastRun {
			all = append(all, string(b))
		}
	}
	return all
}

// cutter cuts times and the given texts, whatever encodes them, out of values,
// and adds what the rest encodes.
func cutter(texts []string) func([]part) []part {
	const gap = "\x00 cut here \x00"
	var pairs []string
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	for _, s := range texts {
		for _, s := range append(decode(s), s) {
			pairs = append(pairs, s, gap)
		}
	}
	r := strings.NewReplacer(pairs...)
	return func(in []part) (out []part) {
		for _, p := range in {
			if strings.HasPrefix(p.where, "event ") {
				p.value = word.ReplaceAllString(p.value, gap)
			}
			for _, s := range strings.Split(r.Replace(counted.ReplaceAllString(p.value, gap)), gap) {
				if _, err := hex.DecodeString(s); err != nil || len(s) < 2*leastRun {
					out = append(out, part{p.where, s})
				}
				for _, token := range encoded.FindAllString(s, -1) {
					for _, d := range decode(token) {
						out = append(out, part{p.where, d})
					}
				}
			}
		}
		return out
	}
}

// common returns the runs of at least leastRun bytes that a and b share.
func common(a, b []part) (found []string) {
	in := make(map[string]string)
	for _, p := range b {
		for i := 0; i+leastRun <= len(p.value); i++ {
			in[p.value[i:i+leastRun]] = p.where
		}
	}
	told := make(map[string]bool)
	for _, p := range a {
		for i := 0; i+leastRun <= len(p.value); i++ {
			from, there := i, in[p.value[i:i+leastRun]]
			for there != "" && i+leastRun < len(p.value) && in[p.value[i+1:i+1+leastRun]] != "" {
				i++
			}
			if run := p.value[from : i+leastRun]; there != "" && !told[run] {
				told[run] = true
				found = append(found, fmt.Sprintf("%q, one in %s, the other in %s", run, p.where, there))
			}
		}
	}
	return found
}

// isLetter reports whether a part is of a letter on its way. It names its slot,
// and an intent's may by chance be at the very vendor that answers: the intent
// said so to everybody.
func isLetter(p part) bool { return strings.HasPrefix(p.where, "letter ") }

// isHeld reports whether a part is of the mail that a node holds for others.
func isHeld(p part) bool { return strings.HasPrefix(p.where, "held-") }

// checkUnlinkable finds nothing that two vendors both keep but what is public
// or innocent; and nothing of the person's device, and no secret, with any. The
// mail that a vendor holds for others is apart: another vendor may send it, and
// neither can tell whose it is, as long as it has nothing in common with what
// its holder knows of its own customers.
func (l *life) checkUnlinkable() {
	l.t.Helper()
	cut := cutter(append(l.public(), innocent...))
	device := string(try(base58.Decode(l.pat.where.PeerID))(l.t))
	own := []part{{"the key of the person's device", device[len(device)-32:]}, {"the person's secrets", memberNumber}}
	bare := make(map[*proc][]part)
	for p, all := range l.kept {
		bare[p] = cut(slices.DeleteFunc(slices.Clone(all), isHeld))
		held := cut(slices.DeleteFunc(slices.Clone(all), func(p part) bool { return !isHeld(p) }))
		for _, s := range common(slices.DeleteFunc(slices.Clone(bare[p]), isLetter), held) {
			l.t.Errorf("%s knows of whose mail it holds: %s", p.name, s)
		}
	}
	for i, a := range l.vendors() {
		for _, b := range l.vendors()[:i] {
			for _, s := range common(bare[a], bare[b]) {
				l.t.Errorf("%s and %s both keep %s", a.name, b.name, s)
			}
		}
		for _, s := range common(own, cutter(nil)(l.kept[a])) {
			l.t.Errorf("%s keeps %s", a.name, s)
		}
	}
	l.checkScan(cut, bare[l.florist])
}

// checkScan finds a salt that the florist has in whatever form another has it.
func (l *life) checkScan(cut func([]part) []part, florists []part) {
	l.t.Helper()
	at := slices.IndexFunc(florists, func(p part) bool { return strings.HasSuffix(p.where, "/opening/salt") && len(p.value) == 16 })
	if at < 0 {
		l.t.Fatal("no salt is among what the florist kept: the scan has shown nothing")
	}
	salt := []byte(florists[at].value)
	for _, form := range []string{
		string(salt), hex.EncodeToString(salt), base58.Encode(salt), base64.StdEncoding.EncodeToString(salt), base64.RawURLEncoding.EncodeToString(salt),
		try(multibase.Encode(multibase.Base32, salt))(l.t), `{"a":["id:` + hex.EncodeToString(salt) + `"]}`,
	} {
		if len(common(florists, cut(parts("planted", form)))) == 0 {
			l.t.Errorf("the scan does not see %q as the salt %x", form, salt)
		}
	}
}
