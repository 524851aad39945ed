package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/invite"
	"github.com/parley-network/parley/node/peerbook"
)

const (
	inviteTime   = 10 * time.Second // bounds one exchange
	claimsAtOnce = 8
	// claimsPaced is how many claims are looked at in a minute, of all peers
	// together: a secret has 128 bits, so guessing is hopeless at any rate, and
	// this only bounds what guessing costs.
	claimsPaced = 120
)

// inviteLoop answers claims until ctx ends.
func (n *Node) inviteLoop(ctx context.Context) error {
	d := &doorman{n: n, ctx: ctx}
	n.cfg.Host.SetStreamHandler(invite.Protocol, d.answer)
	<-ctx.Done()
	n.cfg.Host.RemoveStreamHandler(invite.Protocol)
	d.close()
	return ctx.Err()
}

// doorman answers claims, so many at a time and a minute.
type doorman struct {
	n   *Node
	ctx context.Context

	mu     sync.Mutex
	closed bool
	inside int
	since  time.Time // the minute that count is of
	count  int
	wg     sync.WaitGroup
}

func (d *doorman) enter(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.since) >= time.Minute {
		d.since, d.count = now, 0
	}
	if d.closed || d.inside >= claimsAtOnce || d.count >= claimsPaced {
		return false
	}
	d.inside++
	d.count++
	d.wg.Add(1)
	return true
}

func (d *doorman) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	d.wg.Done()
}

func (d *doorman) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *doorman) answer(s network.Stream) {
	_ = s.SetDeadline(time.Now().Add(inviteTime))
	if !d.enter(time.Now()) {
		sayOutcome(s, invite.Busy)
		return
	}
	defer d.leave()
	b, err := wire.ReadFrame(s, invite.MaxFrame)
	if err != nil {
		_ = s.Reset()
		return
	}
	secret, err := invite.DecodeClaim(b)
	if err != nil {
		d.n.log.Debug("malformed claim of an invitation", "peer", s.Conn().RemotePeer(), "error", err)
		_ = s.Reset()
		return
	}
	from := s.Conn().RemotePeer()
	o, err := d.n.claimInvite(d.ctx, from, secret)
	if err != nil {
		d.n.log.Warn("answering an invitation's claim", "error", err)
		o = invite.Busy
	}
	if o == invite.Welcome {
		info := peer.AddrInfo{ID: from, Addrs: peerbook.Usable(d.n.cfg.Host.Peerstore().Addrs(from), peerbook.Loopback)}
		if err := d.n.keepPeer(d.ctx, peerbook.Invite, info); err != nil {
			d.n.log.Warn("remembering who was invited", "error", err)
		}
	}
	sayOutcome(s, o)
}

func sayOutcome(s network.Stream, o invite.Outcome) {
	b, err := invite.EncodeAnswer(o)
	if err == nil {
		err = wire.WriteFrame(s, b)
	}
	if err != nil {
		_ = s.Reset()
		return
	}
	_ = s.Close()
}

// presentInvite shows the secret to the inviter.
func (n *Node) presentInvite(ctx context.Context, p peer.ID, secret []byte) (invite.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, inviteTime)
	defer cancel()
	s, err := n.cfg.Host.NewStream(ctx, p, invite.Protocol)
	if err != nil {
		return "", fmt.Errorf("open stream: %w", err)
	}
	defer s.Close()
	_ = s.SetDeadline(time.Now().Add(inviteTime))
	b, err := invite.EncodeClaim(secret)
	if err == nil {
		err = wire.WriteFrame(s, b)
	}
	if err == nil {
		b, err = wire.ReadFrame(s, invite.MaxFrame)
	}
	if err != nil {
		_ = s.Reset()
		return "", err
	}
	return invite.DecodeAnswer(b)
}
