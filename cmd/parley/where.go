package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/parley-network/parley/node/transport"
)

// readyWithin is how long the API may take to answer first.
const readyWithin = 10 * time.Second

// where is what a running node listens at, apart from the network.
type where struct {
	api    string
	public string // "" for none
}

// ready waits for the API's first answer and says where everything is.
func (r *running) ready(ctx context.Context, at where) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.api+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the API does not answer: %w", err)
	}
	resp.Body.Close()
	all := whereabouts{
		Name: r.options.Name, Home: string(r.dir), PID: os.Getpid(), API: "http://" + at.api, Socket: r.dir.Socket(),
		PeerID: r.host.ID().String(), Addresses: transport.PeerAddrs(r.host),
	}
	if at.public != "" {
		all.Public = "http://" + at.public
	}
	return r.sayWhere(all)
}

// whereabouts is what "up --json" prints.
type whereabouts struct {
	Name      string   `json:"name"`
	Home      string   `json:"home"`
	PID       int      `json:"pid"`
	API       string   `json:"api"`
	Socket    string   `json:"socket,omitempty"`
	Public    string   `json:"public,omitempty"`
	PeerID    string   `json:"peer_id"`
	Addresses []string `json:"addresses"`
}

func (r *running) sayWhere(at whereabouts) error {
	if r.asJSON {
		return r.line(at)
	}
	return r.show(at, func(w io.Writer) {
		fmt.Fprint(w, "The node is running.\n\n")
		facts(w, "name", at.Name, "folder", at.Home, "API", strings.TrimSpace(at.API+" "+at.Socket), "web", at.Public, "token", at.Home+"/api.token")
		switch {
		case r.resumed:
			fmt.Fprintln(w, "\nOther machines can connect, as you said at an earlier start. To end that: parley"+r.homeFlag()+" up --local")
		case !opens(at.Addresses):
			fmt.Fprintln(w, "\nOnly this machine can connect. To let others, and to find nodes on your network: parley"+r.homeFlag()+" up --reachable")
		}
		fmt.Fprintln(w, "\nOther nodes connect to it with one of:")
		for _, a := range forPeople(at.Addresses) {
			fmt.Fprintf(w, "  parley peer add %s\n", a)
		}
		fmt.Fprintln(w, "\nStop it with Ctrl-C.")
	})
}
