package admission

import "time"

// Quota lets each key do so much per second on average and so much at once (a
// token bucket). It follows a bounded number of keys: beyond that, all
// strangers together share one key's worth, so that whoever comes with ever
// new keys gets no more by it and pushes nobody out.
//
// It is not safe for use by several goroutines at once.
type Quota[K comparable] struct {
	rate, burst float64
	limit       int
	buckets     map[K]*bucket
	strangers   bucket
	swept       time.Time
}

type bucket struct {
	used float64 // at time at
	at   time.Time
	last time.Time // when it was asked for
}

// forgetAfter is for how long a key keeps its place after it was last asked
// for. It is long, so that a flood of strangers finds the places of those who
// were there before it taken.
const forgetAfter = 5 * time.Minute

// NewQuota returns a quota of rate a second and burst at once for each of at
// most limit keys.
func NewQuota[K comparable](rate, burst float64, limit int) *Quota[K] {
	return &Quota[K]{rate: rate, burst: burst, limit: limit, buckets: make(map[K]*bucket)}
}

// Allow takes cost from k's quota at now and reports whether there was as much.
// If not, nothing is taken.
func (q *Quota[K]) Allow(k K, cost float64, now time.Time) bool {
	b := q.bucket(k, now)
	if b.level(q.rate, now)+cost > q.burst {
		return false
	}
	b.used += cost
	return true
}

// mostDebt is how many bursts a key can owe.
const mostDebt = 50

// Spend takes cost from k's quota at now, for what has happened already. Where
// there is less, k owes the rest, and can do nothing until it is paid off.
func (q *Quota[K]) Spend(k K, cost float64, now time.Time) {
	b := q.bucket(k, now)
	b.used = min(b.level(q.rate, now)+cost, mostDebt*q.burst)
}

// Left is what k could take at now; below 0 it owes.
func (q *Quota[K]) Left(k K, now time.Time) float64 {
	b := q.buckets[k]
	if b == nil {
		if len(q.buckets) < q.limit {
			return q.burst
		}
		b = &q.strangers
	}
	return q.burst - b.level(q.rate, now)
}

// Len is the number of keys followed.
func (q *Quota[K]) Len() int { return len(q.buckets) }

func (q *Quota[K]) bucket(k K, now time.Time) *bucket {
	if b := q.buckets[k]; b != nil {
		b.last = now
		return b
	}
	if len(q.buckets) >= q.limit {
		q.sweep(now)
	}
	if len(q.buckets) >= q.limit {
		return &q.strangers
	}
	b := &bucket{at: now, last: now}
	q.buckets[k] = b
	return b
}

// sweep forgets who has not been there lately and has used nothing. It goes through all no more than
// once a second, however many strangers come.
func (q *Quota[K]) sweep(now time.Time) {
	if since := now.Sub(q.swept); since >= 0 && since < time.Second {
		return
	}
	q.swept = now
	for k, b := range q.buckets {
		if idle := now.Sub(b.last); b.level(q.rate, now) == 0 && (idle >= forgetAfter || idle < 0) {
			delete(q.buckets, k)
		}
	}
}

// level is what is used up at now. A clock set back gives nothing back, and
// time counts on from where it was set.
func (b *bucket) level(rate float64, now time.Time) float64 {
	if passed := now.Sub(b.at); passed > 0 {
		b.used = max(b.used-passed.Seconds()*rate, 0)
	}
	b.at = now
	return b.used
}
