package intentcast

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/identity"
)

// checkLife is the timeless part of the rules of time: a life has a beginning
// and an end, in that order and at most MaxLife apart.
func checkLife(created, expires identity.Time) *InvalidError {
	switch {
	case created.IsZero():
		return invalid("created", "is missing")
	case expires.IsZero():
		return invalid("expires", "is missing")
	case !created.Before(expires):
		return invalid("expires", "%s is not after its creation at %s", expires, created)
	case expires.Std().Sub(created.Std()) > MaxLife:
		return invalid("expires", "%s is more than %s after its creation at %s", expires, MaxLife, created)
	}
	return nil
}

// checkNow is the other part: what depends on when one looks. The error is
// Future or Expired with what was found.
func checkNow(created, expires identity.Time, signed identity.Time, now time.Time) error {
	latest := now.Add(MaxSkew)
	switch {
	case created.Std().After(latest):
		return fmt.Errorf("created: %s, it is %s: %w", created, identity.At(now), Future)
	case signed.Std().After(latest):
		return fmt.Errorf("signed at %s, it is %s: %w", signed, identity.At(now), Future)
	case !expires.Std().After(now):
		return fmt.Errorf("expires: %s, it is %s: %w", expires, identity.At(now), Expired)
	}
	return nil
}

// checkSigned bounds the time a signature states by the life of its body, so
// that a key lost since can't sign for a time it was still good in.
func checkSigned(created, expires identity.Time, signed identity.Time) *InvalidError {
	s := signed.Std()
	if s.Before(created.Std().Add(-MaxSkew)) || s.After(expires.Std()) {
		return invalid("env.time", "%s is outside the body's life, %s to %s", signed, created, expires)
	}
	return nil
}
