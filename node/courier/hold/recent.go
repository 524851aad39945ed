package hold

// mostRecent bounds the letters whose bytes stay in memory. Most letters are
// fetched a moment after they came, by an owner who waits for them.
const mostRecent = 4 << 20

// recent is the letters that came last, with their bytes.
type recent struct {
	queue []*letter // the oldest first; some may have been dropped
	bytes int
}

func (r *recent) add(l *letter, sealed []byte) {
	l.sealed = sealed
	r.bytes += l.size
	r.queue = append(r.queue, l)
	for len(r.queue) > 0 && (r.bytes > mostRecent || r.queue[0].sealed == nil) {
		r.drop(r.queue[0])
		r.queue[0] = nil
		r.queue = r.queue[1:]
	}
}

// drop frees a letter's bytes.
func (r *recent) drop(l *letter) {
	if l.sealed != nil {
		l.sealed = nil
		r.bytes -= l.size
	}
}
