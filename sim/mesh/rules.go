package mesh

import (
	"math"
	"time"
)

// rules are the scores of package gossip (score.go, scoreconduct.go, aside.go there say
// why each is what it is; a test compares). Off: GossipSub's P3, as there.
type rules struct {
	gossip, graylist float32 // below: announced nothing; not even read
	cap              float32 // most that a topic counts for
	invalid          float32 // times the square of the invalid messages (P4)
	silent, proven   float32 // for who brings nothing, and who brought a cast (P5)
	mend             float32 // a median below has a mesh mended
	stay, stayCap    float32 // for each ten seconds in the mesh, and at most (P1)
	firstCap         float32 // casts brought first that count, one each (P2)
	address          float32 // times the square of those beyond `together` at one address (P6)
	together         int32
	push             float32 // times the square of the misdeeds beyond `pushFree` (P7)
	pushFree         float32
	fadeHour         float32 // by ten seconds, for P2 and P4
	fadePush         float32 // and P7

	silentAfter, failedAfter uint8
	atOnce                   int
	silentFor, provenFor     time.Duration
	handedOver               int32 // µs

	sound int // neighbours that brought something, below which a mesh is in doubt (aside.go); 0: never
}

// decayEvery is how often counters fade; below fadedOut they are gone.
const (
	decayEvery = 10 * time.Second
	fadedOut   = 0.01
)

func theRules() rules {
	return rules{
		gossip: -40, graylist: -160, cap: 20, invalid: -55, silent: -25, proven: 1, mend: 0.7,
		stay: 0.5 / 60, stayCap: 0.5, firstCap: 10, address: -10, together: 8, push: -5, pushFree: 4,
		fadeHour: fade(time.Hour), fadePush: fade(10 * time.Minute),
		silentAfter: 8, failedAfter: 3, atOnce: 3, silentFor: 10 * time.Minute, provenFor: time.Hour,
		handedOver: 500_000, sound: 4,
	}
}

// fade is the factor by which a counter fades each time so that a hundredth is
// left after d (pubsub.ScoreParameterDecayWithBase).
func fade(d time.Duration) float32 {
	return float32(math.Pow(fadedOut, float64(decayEvery)/float64(d)))
}
