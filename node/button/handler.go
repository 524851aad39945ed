package button

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// FramePath is the one path the Handler serves.
const FramePath = "/r-button"

const (
	// pace is what the time to an answer is a multiple of, so that how long
	// the lookup took says nothing of what it found.
	pace = 100 * time.Millisecond
	// lookupWithin is how long a lookup may take.
	lookupWithin = 5 * time.Second
	// most is how many frames are made at once.
	most = 32
	// maxDID is the longest identifier asked about.
	maxDID = 512
)

// didForm is the syntax of W3C DID Core 1.0, section 3.1.
var didForm = regexp.MustCompile(`^did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})$`)

// Handler serves GET and HEAD /r-button?vendor=DID, the frame of one vendor,
// and nothing else. lookup returns the state of the relationship with that
// vendor, None where there is none; where it fails the frame says None.
//
// Any page may cause these requests, which carry no credentials. It is
// answered alike in every state: status, headers, length, and time in steps of
// 100 ms. What is no navigation of a frame or window (by Fetch Metadata, where
// the browser sends it), or names no vendor, is answered 204 without looking
// anything up: with that a page asks whether a node is there. Who mounts the
// handler checks the Host header before it.
func Handler(lookup func(ctx context.Context, vendorDID string) (State, error)) http.Handler {
	room := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		maps.Copy(w.Header(), FrameHeaders())
		if r.URL.Path != FramePath {
			refuse(w, http.StatusNotFound, "here is only "+FramePath)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "this is only to be read")
			return
		}
		vendors := r.URL.Query()["vendor"]
		if len(vendors) == 0 || !navigates(r) {
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if len(vendors) > 1 || len(vendors[0]) > maxDID || !didForm.MatchString(vendors[0]) {
			refuse(w, http.StatusBadRequest, "vendor must be one DID")
			return
		}
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		default:
			refuse(w, http.StatusServiceUnavailable, "too many frames at once")
			return
		}
		s, ok := paced(r.Context(), start, lookup, vendors[0])
		if !ok {
			return
		}
		doc := Frame(s, FrameOptions{Vendor: vendors[0]})
		w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
		w.Write(doc) // whoever asked has gone, if it fails
	})
}

// paced looks the state up and returns it at the next step of time, or false
// when the asker has gone meanwhile.
func paced(ctx context.Context, start time.Time, lookup func(context.Context, string) (State, error), vendor string) (State, bool) {
	within, done := context.WithTimeout(ctx, lookupWithin)
	defer done()
	s, err := lookup(within, vendor)
	if err != nil {
		s = None
	}
	step := time.NewTimer(pace - time.Since(start)%pace)
	defer step.Stop()
	select {
	case <-step.C:
		return s, true
	case <-ctx.Done():
		return None, false
	}
}

// navigates reports whether the answer becomes a document of its own (W3C
// Fetch Metadata). A browser without these headers is believed.
func navigates(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode != "" && mode != "navigate" {
		return false
	}
	return dest == "" || dest == "iframe" || dest == "frame" || dest == "document"
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(why + "\n"))
}
