package gossip

import (
	"net"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// What a peer's score leads to. Between 0 and the first limit a peer is in no
// mesh and is not let into one, but what it announces is still asked for.
const (
	scoreGossip   = -40  // below: nothing is announced to it, nothing asked of it
	scorePublish  = -80  // below: it gets no cast of ours outside a mesh (we follow what we cast on, so there is none)
	scoreGraylist = -160 // below: its messages are dropped before anything in them is looked at

	// scoreCap is the most that good conduct is worth. It is less than any of
	// the penalties, so that nobody can save up for a misdeed.
	scoreCap = 20

	// scoreInvalid is for the square of the number of messages that are wrong
	// by themselves. Honest nodes relay none, so one costs the mesh, and two
	// (-220, and no good conduct makes up for that) all attention.
	scoreInvalid = -55

	// scoreSilent is for a neighbour that brings nothing; see conduct. It
	// outweighs scoreCap and stays above scoreGossip: such a peer loses its
	// place in the mesh and nothing else, as it may be honest and badly placed.
	scoreSilent = -25

	// scoreProven is for a peer that brought a cast in the last hour, first or
	// not. A mesh of peers that bring nothing is below scoreMend, and is mended
	// with those.
	scoreProven = 1
	scoreMend   = 0.7
)

// privateNets are where many peers at one address are the rule: a household,
// an office, a test. Those who are there need no botnet to be many.
var privateNets = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"}

// scoreParams say what peers are judged by. Topics are added as they are
// followed, with topicScore.
func scoreParams(app func(peer.ID) float64) *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		Topics:        make(map[string]*pubsub.TopicScoreParams),
		TopicScoreCap: scoreCap,

		// P5: conduct, and what the application thinks of a peer.
		AppSpecificScore:  app,
		AppSpecificWeight: 1,

		// P6: eight peers at one public address (or in one IPv6 /64) are a
		// family or a shared exit; the square of what is beyond counts 10 times,
		// so that 11 lose the mesh and what is announced, 13 everything.
		IPColocationFactorThreshold: 8,
		IPColocationFactorWeight:    -10,
		IPColocationFactorWhitelist: networks(privateNets),

		// P7: grafting again before its time, announcing what is not handed
		// over. Honest peers do either now and then, as when a queue was full
		// or both sides grafted at once: four within the decay are free, eight
		// cost the mesh (-80), eleven all attention.
		BehaviourPenaltyThreshold: 4,
		BehaviourPenaltyWeight:    -5,
		BehaviourPenaltyDecay:     fadeIn(10 * time.Minute),

		// Counters that live for minutes need no finer grain, and a node with a
		// thousand topics is spared the work.
		DecayInterval: decayEvery,
		DecayToZero:   pubsub.DefaultDecayToZero,
		// Coming back under the same name does not wash clean. (The library
		// forgets good scores at once, and bad ones after this.)
		RetainScore: time.Hour,
	}
}

// topicScore says what counts on one topic. A shard may see a cast a week or
// a hundred in a minute, and nobody knows which.
func topicScore() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		TopicWeight: 1,

		// P1: staying. At most half a point, after ten minutes: it breaks ties
		// in favour of who has been there, and never lifts a mesh over
		// OpportunisticGraftThreshold by itself.
		TimeInMeshQuantum: 10 * time.Second,
		TimeInMeshCap:     60,
		TimeInMeshWeight:  0.5 / 60,

		// P2: being the first to bring a cast, one point each, up to 10, gone
		// in an hour. It decides who stays when a mesh is too full, and who is
		// grafted into a mesh that does badly.
		FirstMessageDeliveriesWeight: 1,
		FirstMessageDeliveriesCap:    10,
		FirstMessageDeliveriesDecay:  fadeIn(time.Hour),

		// P3 and P3b, a rate of deliveries to be reached, are off: on a quiet
		// topic every honest peer falls short of any rate, and where all are
		// asked "I have it" first, so does a peer that is merely further away.
		// Silence is measured in casts instead of time; see conduct.
		MeshMessageDeliveriesWeight: 0,
		MeshMessageDeliveriesDecay:  0.5, // of no effect, but must be valid
		MeshFailurePenaltyWeight:    0,
		MeshFailurePenaltyDecay:     0.5,

		// P4: what is wrong by itself. The square of the count, gone in an hour.
		InvalidMessageDeliveriesWeight: scoreInvalid,
		InvalidMessageDeliveriesDecay:  fadeIn(time.Hour),
	}
}

func scoreThresholds() *pubsub.PeerScoreThresholds {
	return &pubsub.PeerScoreThresholds{
		GossipThreshold:   scoreGossip,
		PublishThreshold:  scorePublish,
		GraylistThreshold: scoreGraylist,
		// Out of reach: a neighbour that prunes us does not choose whom we meet
		// next. The default, without scoring, believes anybody.
		AcceptPXThreshold: 10 * scoreCap,
		// More than staying is worth, and less than one cast brought. On a topic
		// where nothing happens nobody scores higher, and its mesh is left alone.
		OpportunisticGraftThreshold: scoreMend,
	}
}

// decayEvery is how often counters fade.
const decayEvery = 10 * time.Second

// fadeIn is the factor by which a counter fades each time so that a hundredth
// is left after d.
func fadeIn(d time.Duration) float64 {
	return pubsub.ScoreParameterDecayWithBase(d, decayEvery, pubsub.DefaultDecayToZero)
}

// appScore is P5.
func (s *Service) appScore(p peer.ID) float64 {
	score := s.conduct.score(p, time.Now())
	if s.cfg.Score != nil {
		score += min(s.cfg.Score(p), scoreCap)
	}
	return score
}

func networks(cidrs []string) []*net.IPNet {
	nets := make([]*net.IPNet, len(cidrs))
	for i, c := range cidrs {
		_, n, err := net.ParseCIDR(c)
		if err != nil {
			panic("gossip: " + err.Error()) // a constant of this package
		}
		nets[i] = n
	}
	return nets
}
