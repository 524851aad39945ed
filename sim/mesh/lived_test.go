package mesh

import (
	"testing"
	"time"
)

// What was lived through elsewhere is summed up as the model's own is: of six
// casts, two in the first minute of the attack and one after it.
func TestSumOfWhatWasLived(t *testing.T) {
	s := Situation{Name: "small", Honest: 3, Target: "all", Plan: Plan{Censor: -1},
		Attack: time.Minute, From: 0, Gap: 30 * time.Second, Until: 3 * time.Minute}
	var peace, war Lived
	for cast := range 6 {
		for to := 1; to < 3; to++ {
			peace.Owe(cast, 0, to, 100*time.Millisecond)
			took := time.Duration(to) * 200 * time.Millisecond
			if cast == 3 && to == 2 {
				took = -1 // lost
			}
			war.Owe(cast, 0, to, took)
		}
		peace.Copies, war.Copies = append(peace.Copies, 1), append(war.Copies, 2)
	}
	got := s.Sum(peace, war)
	if got.First.Casts != 2 || got.First.Share() != .75 || got.After.Share() != 1 || got.Quiet.Casts != 4 {
		t.Errorf("felt %+v", got)
	}
	if got.After.Max != 400*time.Millisecond || got.Slower() != 4 || got.After.Copies != 2 {
		t.Errorf("later: %+v, %v times as slow", got.After, got.Slower())
	}
}

// What a scenario names is one of the twelve, and at another size the sybils dial
// the same share of the honest.
func TestNamedAndScaled(t *testing.T) {
	if _, ok := Named("hypnosis"); ok {
		t.Error("an attack that nobody made up is one of the twelve")
	}
	s, ok := Named("eclipse-all")
	if !ok || s.Name != "eclipse-net" {
		t.Fatalf("eclipse-all is %q", s.Name)
	}
	small := s.Scaled(100, 400, 5)
	if small.Reach != s.Reach/10 || small.Publishers != s.Publishers/10 || small.Honest != 100 || small.Sybils != 400 || small.Mend != 0 {
		t.Errorf("scaled: %+v", small)
	}
}
