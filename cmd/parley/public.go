package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity/webvh"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/public"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/myterms"
)

// rosterURL is where the texts of the roster can be read, named by their ids.
const rosterURL = "https://raw.githubusercontent.com/parley-network/parley/main/relcard/terms/roster/"

// face is what a vendor's node tells everyone by the web.
type face struct{ node *node.Node }

// KeyLog implements public.Face.
func (f face) KeyLog(ctx context.Context) ([]byte, error) { return f.node.KeyLog(ctx) }

// TermUpdate implements public.Face.
func (f face) TermUpdate(ctx context.Context) ([]byte, error) {
	s, err := f.own(ctx)
	if err != nil {
		return nil, err
	}
	return s.Encode()
}

// Accepts implements public.Face.
func (f face) Accepts(ctx context.Context) ([]byte, error) {
	s, err := f.own(ctx)
	if err != nil {
		return nil, err
	}
	u, err := termupdate.DecodeBody(s.Raw)
	if err != nil {
		return nil, fmt.Errorf("own term update: %w", err)
	}
	page, err := acceptsPage(u)
	if err != nil {
		return nil, err
	}
	return page.Encode()
}

// own is the newest term update; there is none in a node's first moments.
func (f face) own(ctx context.Context) (termupdate.Signed, error) {
	s, err := f.node.OwnTerms(ctx)
	if errors.Is(err, view.ErrUnavailable) {
		return s, public.ErrNone
	}
	return s, err
}

// acceptsPage says for those who come by the web what a term update says.
func acceptsPage(u *termupdate.Update) (*myterms.Document, error) {
	id, err := webvh.ParseID(u.Vendor.DID)
	if err != nil {
		return nil, fmt.Errorf("own identifier: %w", err)
	}
	d := &myterms.Document{
		Version: myterms.DocumentVersion, DID: u.Vendor.DID, Name: u.Vendor.Name, KeyLog: id.URL(),
		Effective: myterms.Date{Time: u.Time.Std()}, Until: u.Expires, Agreements: []myterms.Accepted{},
	}
	for _, ref := range u.Accepts {
		d.Agreements = append(d.Agreements, myterms.Accepted{Ref: ref, URL: textURL(id.URL(), ref)})
	}
	for _, addr := range u.Route.Addrs[:min(len(u.Route.Addrs), maxProfferAddrs)] {
		d.Proffers = append(d.Proffers, strings.TrimSuffix(addr, "/")+"/p2p/"+u.Route.Peer)
	}
	return d, nil
}

// textURL is where the text of an agreement can be read: beside the vendor's
// own key log where that is at the well-known place, which the same listener
// serves, else with the program's source.
func textURL(keyLog string, ref terms.Ref) string {
	if site, ok := strings.CutSuffix(keyLog, "/.well-known/did.jsonl"); ok {
		return site + public.AgreementPath(ref)
	}
	return rosterURL + ref.ID + ".txt"
}

// maxProfferAddrs is how many addresses the page names at most.
const maxProfferAddrs = 16

// listenPublic opens the listener of the web face, if there is to be one.
func (r *running) listenPublic(ctx context.Context) (net.Listener, *public.Server, error) {
	if r.public == "" {
		return nil, nil, nil
	}
	server, err := public.New(public.Config{Vendor: face{r.node}, Log: r.log.Named("public")})
	if err != nil {
		return nil, nil, err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", r.public)
	if err != nil {
		return nil, nil, fmt.Errorf("listen for the web at %s: %w", r.public, err)
	}
	return l, server, nil
}
