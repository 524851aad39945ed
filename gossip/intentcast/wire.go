package intentcast

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// The reader below takes the canonical DAG-CBOR of one fixed shape and
// nothing else. It is here beside package dagcbor for speed alone: reading an
// intent by reflection and encoding it again to compare cost half of an
// Ed25519 verification (see cast.go); reading the keys in the one order they
// can have costs a fifteenth and leaves no second encoding to look for.
// Tests hold the two to the same verdicts.

// CBOR major types (RFC 8949, section 3.1).
const (
	majorUint  = 0
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
)

// reader is a cursor over one encoded value; the first error stays.
type reader struct {
	b   []byte
	s   string // the same bytes: strings read share this one copy
	i   int
	err error
}

func newReader(b []byte) *reader { return &reader{b: b, s: string(b)} }

// inner returns a reader over the byte string read next, in the same memory.
func (r *reader) inner() *reader {
	from, to := r.span(majorBytes)
	return &reader{b: r.b[from:to:to], s: r.s[from:to]}
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s", r.i, fmt.Sprintf(format, args...))
	}
}

// end fails unless everything was read, and returns the first error.
func (r *reader) end() error {
	if r.err == nil && r.i != len(r.b) {
		r.fail("%d bytes after the end", len(r.b)-r.i)
	}
	return r.err
}

// head reads a data item's head of the major type wanted and returns its
// argument, which must be in its shortest form.
func (r *reader) head(major byte) uint64 {
	if r.err != nil {
		return 0
	}
	if r.i >= len(r.b) {
		r.fail("ends in the middle")
		return 0
	}
	c := r.b[r.i]
	if c>>5 != major {
		r.fail("major type %d, want %d", c>>5, major)
		return 0
	}
	if info := c & 31; info < 24 {
		r.i++
		return uint64(info)
	} else if info > 27 {
		r.fail("no definite length")
		return 0
	}
	n := 1 << (c&31 - 24)
	if len(r.b)-r.i-1 < n {
		r.fail("ends in the middle")
		return 0
	}
	var v uint64
	for _, x := range r.b[r.i+1 : r.i+1+n] {
		v = v<<8 | uint64(x)
	}
	if v < 24 || (n > 1 && v>>(4*n) == 0) {
		r.fail("%d is not in its shortest form", v)
		return 0
	}
	r.i += 1 + n
	return v
}

func (r *reader) uint() uint64 {
	v := r.head(majorUint)
	if v > math.MaxInt64 {
		r.fail("integer %d beyond 63 bits", v)
	}
	return v
}

// span reads a string's head and returns where its bytes lie.
func (r *reader) span(major byte) (from, to int) {
	n := r.head(major)
	if r.err != nil {
		return 0, 0
	}
	if n > uint64(len(r.b)-r.i) {
		r.fail("string of %d bytes where %d are left", n, len(r.b)-r.i)
		return 0, 0
	}
	from = r.i
	r.i += int(n)
	return from, r.i
}

func (r *reader) text() string {
	from, to := r.span(majorText)
	s := r.s[from:to]
	if !utf8.ValidString(s) {
		r.fail("text is not UTF-8")
	}
	return s
}

// bytes returns a part of what is read, not a copy.
func (r *reader) bytes() []byte {
	from, to := r.span(majorBytes)
	return r.b[from:to:to]
}

// work reads a stamp.
func (r *reader) work() []byte {
	at := r.i
	b := r.bytes()
	if r.err == nil && len(b) != StampSize {
		r.i = at
		r.fail("a stamp of %d bytes, want %d", len(b), StampSize)
	}
	return b
}

// count reads the head of an array or a map. Every element takes at least one
// byte, so a count beyond what is left is refused before room is made for it.
func (r *reader) count(major byte) int {
	n := r.head(major)
	if r.err == nil && n > uint64(len(r.b)-r.i) {
		r.fail("%d elements where %d bytes are left", n, len(r.b)-r.i)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// cidSize is the encoded length of a CID: tag 42, a string's head, the
// identity prefix and 36 bytes.
const cidSize = 41

func (r *reader) cid() (id dagcbor.CID) {
	if r.err != nil {
		return id
	}
	if len(r.b)-r.i < cidSize {
		r.fail("not a CID")
		return id
	}
	if err := id.UnmarshalCBOR(r.b[r.i : r.i+cidSize]); err != nil {
		r.fail("%s", err)
		return id
	}
	r.i += cidSize
	return id
}

// time reads the text form of identity.Time. It does by hand what ParseTime
// does by a layout and a second writing, which took as long as all the rest of
// an intent's body.
func (r *reader) time() identity.Time {
	at := r.i
	s := r.text()
	if r.err != nil {
		return identity.Time{}
	}
	t, ok := parseTime(s)
	if !ok {
		r.i = at
		r.fail("%.40q is not a time of the form 2006-01-02T15:04:05Z", s)
	}
	return identity.At(t)
}

func parseTime(s string) (t time.Time, ok bool) {
	const form = "dddd-dd-ddTdd:dd:ddZ"
	if len(s) != len(form) {
		return t, false
	}
	for i := range len(form) {
		if digit := s[i] >= '0' && s[i] <= '9'; (form[i] == 'd') != digit || (!digit && s[i] != form[i]) {
			return t, false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	year, month, day := two(0)*100+two(2), time.Month(two(5)), two(8)
	hour, minute, second := two(11), two(14), two(17)
	t = time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	// time.Date turns the 31st of April into the 1st of May: not our text.
	y, m, d := t.Date()
	ok = y == year && m == month && d == day && hour < 24 && minute < 60 && second < 60 && !t.IsZero()
	return t, ok
}

// field is one key of a map read into a T. An optional one is left out by the
// encoder when empty, so its key with an empty value is refused.
type field[T any] struct {
	key      string
	optional bool
	read     func(*reader, *T)
}

// emptyHead are the first bytes of 0, "", h”, [], {} and null.
const emptyHead = "\x00\x40\x60\x80\xa0\xf6"

// readMap reads a map whose keys come in the order of fields, which is the
// canonical one: shorter first, then by bytes.
func readMap[T any](r *reader, v *T, fields []field[T]) {
	f := 0
	for n := r.count(majorMap); n > 0 && r.err == nil; n-- {
		at := r.i
		from, to := r.span(majorText)
		for f < len(fields) && fields[f].key != r.s[from:to] && fields[f].optional {
			f++
		}
		if r.err != nil {
			return
		}
		if f == len(fields) || fields[f].key != r.s[from:to] {
			r.i = at
			r.fail("key %.40q is unknown, twice or out of order, or one before it is missing", r.s[from:to])
			return
		}
		if fields[f].optional && r.i < len(r.b) && isEmptyHead(r.b[r.i]) {
			r.fail("%s: present but empty", fields[f].key)
			return
		}
		fields[f].read(r, v)
		if r.err != nil {
			r.err = fmt.Errorf("%s: %w", fields[f].key, r.err)
			return
		}
		f++
	}
	for ; f < len(fields) && r.err == nil; f++ {
		if !fields[f].optional {
			r.fail("key %q is missing", fields[f].key)
		}
	}
}

func isEmptyHead(c byte) bool {
	for i := range len(emptyHead) {
		if emptyHead[i] == c {
			return true
		}
	}
	return false
}

// readList reads an array of maps.
func readList[T any](r *reader, fields []field[T]) []T {
	n := r.count(majorArray)
	if r.err != nil {
		return nil
	}
	// A map of these takes far more than one byte, so the room made grows
	// with what is really there.
	list := make([]T, 0, min(n, MaxItems))
	for i := 0; i < n && r.err == nil; i++ {
		list = append(list, *new(T))
		readMap(r, &list[i], fields)
	}
	return list
}

// readTexts reads an array of text.
func readTexts(r *reader) []string {
	n := r.count(majorArray)
	if r.err != nil {
		return nil
	}
	list := make([]string, 0, min(n, MaxItems))
	for i := 0; i < n && r.err == nil; i++ {
		list = append(list, r.text())
	}
	return list
}

// readNew reads a map into a new T.
func readNew[T any](r *reader, fields []field[T]) *T {
	v := new(T)
	readMap(r, v, fields)
	return v
}
