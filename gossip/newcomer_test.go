package gossip

import (
	"fmt"
	"slices"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

// heard has c tell what it announces and hands to whom.
func heard(c *conduct) (announced map[peer.ID][]string, handed map[peer.ID]int) {
	announced, handed = make(map[peer.ID][]string), make(map[peer.ID]int)
	c.announce = func(p peer.ID, topic string, ids []string) { announced[p] = append(announced[p], ids...) }
	c.hand = func(p peer.ID, m *pb.Message) { handed[p]++ }
	c.handed = prometheus.NewCounter(prometheus.CounterOpts{Name: "handed"})
	return announced, handed
}

// Who comes into the mesh hears of what was taken a moment ago, made here or
// relayed, but not of what is announced no more, what it brought itself, or says
// it has.
func TestNewcomerHearsWhatItMissed(t *testing.T) {
	c := meshOf("mute")
	announcedTo, _ := heard(c)
	now := noon
	c.takes(busy, "old", "mute", now.Add(-announced()-time.Millisecond))
	c.takes(busy, "own", "self", now)
	c.takes(busy, "relayed", "mute", now)
	c.takes(busy, "brought", "good", now)
	c.takes(busy, "had", "mute", now)
	c.says("good", []string{"had"}, now)
	c.takes("/parley/intent/1/other", "elsewhere", "self", now)
	c.welcome("good", busy, now)
	if got := announcedTo["good"]; !slices.Equal(got, []string{"own", "relayed"}) {
		t.Errorf("it hears of %q", got)
	}
	c.welcome("late", busy, now.Add(announced()+time.Millisecond))
	if got := announcedTo["late"]; got != nil {
		t.Errorf("too late it hears of %q", got)
	}
	c.Leave(busy)
	c.welcome("back", busy, now)
	if got := announcedTo["back"]; got != nil {
		t.Errorf("after the topic was left it hears of %q", got)
	}
}

// What is kept for newcomers is bounded, the newest stays.
func TestNewcomersAreToldABoundedNumber(t *testing.T) {
	c := meshOf()
	announcedTo, _ := heard(c)
	for i := range 3 * maxRecent {
		c.takes(busy, fmt.Sprint(i), "self", noon)
	}
	c.welcome("good", busy, noon)
	if got := announcedTo["good"]; len(got) != maxRecent || got[maxRecent-1] != fmt.Sprint(3*maxRecent-1) {
		t.Errorf("%d are told, %q last", len(got), got[len(got)-1:])
	}
	for i := range 3 * maxUnsent {
		c.makes(busy, fmt.Sprint(i), noon)
	}
	if len(c.unsent) != maxUnsent {
		t.Errorf("%d wait to be sent", len(c.unsent))
	}
}

// GossipSub's tracers hear nothing of what a node publishes. It goes aside all
// the same, once, when the first of the mesh is sent it.
func TestOwnGoesAside(t *testing.T) {
	c := meshOf("mute 1", "mute 2")
	now := time.Now()
	c.delivered("good", busy, "earlier", now.Add(-time.Minute))
	_, handed := heard(c)
	topic := busy
	own := &pb.Message{Topic: &topic, Data: []byte("a cast")}
	other := &pb.Message{Topic: &topic, Data: []byte("another's")}
	sent := func(m *pb.Message, to peer.ID) {
		c.SendRPC(&pubsub.RPC{RPC: pb.RPC{Publish: []*pb.Message{m}}}, to)
	}
	c.makes(topic, messageID(own), now)
	sent(other, "mute 1")
	if len(handed) != 0 {
		t.Errorf("what is another's is handed to %v by being sent", handed)
	}
	sent(own, "mute 1")
	sent(own, "mute 2")
	sent(own, "good") // as it is handed over
	if len(handed) != 1 || handed["good"] != 1 {
		t.Errorf("handed to %v, want good once", handed)
	}
	if got := c.missing("next", topic, now); !slices.Equal(got, []string{messageID(own)}) {
		t.Errorf("a newcomer misses %q", got)
	}
}
