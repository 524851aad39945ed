package gossip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

func version(author string, seq uint64) *intentcast.Cast {
	root := dagcbor.Sum([]byte(author))
	c := &intentcast.Cast{ID: root, Intent: intentcast.Intent{Author: identity.DID(author), Seq: seq}}
	if seq > 0 {
		c.Intent.Root, c.ID = root, dagcbor.Sum([]byte(fmt.Sprint(author, seq)))
	}
	return c
}

func TestQueueKeepsOneCastOfEachIntent(t *testing.T) {
	q := newQueue(2)
	a, b := version("a", 0), version("b", 0)
	q.push(a)
	q.push(b)
	if q.room(version("c", 0)) {
		t.Error("a full queue has room for another intent")
	}
	newer := version("a", 1)
	if !q.room(newer) {
		t.Error("a full queue has no room for a newer version")
	}
	q.push(newer)
	for i, want := range []*intentcast.Cast{newer, b} {
		got, err := q.pop(t.Context())
		if err != nil || got != want {
			t.Errorf("%d: %v, %v, want %v", i, got, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if c, err := q.pop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an empty queue gave %v, %v", c, err)
	}
	if len(q.waiting) != 0 {
		t.Errorf("%d casts stay behind", len(q.waiting))
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		err    error
		result pubsub.ValidationResult
		reason string
	}{
		{errBusy, pubsub.ValidationIgnore, "busy"},
		{fmt.Errorf("9000 bytes: %w", errSize), pubsub.ValidationReject, "size"},
		{errShard, pubsub.ValidationReject, "topic"},
		{fmt.Errorf("cast: %w", identity.ErrSignature), pubsub.ValidationReject, "signature"},
		{fmt.Errorf("cast: %w", intentcast.Dead), pubsub.ValidationIgnore, "dead"},
		{fmt.Errorf("cast: %w", intentcast.Fork), pubsub.ValidationIgnore, "fork"},
		{&intentcast.InvalidError{Field: "v"}, pubsub.ValidationReject, "form"},
		{errors.New("anything else"), pubsub.ValidationReject, "form"},
	} {
		if result, reason := judge(tt.err); result != tt.result || reason != tt.reason {
			t.Errorf("%v: %v, %q", tt.err, result, reason)
		}
	}
}

// One and the same data on another topic is another message.
func TestMessageIDCoversTopicAndData(t *testing.T) {
	id := func(topic, data string) string {
		return messageID(&pb.Message{Topic: &topic, Data: []byte(data), From: []byte("x"), Seqno: []byte{1}})
	}
	if id("a", "b") == id("c", "b") || id("a", "b") == id("a", "c") || len(id("a", "b")) != 32 {
		t.Error("the id is not a digest of topic and data")
	}
}

func TestLogsGoToHclog(t *testing.T) {
	var out bytes.Buffer
	log := slogger(hclog.New(&hclog.LoggerOptions{Output: &out, Level: hclog.Info, DisableTime: true}))
	log.With("peer", "p").WithGroup("g").Info("joined", "topic", "t")
	log.Debug("not shown")
	log.Warn("careful")
	log.Error("broken")
	want := "[INFO]  joined: peer=p topic=t\n[WARN]  careful\n[ERROR] broken\n"
	if got := out.String(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%q, want %q", got, want)
	}
}
