package sim

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
)

// Play is [Run] for a program that is no test: it plays fn in a new virtual
// world, closes what the world holds, and returns what went wrong: fn's error,
// what did not close, a failed process, or a bubble in which all wait for
// nothing. It is to be called outside of any bubble; several may play at once.
//
// synctest wants a test to belong to. World.T is one that nobody reports:
// failing it ends fn, and Play returns that it failed.
func Play(seed uint64, fn func(*World) error) error {
	testing.Init() // registers go test's flags, which a T reads; the second time it does nothing
	tl := &timeline{seed: seed}
	result := errors.New("the scenario failed its test")
	err := inBubble(func(t *testing.T) {
		w := newWorld(t, seed, tl)
		defer w.close()
		result = fn(w)
	})
	return errors.Join(result, err, tl.trouble())
}

// inBubble runs fn in a bubble of its own, in a goroutine of its own, as
// failing a test ends the goroutine.
func inBubble(fn func(*testing.T)) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("the virtual world came to a halt: %v", r)
			}
		}()
		synctest.Test(new(testing.T), fn)
	}()
	<-done
	return err
}

// trouble is the first process that failed, or part that was not closed.
func (tl *timeline) trouble() error {
	for _, e := range tl.copy() {
		if e.What == "failed" || e.What == "not closed" {
			return fmt.Errorf("%s %s: %v", e.Who, e.What, e.Arg("err"))
		}
	}
	return nil
}
