package public

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// An address may ask five times a second, and fifty times at once.
	every   = 200 * time.Millisecond
	backlog = 50 * every
	// addresses is half of how many are kept in mind, at some 100 bytes each.
	addresses = 10_000
)

// limiter lets each address ask at a steady rate with some room for bursts: a
// leaky bucket, of which the time at which it will be empty is all there is to
// keep (the generic cell rate algorithm). Its zero value is ready.
type limiter struct {
	mu sync.Mutex
	// An address is in recent; when that is full it becomes older, and what
	// was older is forgotten. Nothing is searched, however many ask.
	recent, older map[netip.Prefix]time.Time
}

// allow counts a request from addr at now, and reports whether it may pass.
func (l *limiter) allow(addr netip.Addr, now time.Time) bool {
	key := household(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	empty, known := l.recent[key]
	if !known {
		empty = l.older[key]
		if l.recent == nil || len(l.recent) >= addresses {
			l.recent, l.older = make(map[netip.Prefix]time.Time), l.recent
		}
	}
	if empty.Before(now) {
		empty = now
	}
	ok := empty.Add(every).Sub(now) <= backlog
	if ok {
		empty = empty.Add(every)
	}
	l.recent[key] = empty
	return ok
}

// household returns what one subscriber usually has: an IPv4 address, or an
// IPv6 network of 64 bits.
func household(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // neither length is out of range
	return p
}

// visitor returns the address a request comes from, or false where it isn't
// known: a web server before this one that doesn't say for whom it asks would
// have everyone share one address.
func (s *Server) visitor(r *http.Request) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false // a unix socket's peer has none
	}
	if !s.isProxy(peer.Addr()) {
		return peer.Addr(), true
	}
	said := r.Header.Values("X-Forwarded-For")
	if len(said) == 0 {
		return netip.Addr{}, false
	}
	list := said[len(said)-1]
	last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
	addr, err := netip.ParseAddr(last)
	if err != nil {
		with, err := netip.ParseAddrPort(last) // some servers add the port
		return with.Addr(), err == nil
	}
	return addr, true
}

func (s *Server) isProxy(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if addr.IsLoopback() {
		return true
	}
	for _, p := range s.cfg.Proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
