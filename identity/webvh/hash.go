package webvh

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/mr-tron/base58"
)

// hashLen is the length in base58btc of a SHA-256 multihash, which always
// starts with the bytes 0x12 0x20.
const hashLen = 46

// multihash58 is base58btc(multihash(b, sha2-256)), the one hash of did:webvh
// 1.0.
func multihash58(b []byte) string {
	sum := sha256.Sum256(b)
	return base58.Encode(append([]byte{0x12, sha256.Size}, sum[:]...))
}

// checkHash tells whether s has the form that multihash58 gives.
func checkHash(s string) error {
	if len(s) != hashLen {
		return fmt.Errorf("%.60q is not a SHA-256 multihash in base58btc: %d characters, want %d", s, len(s), hashLen)
	}
	b, err := base58.Decode(s)
	if err != nil {
		return fmt.Errorf("%.60q is not base58btc: %w", s, err)
	}
	if len(b) != 2+sha256.Size || b[0] != 0x12 || b[1] != sha256.Size {
		return fmt.Errorf("%.60q is not a SHA-256 multihash", s)
	}
	return nil
}

// splitVersionID reads "NUMBER-HASH" with exactly one dash.
func splitVersionID(id string) (number int, hash string, err error) {
	n, hash, ok := strings.Cut(id, "-")
	if !ok {
		return 0, "", fmt.Errorf("versionId %.60q has no dash", id)
	}
	number, err = strconv.Atoi(n)
	if err != nil || number < 1 || strconv.Itoa(number) != n {
		return 0, "", fmt.Errorf("versionId %.60q does not start with a version number", id)
	}
	if err := checkHash(hash); err != nil {
		return 0, "", fmt.Errorf("versionId: %w", err)
	}
	return number, hash, nil
}

// placeholder stands for the SCID while the SCID is computed.
const placeholder = "{SCID}"

// body returns the canonical form of an entry without its proof and with the
// versionId given. The four keys are in canonical order.
func body(versionID, versionTime string, parameters, state canon) canon {
	b := make([]byte, 0, len(parameters)+len(state)+len(versionID)+len(versionTime)+64)
	b = append(append(b, `{"parameters":`...), parameters...)
	b = append(append(b, `,"state":`...), state...)
	b = append(append(b, `,"versionId":"`...), versionID...) // hash or "{SCID}", never to be escaped
	b = append(append(b, `","versionTime":"`...), versionTime...)
	return append(b, `"}`...)
}

// scidOf computes the SCID that a first entry should have: the hash of the
// entry with every occurrence of the one it claims replaced by the
// placeholder. An entry that has a placeholder already is refused: it would
// share its SCID with the entry that has the SCID in that place.
func scidOf(e *entry, claimed string) (string, error) {
	b := body(claimed, e.versionTime, e.parametersJSON, e.state)
	if bytes.Contains(b, []byte(placeholder)) {
		return "", fmt.Errorf("the first entry has the text %s", placeholder)
	}
	rekeyed := inKey(b, claimed)
	b = bytes.ReplaceAll(b, []byte(claimed), []byte(placeholder))
	if rekeyed { // it sorts elsewhere now
		var err error
		if b, err = canonical(b); err != nil {
			return "", err
		}
	}
	return multihash58(b), nil
}

// inKey tells whether s, letters and digits only, occurs within a key of c.
func inKey(c canon, s string) bool {
	for {
		_, after, found := bytes.Cut(c, []byte(s))
		if !found {
			return false
		}
		end := 0
		for ; after[end] != '"'; end++ {
			if after[end] == '\\' {
				end++
			}
		}
		if after[end+1] == ':' {
			return true
		}
		c = after
	}
}

// entryHash computes the hash that belongs into the versionId of e; prev is
// the versionId before it, or the SCID for the first entry.
func entryHash(e *entry, prev string) string {
	return multihash58(body(prev, e.versionTime, e.parametersJSON, e.state))
}
