package public_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/parley-network/parley/node/public"
	"github.com/parley-network/parley/relcard/terms"
)

// Each agreement of the roster is served as the bytes that its hash is of.
func TestAgreements(t *testing.T) {
	s, err := public.New(public.Config{Vendor: newShop(), Log: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range terms.All() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, public.AgreementPath(a.Ref), nil)
		s.Handler().ServeHTTP(w, r)
		sum := sha256.Sum256(w.Body.Bytes())
		if w.Code != http.StatusOK || hex.EncodeToString(sum[:]) != a.Ref.SHA256 {
			t.Errorf("%s: status %d, hash %x", a.Ref.ID, w.Code, sum)
		}
	}
}
