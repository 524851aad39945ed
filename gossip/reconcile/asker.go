package reconcile

import (
	"fmt"
)

// Asker is one conversation's side of who asks. Its caller sends what Next
// returns and hands it the answer, until there is no more to ask; Missing then
// says which records to get. Whatever the answers, it is done after at most
// 64 questions.
type Asker struct {
	own func(Key) []uint64

	state  int
	rounds int
	theirs Tally
	decode *Decoder
	asked  int // symbols of the last question
	most   int // symbols that an honest peer's difference takes

	after  uint64 // the last short id listed
	listed int
	lacks  []uint64 // of those listed
}

const (
	stateOpen = iota
	stateMore
	stateList
	stateDone
)

const maxRounds = 64

// NewAsker returns the side of somebody who has what own returns: the short
// ids under the answerer's key.
func NewAsker(own func(Key) []uint64) *Asker { return &Asker{own: own} }

// Next takes in an answer, the first being that to Open, and returns the next
// question, nil when there is none. An error wraps ErrGarbage.
func (a *Asker) Next(answer []byte) (question []byte, err error) {
	if a.rounds++; a.rounds > maxRounds {
		return nil, fmt.Errorf("%d answers and no end: %w", a.rounds, ErrGarbage)
	}
	switch a.state {
	case stateOpen:
		return a.opened(answer)
	case stateMore:
		return a.more(answer)
	case stateList:
		return a.list(answer)
	}
	return nil, fmt.Errorf("an answer too many: %w", ErrGarbage)
}

func (a *Asker) opened(answer []byte) ([]byte, error) {
	o, err := decodeOpened(answer)
	if err != nil {
		return nil, fmt.Errorf("answer to open: %w", err)
	}
	a.theirs = o.tally
	if o.tally.N == 0 {
		a.state = stateDone
		return nil, nil
	}
	own := a.own(o.key)
	a.decode = NewDecoder(own)
	if err := a.decode.Add(o.symbols); err != nil {
		return nil, fmt.Errorf("answer to open: %w", err)
	}
	tally := a.decode.tally()
	distance := tally.Distance(&a.theirs)
	a.most = 4*distance + 512
	return a.advance(needed(distance)), nil
}

// needed is how many symbols a difference of about that size takes: 1.35 for
// each id and more where there are few, by the published scheme, and a quarter
// more as the distance is an estimate. A question more costs more than that.
func needed(distance int) int { return distance*17/10 + 32 }

// advance asks for enough symbols to have want of them; for a list where that
// is shorter; or for nothing, once done or where no end is to be seen.
func (a *Asker) advance(want int) []byte {
	have := len(a.decode.left)
	want = min(max(want, have+16), MaxSymbols)
	switch {
	case a.decode.Complete():
	case (want-have)*SymbolSize > a.theirs.N*shortSize:
		a.state = stateList
		return encodeList(0)
	case want <= a.most && want > have:
		a.state, a.asked = stateMore, min(want-have, maxMore)
		return encodeMore(a.asked)
	}
	a.state = stateDone
	return nil
}

func (a *Asker) more(answer []byte) ([]byte, error) {
	r := &reader{b: answer}
	r.kind(kindSymbols)
	if n := r.number(maxMore); r.err == nil && n != uint64(a.asked) {
		r.fail("%d symbols, %d were asked for", n, a.asked)
	}
	symbols := r.symbols(a.asked)
	err := r.end()
	if err == nil {
		err = a.decode.Add(symbols)
	}
	if err != nil {
		return nil, fmt.Errorf("symbols: %w", err)
	}
	have := len(a.decode.left)
	return a.advance(have + have/3), nil
}

func (a *Asker) list(answer []byte) ([]byte, error) {
	r := &reader{b: answer}
	r.kind(kindIDs)
	shorts := r.shorts(MaxList)
	if len(shorts) > 0 && a.listed > 0 && shorts[0] <= a.after {
		r.fail("short id %x was listed before", shorts[0])
	}
	if a.listed += len(shorts); a.listed > a.theirs.N {
		r.fail("%d short ids of %d", a.listed, a.theirs.N)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	for _, s := range shorts {
		if !a.decode.own[s] {
			a.lacks = append(a.lacks, s)
		}
	}
	if len(shorts) < MaxList || a.listed == a.theirs.N {
		a.state = stateDone
		return nil, nil
	}
	a.after = shorts[len(shorts)-1]
	return encodeList(a.after), nil
}

// Missing returns the short ids that the peer has and the asker lacks, as far
// as the answers told.
func (a *Asker) Missing() []uint64 {
	switch {
	case a.listed > 0:
		return a.lacks
	case a.decode != nil:
		return a.decode.Missing()
	}
	return nil
}

// Complete reports whether Missing is all there is.
func (a *Asker) Complete() bool {
	return a.state == stateDone && (a.decode == nil || a.listed > 0 || a.decode.Complete())
}
