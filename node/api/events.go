package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parley-network/parley/node/view"
)

const (
	// maxWait is the longest one request waits for an event.
	maxWait = 60 * time.Second
	// heartbeat is how often a stream without events shows that it lives.
	heartbeat = 15 * time.Second
	// maxWaiting is how many requests may wait for events at once.
	maxWaiting = 64
)

type (
	eventsInput struct {
		After uint64 `query:"after" doc:"number of the last event already seen"`
		Wait  int    `query:"wait" minimum:"0" maximum:"60" doc:"seconds to wait when there is none"`
	}
	streamInput struct {
		After uint64 `query:"after" doc:"number of the last event already seen"`
		Last  uint64 `header:"Last-Event-ID" doc:"the same, as browsers send it on reconnecting"`
	}
)

// eventRoutes tell what happens at the node, by long polling and as
// server-sent events (WHATWG HTML, section 9.2).
func (s *Server) eventRoutes() {
	handle(s, http.MethodGet, "/v1/events", "listEvents", "What happened, oldest first; waits for the next", s.events, says("By number. Who reads on from the last number seen misses nothing."))
	op := huma.Operation{
		OperationID: "streamEvents", Method: http.MethodGet, Path: "/v1/events/stream",
		Summary: "What happens, as server-sent events", Description: "By number. Who comes back with the last one seen misses nothing.",
		Responses: map[string]*huma.Response{"200": {
			Description: "Each message has the event's number as id, its kind as event and an Event as data",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}
	register(s, op, func(_ context.Context, in *streamInput) (*huma.StreamResponse, error) {
		leave, err := s.enter()
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer leave()
			_, w := humago.Unwrap(hc)
			s.stream(hc.Context(), w, max(in.After, in.Last))
		}}, nil
	})
}

// enter takes a place among those that wait.
func (s *Server) enter() (leave func(), err error) {
	select {
	case s.wait <- struct{}{}:
		return func() { <-s.wait }, nil
	default:
		return nil, fmt.Errorf("%d requests wait for events already: %w", maxWaiting, view.ErrUnavailable)
	}
}

// untilClosing returns ctx, ended too when the server begins to close.
func (s *Server) untilClosing(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.closing, cancel)
	return ctx, func() { stop(); cancel() }
}

func (s *Server) events(ctx context.Context, in *eventsInput) (list[view.Event], error) {
	wait := min(time.Duration(in.Wait)*time.Second, maxWait)
	if wait > 0 {
		leave, err := s.enter()
		if err != nil {
			return list[view.Event]{}, err
		}
		defer leave()
	}
	waiting, cancel := s.untilClosing(ctx)
	defer cancel()
	events, err := s.cfg.Node.Events(waiting, in.After, wait)
	if err != nil && s.closing.Err() != nil && ctx.Err() == nil {
		events, err = nil, nil // nothing happened before the node closed
	}
	return listed(events, err)
}

// stream writes events until the client goes or the server closes. What fails
// ends the stream; the client comes back with the last number it has.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, after uint64) {
	ctx, cancel := s.untilClosing(ctx)
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	if rc.Flush() != nil {
		return
	}
	for {
		events, err := s.cfg.Node.Events(ctx, after, heartbeat)
		if err != nil || ctx.Err() != nil {
			return
		}
		rc.SetWriteDeadline(time.Now().Add(heartbeat)) // not supported: writes end with the connection
		if err := writeEvents(w, events); err != nil || rc.Flush() != nil {
			return
		}
		if n := len(events); n > 0 {
			after = events[n-1].Seq
		}
	}
}

func writeEvents(w http.ResponseWriter, events []view.Event) error {
	if len(events) == 0 {
		_, err := fmt.Fprint(w, ": nothing new\n\n")
		return err
	}
	for _, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind, data); err != nil {
			return err
		}
	}
	return nil
}
