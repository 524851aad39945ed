package transport

import (
	"crypto/tls"
	"net"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/quic-go/quic-go"
)

// KeyExchange is how the two ends of a connection agreed on its keys.
type KeyExchange struct {
	// Name is that of the TLS group, "X25519MLKEM768"; empty: it can't be told.
	Name string
	// PostQuantum says that who records the connection today can't read it
	// with a quantum computer later.
	PostQuantum bool
}

// group returns what a TLS connection agreed on. The hybrids are those of
// draft-ietf-tls-ecdhe-mlkem.
func group(s tls.ConnectionState) KeyExchange {
	switch s.CurveID {
	case 0:
		return KeyExchange{}
	case tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024:
		return KeyExchange{Name: s.CurveID.String(), PostQuantum: true}
	}
	return KeyExchange{Name: s.CurveID.String()}
}

// KeyExchangeOf returns how a connection's keys were agreed on: between the two
// ends, also where a relay is between them.
func KeyExchangeOf(c network.Conn) KeyExchange {
	var q *quic.Conn
	if c.As(&q) && q != nil {
		return group(q.ConnectionState().TLS)
	}
	var agreed KeyExchange
	c.As(&agreed)
	return agreed
}

// telling is a multiplexer whose connections can be asked, by As, for the
// KeyExchange of the secured connection beneath. libp2p hands that one to the
// multiplexer and to nobody else.
type telling struct{ network.Multiplexer }

// NewConn implements network.Multiplexer.
func (t telling) NewConn(c net.Conn, isServer bool, scope network.PeerScope) (network.MuxedConn, error) {
	muxed, err := t.Multiplexer.NewConn(c, isServer, scope)
	if err != nil {
		return nil, err
	}
	return toldConn{muxed, secured(c)}, nil
}

// secured returns the key exchange of one of libp2p's secured connections. That
// of TLS has the methods of a tls.Conn; the other is Noise, whose only exchange
// in libp2p is X25519 (Noise_XX_25519_ChaChaPoly_SHA256).
func secured(c net.Conn) KeyExchange {
	if t, ok := c.(interface{ ConnectionState() tls.ConnectionState }); ok {
		return group(t.ConnectionState())
	}
	return KeyExchange{Name: tls.X25519.String()}
}

type toldConn struct {
	network.MuxedConn
	agreed KeyExchange
}

// As implements network.MuxedConn.
func (c toldConn) As(target any) bool {
	if t, ok := target.(*KeyExchange); ok {
		*t = c.agreed
		return true
	}
	return c.MuxedConn.As(target)
}
