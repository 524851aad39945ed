package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"
)

// documentPolicy lets a document do nothing but look as it is meant to. The
// page and the picture hold their own style and no script.
const documentPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

// send answers with a document, or with 304 where the asker has it. Its ETag
// is of its content, so that any replica gives the same.
func send(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", documentPolicy)
	h.Set("Cache-Control", maxAge)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	h.Set("Access-Control-Expose-Headers", "ETag")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
