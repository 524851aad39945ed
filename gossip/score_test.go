package gossip

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// The library takes the parameters, and a topic's.
func TestParametersAreValid(t *testing.T) {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ps, err := pubsub.NewGossipSub(ctx, h, pubsub.WithGossipSubParams(meshParams()),
		pubsub.WithPeerScore(scoreParams(func(peer.ID) float64 { return 0 }), scoreThresholds()))
	if err != nil {
		t.Fatal(err)
	}
	topic, err := ps.Join(TermsTopic)
	if err != nil {
		t.Fatal(err)
	}
	if err := topic.SetScoreParams(topicScore()); err != nil {
		t.Error(err)
	}
}

// What the comments beside the parameters promise of them.
func TestScoresAddUp(t *testing.T) {
	const best = scoreCap + scoreProven + scoreCap // topics, conduct, application
	topic, params, limits := topicScore(), scoreParams(nil), scoreThresholds()
	invalid := func(n float64) float64 { return topic.InvalidMessageDeliveriesWeight * n * n }
	behaviour := func(n float64) float64 {
		return params.BehaviourPenaltyWeight * math.Pow(max(0, n-params.BehaviourPenaltyThreshold), 2)
	}
	sameAddress := func(n int) float64 {
		return params.IPColocationFactorWeight * math.Pow(max(0, float64(n-params.IPColocationFactorThreshold)), 2)
	}
	for name, ok := range map[string]bool{
		"one invalid message costs the mesh, at best":      best+invalid(1) < 0,
		"two cost all attention, at best":                  best+invalid(2) < limits.GraylistThreshold,
		"silence costs the mesh, at best":                  scoreCap+scoreSilent < 0,
		"silence alone costs nothing else":                 scoreSilent > limits.GossipThreshold,
		"four breaches are free":                           behaviour(4) == 0,
		"eight cost the mesh and what is announced":        behaviour(8) < limits.GossipThreshold,
		"eleven cost all attention":                        behaviour(11) < limits.GraylistThreshold,
		"eight at an address are free":                     sameAddress(8) == 0,
		"eleven lose the mesh and what is announced":       sameAddress(11) < limits.GossipThreshold,
		"thirteen lose all attention":                      sameAddress(13) < limits.GraylistThreshold,
		"staying alone does not make a mesh good":          topic.TimeInMeshWeight*topic.TimeInMeshCap < limits.OpportunisticGraftThreshold,
		"one cast brought does":                            scoreProven > limits.OpportunisticGraftThreshold,
		"quiet topics punish nobody":                       topic.MeshMessageDeliveriesWeight == 0 && topic.MeshFailurePenaltyWeight == 0,
		"nobody's choice of peers is believed":             limits.AcceptPXThreshold > best && meshParams().PrunePeers == 0,
		"a counter is gone after the time that is said":    math.Abs(math.Pow(fadeIn(time.Hour), float64(time.Hour/decayEvery))-pubsub.DefaultDecayToZero) < 1e-9,
		"what is asked for is still there":                 meshParams().HistoryGossip < meshParams().HistoryLength,
		"small messages are not answered with bigger ones": meshParams().IDontWantMessageThreshold > meshParams().Dhi*32,
	} {
		if !ok {
			t.Errorf("not so: %s", name)
		}
	}
}
