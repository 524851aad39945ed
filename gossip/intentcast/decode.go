package intentcast

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// The wire form is read in three steps, cheap to dear, so that a reader can
// refuse between them: OpenCast reads the frame (2 µs), which is enough to
// check a stamp; Frame.Parse reads the body and holds every rule but one
// (10 µs); Cast.Verify checks the signature (50 µs, in a batch half of it).

// StampSize is the length of a stamp in bytes. Package admission says what is
// in it; here it is only carried.
const StampSize = 9

// stampRoom is what a stamp adds to a cast: its key and its bytes, each with a
// head of one byte.
const stampRoom = 1 + len("work") + 1 + StampSize

// Frame is a cast's wire form, of which only the frame has been read. It
// shares memory with the bytes it was read from.
type Frame struct {
	ID   dagcbor.CID // the CID of the body's bytes
	Work []byte      // the stamp beside them; nil: none
	m    message
}

// OpenCast reads the frame of a cast of at most MaxCast bytes: whether it is
// canonical, and of which body. Nothing is known yet of the body's content,
// or of the signature.
func OpenCast(b []byte) (*Frame, error) {
	m, err := decodeMessage(b, MaxCast)
	if err != nil {
		return nil, fmt.Errorf("decode cast: %w", err)
	}
	return &Frame{ID: dagcbor.Sum(m.Body), Work: m.Work, m: m}, nil
}

// Parse reads the rest, once. The cast is whole and well formed and its
// envelope is for it, but whether the signature holds is for Verify to say:
// until then nothing of it may be believed.
func (f *Frame) Parse() (*Cast, error) {
	c := &Cast{Raw: f.m.Body, ID: f.ID, Envelope: f.m.Envelope, Work: f.Work}
	readMap(f.m.body, &c.Intent, intentFields)
	if err := f.m.body.end(); err != nil {
		return nil, fmt.Errorf("decode cast: body: %w", err)
	}
	if err := c.Intent.Check(); err != nil {
		return nil, fmt.Errorf("decode cast: %w", err)
	}
	if c.Envelope.Signer != c.Intent.Author {
		return nil, fmt.Errorf("decode cast: signed by %.80q, the author is %.80q: %w",
			string(c.Envelope.Signer), string(c.Intent.Author), identity.ErrSignature)
	}
	if e := checkSigned(c.Intent.Created, c.Intent.Expires, c.Envelope.Time); e != nil {
		return nil, fmt.Errorf("decode cast: %w", e)
	}
	return c, nil
}

// Check returns what is left to check of the author's signature, alone or in
// a batch (identity.VerifyAll).
func (c *Cast) Check() (identity.Check, error) {
	check, err := c.Envelope.CheckAuthor(c.ID)
	if err != nil {
		return check, fmt.Errorf("decode cast: %w", err)
	}
	return check, nil
}

// DecodeCast reads the wire form. It accepts only canonical bytes of a well
// formed intent with its author's signature, and at most MaxCast of them. The
// time is left to CheckTime, so that a stored cast can be read again; what a
// stamp is worth is left to package admission. The cast shares memory with b.
func DecodeCast(b []byte) (*Cast, error) {
	c, check, err := parseCast(b)
	if err != nil {
		return nil, err
	}
	if err := check.Verify(); err != nil {
		return nil, fmt.Errorf("decode cast: %w", err)
	}
	return c, nil
}

// DecodeCasts is DecodeCast for many, with their signatures checked in one
// batch. Of wires[i] there is either casts[i] or errs[i], as DecodeCast says.
func DecodeCasts(wires [][]byte) (casts []*Cast, errs []error) {
	casts, errs = make([]*Cast, len(wires)), make([]error, len(wires))
	checks, of := make([]identity.Check, 0, len(wires)), make([]int, 0, len(wires))
	for i, wire := range wires {
		c, check, err := parseCast(wire)
		if errs[i] = err; err == nil {
			casts[i], checks, of = c, append(checks, check), append(of, i)
		}
	}
	for k, err := range identity.VerifyAll(checks) {
		if i := of[k]; err != nil {
			casts[i], errs[i] = nil, fmt.Errorf("decode cast: %w", err)
		}
	}
	return casts, errs
}

func parseCast(b []byte) (*Cast, identity.Check, error) {
	f, err := OpenCast(b)
	if err != nil {
		return nil, identity.Check{}, err
	}
	c, err := f.Parse()
	if err != nil {
		return nil, identity.Check{}, err
	}
	check, err := c.Check()
	return c, check, err
}

// Encode returns the wire form, DAG-CBOR {v, env, body, work}; without a
// stamp there is no work.
func (c *Cast) Encode() ([]byte, error) { return encodeMessage(c.Raw, c.Envelope, c.Work) }

// WithWork returns c with another stamp, nil for none. It shares the rest.
func (c *Cast) WithWork(stamp []byte) *Cast {
	d := *c
	d.Work = stamp
	return &d
}

func decodeMessage(b []byte, most int) (message, error) {
	var m message
	if len(b) > most {
		return m, fmt.Errorf("%d bytes, at most %d are allowed", len(b), most)
	}
	r := newReader(b)
	readMap(r, &m, messageFields)
	if err := r.end(); err != nil {
		return m, err
	}
	if m.Version != messageVersion {
		return m, fmt.Errorf("v: version %d, only %d is known", m.Version, messageVersion)
	}
	return m, nil
}
