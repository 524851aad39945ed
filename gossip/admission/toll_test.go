package admission_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/admission"
)

// What is borne passes free, at once as well; a flood is asked for work, more
// the faster it is; and after a while without it nobody is.
func TestTollRisesWithTheFlood(t *testing.T) {
	flood := func(each time.Duration) int {
		var toll admission.Toll
		now := start
		for ; now.Before(start.Add(5 * time.Minute)); now = now.Add(each) {
			toll.Add(1, 2, now)
		}
		bits := toll.Bits(2, now)
		if after := toll.Bits(2, now.Add(15*time.Minute)); after != 0 {
			t.Errorf("a quarter of an hour after one each %v, %d bits are asked for", each, after)
		}
		return bits
	}
	slow, fast, faster := flood(time.Second), flood(250*time.Millisecond), flood(10*time.Millisecond)
	if slow != 0 || fast < admission.MinBits || faster < fast+8 || faster > admission.MaxBits {
		t.Errorf("asked for: %d bits at half of what is borne, %d at twice, %d at fifty times", slow, fast, faster)
	}
	var toll admission.Toll
	for range 128 {
		toll.Add(1, 2, start)
	}
	if bits := toll.Bits(2, start); bits != 0 {
		t.Errorf("%d bits after a minute's worth at once", bits)
	}
}

// A key's flood makes nothing dearer for others; so many are followed, the
// others once there is room.
func TestTollsAreEachKeysOwn(t *testing.T) {
	tolls := admission.NewTolls[int](1, 2)
	flood := func(k int) {
		for range 1000 {
			tolls.Add(k, 1, start)
		}
	}
	tolls.Add(1, 1, start)
	flood(2)
	if one, two := tolls.Bits(1, start), tolls.Bits(2, start); one != 0 || two < admission.MinBits {
		t.Errorf("the quiet one is asked for %d bits, the flood for %d", one, two)
	}
	flood(3)
	if bits := tolls.Bits(3, start); bits != 0 {
		t.Errorf("a third, beyond the limit, is asked for %d bits", bits)
	}
	for range 1000 {
		tolls.Add(3, 1, start.Add(time.Hour))
	}
	if bits := tolls.Bits(3, start.Add(time.Hour)); bits < admission.MinBits {
		t.Errorf("an hour later there is room for it, and it is asked for %d bits", bits)
	}
}

// However it is asked, and whatever the clock does, a toll is 0 or within what
// may be asked of anybody, and asking changes nothing.
func TestTollKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var toll admission.Toll
		now := start
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-1000, 20_000).Draw(t, "ms")) * time.Millisecond)
			toll.Add(float64(rapid.IntRange(0, 2000).Draw(t, "n")), 2, now)
			bits := toll.Bits(2, now)
			if bits != 0 && (bits < admission.MinBits || bits > admission.MaxBits) {
				t.Fatalf("%d bits", bits)
			}
			if again := toll.Bits(2, now); again != bits {
				t.Fatalf("%d bits, and asked again %d", bits, again)
			}
		}
	})
}
