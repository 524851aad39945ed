package intentcast

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// commitmentDomain keeps these digests apart from every other use of SHA-256.
const commitmentDomain = "parley/commitment/1\n"

// Commit binds its maker to detail under the name of what kind of detail it
// is. salt is 16 random bytes, used once and given away only with the detail:
// without it, a guessable detail (a street, a date) stays hidden.
func Commit(name string, salt, detail []byte) (Commitment, error) {
	c := Commitment{Name: name, SHA256: commitment(name, salt, detail)}
	if len(salt) != saltSize {
		return Commitment{}, fmt.Errorf("commit to %.40q: salt of %d bytes, want %d", name, len(salt), saltSize)
	}
	if e := c.check(); e != nil {
		return Commitment{}, fmt.Errorf("commit to %.40q: %w", name, e)
	}
	return c, nil
}

// Open reports whether detail with its salt is what c was made over. It takes
// the same time for any wrong answer.
func (c Commitment) Open(salt, detail []byte) bool {
	return len(salt) == saltSize && subtle.ConstantTimeCompare(commitment(c.Name, salt, detail), c.SHA256) == 1
}

// commitment hashes the domain, the salt (of fixed length), the name with its
// length, and the detail: no two inputs run into the same bytes.
func commitment(name string, salt, detail []byte) []byte {
	h := sha256.New()
	h.Write([]byte(commitmentDomain))
	h.Write(salt)
	h.Write([]byte{byte(len(name) >> 8), byte(len(name))})
	h.Write([]byte(name))
	h.Write(detail)
	return h.Sum(nil)
}

func (c *Commitment) check() *InvalidError {
	if len(c.SHA256) != digestSize {
		return invalid("sha256", "%d bytes, want %d", len(c.SHA256), digestSize)
	}
	return checkProperty("name", c.Name)
}
