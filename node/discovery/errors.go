package discovery

import "errors"

var (
	errNotRecord = errors.New("not a provider record")
	errTooMany   = errors.New("no more records are kept")
	errMessage   = errors.New("malformed message of the peer exchange")
)
