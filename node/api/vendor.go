package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

// maxCatalogue bounds one upload: over a million items of half a KiB.
const maxCatalogue = 1 << 30

// catalogueWait is how long the node may take over what one read of an
// upload brought it.
const catalogueWait = 10 * time.Minute

// catalogueTypes are the media types a catalogue may have.
var catalogueTypes = map[string]vendor.Format{
	"application/x-ndjson": vendor.NDJSON,
	"text/csv":             vendor.CSV,
}

type (
	pageInput struct {
		After string `query:"after" doc:"key of the last item of the page before" maxLength:"1024"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"of items"`
	}
	page struct {
		Items []market.Item `json:"items"`
		Next  string        `json:"next,omitempty" doc:"key of the last item, when there may be more after it"`
	}
	rulesInput struct {
		Body market.Rules
	}
)

func pageOf(items []market.Item, limit int) page {
	p := page{Items: items}
	if n := len(items); n == 0 {
		p.Items = []market.Item{}
	} else if n >= limit {
		p.Next = vendor.Key(items[n-1])
	}
	return p
}

// vendorRoutes are what a vendor's node answers intents from.
func (s *Server) vendorRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/vendor/catalogue", "listCatalogue", "Items of the catalogue, in order of key", func(ctx context.Context, in *pageInput) (page, error) {
		items, err := n.Catalogue(ctx, in.After, in.Limit)
		return pageOf(items, in.Limit), err
	}, says("Page by page, by the key of the last item of the page before."))
	handle(s, http.MethodPost, "/v1/vendor/catalogue", "importCatalogue", "Add items or replace those of the same key", func(ctx context.Context, in *upload) (view.ImportReport, error) {
		return n.ImportCatalogue(ctx, in.body, in.format)
	}, describeUpload)
	handle(s, http.MethodGet, "/v1/vendor/rules", "getRules", "When and how intents are answered", func(ctx context.Context, _ *none) (market.Rules, error) {
		return n.Rules(ctx)
	}, says("Of a vendor's node."))
	handle(s, http.MethodPut, "/v1/vendor/rules", "setRules", "Replace the rules", func(ctx context.Context, in *rulesInput) (market.Rules, error) {
		if err := n.SetRules(ctx, in.Body); err != nil {
			return market.Rules{}, err
		}
		return n.Rules(ctx)
	}, upTo(1<<20), says("All of them; answers with what holds now."))
	handle(s, http.MethodPost, "/v1/vendor/rotate", "rotateVendorKeys", "Replace the vendor's keys", func(ctx context.Context, _ *none) (view.KeyRotation, error) {
		return n.RotateVendor(ctx)
	}, says("Its identifier stays the same and what was signed holds. Its terms are signed anew, and the other side of each card is sent the longer key log until it has acknowledged it."))
	handle(s, http.MethodGet, "/v1/vendor/suggestions", "listSuggestions", "Intents a looser reading would match, for people to look at", func(ctx context.Context, _ *none) (list[view.Suggestion], error) {
		return listed(n.Suggestions(ctx))
	}, says("Nothing is ever answered by itself because of one."))
}

// upload is a catalogue as it comes in, never held as a whole.
type upload struct {
	body   io.Reader
	format vendor.Format
}

// Resolve implements [huma.Resolver].
func (u *upload) Resolve(ctx huma.Context) []error {
	kind, _, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	format, ok := catalogueTypes[kind]
	if err != nil || !ok {
		return []error{huma.NewError(http.StatusUnsupportedMediaType, "Content-Type must be application/x-ndjson or text/csv")}
	}
	r, w := humago.Unwrap(ctx)
	if b, ok := r.Body.(*livelyBody); ok {
		b.until = time.Time{} // a large file may take its time, as long as it moves
	}
	u.format = format
	u.body = &patient{r: http.MaxBytesReader(w, r.Body, maxCatalogue), rc: http.NewResponseController(w)}
	return nil
}

// patient gives the answer to a long upload more time with every read.
type patient struct {
	r  io.Reader
	rc *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	p.rc.SetWriteDeadline(time.Now().Add(catalogueWait)) // not supported: no deadline to extend
	return p.r.Read(b)
}

func describeUpload(op *huma.Operation) {
	op.Description = "One item a line, as JSON objects or as CSV under a header line. A line that holds no item is reported with its number; the rest goes in."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for kind := range catalogueTypes {
		op.RequestBody.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
}
