package gossip

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
)

// streams are those open now, so that they can be ended and waited for.
type streams struct {
	mu     sync.Mutex
	open   map[network.Stream]bool
	closed bool
	users  sync.WaitGroup
}

// add takes in st until the caller calls done; false after close, and where
// that many are open, or two of the same peer in the same direction.
func (ss *streams) add(st network.Stream, most int) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed || len(ss.open) >= most {
		return false
	}
	same := 0
	for other := range ss.open {
		if other.Conn().RemotePeer() == st.Conn().RemotePeer() && other.Stat().Direction == st.Stat().Direction {
			same++
		}
	}
	if same >= 2 {
		return false
	}
	if ss.open == nil {
		ss.open = make(map[network.Stream]bool)
	}
	ss.open[st] = true
	ss.users.Add(1)
	return true
}

func (ss *streams) done(st network.Stream) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, st)
	ss.users.Done()
}

// close resets all streams and waits until nobody uses one.
func (ss *streams) close() {
	ss.mu.Lock()
	ss.closed = true
	for st := range ss.open {
		_ = st.Reset() // it is going away either way
	}
	ss.mu.Unlock()
	ss.users.Wait()
}
