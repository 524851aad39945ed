package sweep_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/sim/sweep"
)

func TestParseShard(t *testing.T) {
	type env = map[string]string
	slurm := env{"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "4"}
	job := env{"JOB_COMPLETION_INDEX": "2"}
	for _, c := range []struct {
		name, text string
		env        env
		want       string // of the shard, or of the error after "!"
	}{
		{"alone", "", nil, "0/1"},
		{"said", "2/8", nil, "2/8"},
		{"said against the environment", "2/8", slurm, "2/8"},
		{"none", "none", slurm, "0/1"},
		{"counted from 1", "8/8", nil, "!parts count from 0, so of 8 the last is 7/8"},
		{"negative", "-1/8", nil, "!parts count from 0"},
		{"of nothing", "0/0", nil, "!want i/N"},
		{"nonsense", "first", nil, "!want i/N"},
		{"half", "1/", nil, "!want i/N"},

		{"slurm from 1", "", slurm, "2/4"},
		{"slurm, asked", "auto", slurm, "2/4"},
		{"slurm, with the count", "auto/4", slurm, "2/4"},
		{"slurm, another count", "auto/5", slurm, "!the array has 4 tasks, and --shard says 5"},
		{"slurm from 0", "", env{"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "0"}, "0/3"},
		{"slurm without least", "", env{"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3"}, "2/3"},
		{"slurm by tens", "", env{"SLURM_ARRAY_TASK_ID": "30", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "10"}, "2/4"},
		{"slurm between the tens", "", env{"SLURM_ARRAY_TASK_ID": "35", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "10"}, "!not of the array"},
		{"slurm without the count", "", env{"SLURM_ARRAY_TASK_ID": "2"}, "!SLURM_ARRAY_TASK_COUNT is not set"},
		{"slurm, the count said", "auto/3", env{"SLURM_ARRAY_TASK_ID": "2"}, "2/3"},
		{"slurm, holes in the array", "", env{"SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "1"}, "!parts count from 0"},
		{"slurm, nonsense", "", env{"SLURM_ARRAY_TASK_ID": "x", "SLURM_ARRAY_TASK_COUNT": "2"}, `!SLURM_ARRAY_TASK_ID is "x", no number`},

		{"kubernetes", "auto/8", job, "2/8"},
		{"kubernetes without the count", "", job, "!give --shard auto/N with the job's completions"},
		{"kubernetes, index beyond", "auto/2", job, "!parts count from 0"},
		{"kubernetes, all cells", "none", job, "0/1"},
		{"kubernetes, said", "1/8", job, "1/8"},

		{"auto, nowhere", "auto", nil, "!neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"},
		{"auto of nonsense", "auto/x", job, "!want auto/N"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := sweep.ParseShard(c.text, func(name string) string { return c.env[name] })
			if want, fails := strings.CutPrefix(c.want, "!"); fails {
				if !errors.Is(err, sweep.ErrShard) || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, %v; want an error with %q", got, err, want)
				}
			} else if err != nil || got.String() != want {
				t.Errorf("got %v, %v; want %s", got, err, want)
			}
		})
	}
}

// TestShardsArePartsOfTheWhole: each cell is in exactly one.
func TestShardsArePartsOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfDistinct(rapid.IntRange(0, 1000), rapid.ID[int]).Draw(t, "cells")
		count := rapid.IntRange(1, 20).Draw(t, "count")
		var union []int
		logs := map[string]bool{}
		for i := range count {
			s := sweep.Shard{Index: i, Count: count}
			union = append(union, s.Of(cells)...)
			logs[s.Log()] = true
		}
		slices.Sort(cells)
		slices.Sort(union)
		if !slices.Equal(cells, union) {
			t.Fatalf("%v is not %v", union, cells)
		}
		if len(logs) != count {
			t.Fatalf("%d logs of %d shards", len(logs), count)
		}
	})
}

// TestShardCrosses: parts of one number never share a cell; the whole and parts
// of another number may.
func TestShardCrosses(t *testing.T) {
	whole, part := sweep.Shard{Index: 0, Count: 1}, sweep.Shard{Index: 1, Count: 3}
	for _, c := range []struct {
		s    sweep.Shard
		log  string
		want bool
	}{
		{whole, whole.Log(), false}, {whole, "shard-1-of-3", true}, {part, part.Log(), false}, {part, "shard-2-of-3", false},
		{part, "shard-1-of-2", true}, {part, "shard-1-of-30", true}, {part, whole.Log(), true}, {part, "friend", true},
	} {
		if got := c.s.Crosses(c.log); got != c.want {
			t.Errorf("%v and %s: %v", c.s, c.log, got)
		}
	}
}
