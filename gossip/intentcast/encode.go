package intentcast

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// The wire form is written by hand for the reason it is read by hand: every
// cast taken in is written once, to be kept, and by reflection that took as
// long as all the rest of the cast's decoding but its signature. A test holds
// it to dagcbor.Marshal.

func encodeMessage(raw []byte, env identity.Envelope, work []byte) ([]byte, error) {
	b, err := appendMessage(make([]byte, 0, len(raw)+len(work)+512), raw, &env, work)
	if err != nil {
		return nil, fmt.Errorf("encode signed body: %w", err)
	}
	return b, nil
}

func appendMessage(b, raw []byte, env *identity.Envelope, work []byte) ([]byte, error) {
	if raw == nil || !plain(env) {
		return dagcbor.Marshal(&message{Version: messageVersion, Envelope: *env, Body: raw, Work: work})
	}
	fields := uint64(3)
	if len(work) > 0 {
		fields++
	}
	b = appendHead(b, majorMap, fields)
	b = appendHead(appendText(b, "v"), majorUint, messageVersion)
	b, err := appendEnvelope(appendText(b, "env"), env)
	if err != nil {
		return nil, err
	}
	b = appendBytes(appendText(b, "body"), raw)
	if len(work) > 0 {
		b = appendBytes(appendText(b, "work"), work)
	}
	return b, nil
}

// plain reports whether all of env's text and numbers can be written as they
// are; what can't is left to dagcbor to refuse.
func plain(env *identity.Envelope) bool {
	return env.Version <= math.MaxInt64 && utf8.ValidString(env.KeyVersion) &&
		utf8.ValidString(string(env.Role)) && utf8.ValidString(string(env.Signer))
}

func appendEnvelope(b []byte, env *identity.Envelope) ([]byte, error) {
	body, err := env.Body.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("envelope: body: %w", err)
	}
	at, err := env.Time.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("envelope: time: %w", err)
	}
	fields := uint64(5)
	for _, set := range []bool{env.KeyVersion != "", len(env.Signature) > 0} {
		if set {
			fields++
		}
	}
	b = appendHead(b, majorMap, fields)
	b = appendHead(appendText(b, "v"), majorUint, env.Version)
	if env.KeyVersion != "" {
		b = appendText(appendText(b, "key"), env.KeyVersion)
	}
	if len(env.Signature) > 0 {
		b = appendBytes(appendText(b, "sig"), env.Signature)
	}
	b = append(appendText(b, "body"), body...)
	b = appendText(appendText(b, "role"), string(env.Role))
	b = append(appendText(b, "time"), at...)
	return appendText(appendText(b, "signer"), string(env.Signer)), nil
}

func appendText(b []byte, s string) []byte {
	return append(appendHead(b, majorText, uint64(len(s))), s...)
}

func appendBytes(b, v []byte) []byte { return append(appendHead(b, majorBytes, uint64(len(v))), v...) }

// appendHead writes a major type with its argument in the shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}
