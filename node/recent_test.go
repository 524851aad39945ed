package node

import "testing"

func TestRecentKeepsTheLast(t *testing.T) {
	r := recent[int, string]{most: 2}
	r.put(1, "one")
	r.put(2, "two")
	r.put(1, "uno") // the same key takes no more room, and gets no younger
	if v, ok := r.get(1); !ok || v != "uno" {
		t.Errorf("got %q, %v", v, ok)
	}
	r.put(3, "three")
	for k, want := range map[int]bool{1: false, 2: true, 3: true} {
		if _, ok := r.get(k); ok != want {
			t.Errorf("key %d is there: %v, want %v", k, ok, want)
		}
	}
	if len(r.known) != 2 {
		t.Errorf("%d are kept", len(r.known))
	}
}
