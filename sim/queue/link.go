package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// link is a connection to the server or servers, and what is kept there.
type link struct {
	nc *nats.Conn
	js jetstream.JetStream
	// storage is where what is made here is kept.
	storage jetstream.StorageType

	// few is since when a cluster lacks the servers for three copies, single
	// that only one copy is kept for that.
	few    time.Time
	single bool
}

func newLink(nc *nats.Conn, storage jetstream.StorageType) (*link, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(requestWait))
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	return &link{nc: nc, js: js, storage: storage}, nil
}

// dial connects to a cluster. The error names the servers and no secret.
func dial(a Address, name string) (*link, error) {
	nc, err := nats.Connect(a.join(), a.options(name)...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", a, err)
	}
	return newLink(nc, jetstream.FileStorage)
}

func (l *link) close() { l.nc.Close() }

// replicas are how many copies a cluster of at least three servers keeps.
const replicas = 3

// ensure makes the streams and the object store that aren't there, and the
// workers' consumer of this version. It changes nothing that is there; made
// tells which streams are new.
func (l *link) ensure(ctx context.Context, version string, t Timing) (made []string, err error) {
	for _, cfg := range []jetstream.StreamConfig{
		{
			Name: tasksStream, Subjects: []string{taskRoot + ">"}, Description: "cells to run",
			// A cell is there once at most, whoever publishes it again.
			MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		},
		{Name: resultsStream, Subjects: []string{resultRoot + ">"}, Description: "results on their way to the record"},
	} {
		cfg.Retention, cfg.MaxAge, cfg.Duplicates, cfg.Storage = jetstream.WorkQueuePolicy, keep, dedup, l.storage
		isNew, err := l.ensureStream(ctx, cfg)
		if err != nil {
			return made, fmt.Errorf("stream %s: %w", cfg.Name, err)
		}
		if isNew {
			made = append(made, cfg.Name)
		}
	}
	if err := l.ensureBucket(ctx); err != nil {
		return made, fmt.Errorf("object store %s: %w", objectBucket, err)
	}
	if err := l.ensureConsumer(ctx, tasksStream, jetstream.ConsumerConfig{
		Durable: workersName(version), FilterSubject: taskRoot + versionToken(version) + ".>",
		Description: "workers of version " + clip(version, 256), AckWait: t.AckWait,
	}); err != nil {
		return made, fmt.Errorf("consumer of workers: %w", err)
	}
	return made, nil
}

func (l *link) ensureStream(ctx context.Context, cfg jetstream.StreamConfig) (bool, error) {
	_, err := l.js.Stream(ctx, cfg.Name)
	if err == nil || !errors.Is(err, jetstream.ErrStreamNotFound) {
		return false, err
	}
	err = l.withReplicas(func(n int) error {
		cfg.Replicas = n
		_, err := l.js.CreateStream(ctx, cfg)
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another coordinator was quicker
		err = nil
	}
	return err == nil, err
}

func (l *link) ensureBucket(ctx context.Context) error {
	_, err := l.js.ObjectStore(ctx, objectBucket)
	if err == nil || !errors.Is(err, jetstream.ErrBucketNotFound) {
		return err
	}
	return l.withReplicas(func(n int) error {
		_, err := l.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: objectBucket, Description: "results and files too large for a message", TTL: keep, Replicas: n, Storage: l.storage,
		})
		return err
	})
}

func (l *link) ensureConsumer(ctx context.Context, stream string, cfg jetstream.ConsumerConfig) error {
	_, err := l.js.Consumer(ctx, stream, cfg.Durable)
	if err == nil || !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return err
	}
	cfg.AckPolicy, cfg.MaxDeliver, cfg.MaxAckPending = jetstream.AckExplicitPolicy, -1, -1
	_, err = l.js.CreateConsumer(ctx, stream, cfg)
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return nil
	}
	return err
}

// fewPatience is how long a cluster may lack a server before one copy has to
// do: it may be starting.
const fewPatience = 10 * time.Second

// withReplicas asks for three copies, and for one where there are not three
// servers to keep them.
func (l *link) withReplicas(create func(n int) error) error {
	err := create(replicas)
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode {
	case 10074: // replicas > 1 not supported in non-clustered mode
		return create(1)
	case 10005: // no suitable peers for placement
		if l.few.IsZero() {
			l.few = time.Now()
		}
		if time.Since(l.few) < fewPatience {
			return err
		}
		l.single = true
		return create(1)
	}
	return err
}

// outstanding counts the messages of a stream by subject, of those that match
// the filter.
func (l *link) outstanding(ctx context.Context, stream, filter string) (map[string]uint64, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, err
	}
	return info.State.Subjects, nil
}

// publish stores a message and returns once the server, or most of the
// cluster, has it. While nobody answers it is sent again with the same id,
// which the stream takes once, until patience or ctx ends. A task that is
// there already is as good as stored.
func (l *link) publish(ctx context.Context, subject, id string, body []byte, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		try, done := context.WithTimeout(ctx, requestWait)
		_, err := l.js.Publish(try, subject, body, jetstream.WithMsgID(id))
		done()
		if err == nil || alreadyThere(err) {
			return nil
		}
		if final(err) {
			return fmt.Errorf("publish %s: %w", subject, err)
		}
		if wait(ctx, reconnectWait) != nil {
			return fmt.Errorf("publish %s: nobody took it: %w", subject, err)
		}
	}
}

// alreadyThere tells the refusal of a second task of one cell.
func alreadyThere(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == 10077 && api.Description == "maximum messages per subject exceeded"
}

// final tells what no second try would change.
func final(err error) bool {
	return errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) ||
		errors.Is(err, nats.ErrBadSubject) || errors.Is(err, nats.ErrPermissionViolation) || errors.Is(err, nats.ErrAuthorization)
}

// gone tells a stream or consumer that somebody removed.
func gone(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, nats.ErrNoResponders)
}

// undated is a context that doesn't tell its deadline: jetstream waits requestWait
// for an answer, but as long as the context lasts where that has an end. An
// answer that a killed server owed would be waited for until the run's end.
type undated struct{ context.Context }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// wait returns after d, or earlier with the context's error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
