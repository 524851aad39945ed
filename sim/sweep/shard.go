package sweep

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Shard is one part of a sweep's cells: those whose index leaves Index when
// divided by Count. Indices count from 0.
type Shard struct{ Index, Count int }

// whole is the only shard.
var whole = Shard{0, 1}

// Of returns the cells of the shard.
func (s Shard) Of(cells []int) []int {
	var out []int
	for _, cell := range cells {
		if cell%s.Count == s.Index {
			out = append(out, cell)
		}
	}
	return out
}

// String returns it as "2/8".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Log names the journal's log that the shard writes.
func (s Shard) Log() string {
	if s == whole {
		return "local"
	}
	return fmt.Sprintf("shard-%d-of-%d", s.Index, s.Count)
}

// Crosses tells whether who writes that log of the journal may run cells of this
// part as well: the whole's, or a part's where they are of another number.
func (s Shard) Crosses(log string) bool {
	var i, n int
	if _, err := fmt.Sscanf(log, "shard-%d-of-%d", &i, &n); err == nil && n == s.Count {
		return false
	}
	return log != s.Log()
}

// ErrShard is of a part that can't be told.
var ErrShard = errors.New("which part of the cells")

// ParseShard tells which part of the cells this process runs. text is what the
// user asked for: "i/N", counted from 0; "auto" or "auto/N" for the place that
// the environment gives; "none" for all cells; "" for what the environment
// says, if it says enough.
//
// Of Slurm's arrays it reads SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT. Of a
// Kubernetes indexed job it reads JOB_COMPLETION_INDEX; as nothing tells how
// many there are, "auto/N" has to.
func ParseShard(text string, getenv func(string) string) (Shard, error) {
	switch place, count, given := strings.Cut(text, "/"); {
	case text == "none":
		return whole, nil
	case text == "":
		return fromEnvironment(0, false, getenv)
	case place == "auto" && !given:
		return fromEnvironment(0, true, getenv)
	case place == "auto":
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return Shard{}, fmt.Errorf("%w: %q; want auto/N with N parts", ErrShard, text)
		}
		return fromEnvironment(n, true, getenv)
	default:
		i, errI := strconv.Atoi(place)
		n, errN := strconv.Atoi(count)
		if errI != nil || errN != nil || n < 1 {
			return Shard{}, fmt.Errorf("%w: %q; want i/N, such as 0/4, or auto, or none", ErrShard, text)
		}
		return Shard{i, n}.valid()
	}
}

func (s Shard) valid() (Shard, error) {
	if s.Index < 0 || s.Index >= s.Count {
		return Shard{}, fmt.Errorf("%w: %v; parts count from 0, so of %d the last is %d/%d", ErrShard, s, s.Count, s.Count-1, s.Count)
	}
	return s, nil
}

// fromEnvironment reads Slurm's and Kubernetes' variables. count is 0 where the
// user didn't give it; must says that the user wants a part.
func fromEnvironment(count int, must bool, getenv func(string) string) (Shard, error) {
	switch {
	case getenv("SLURM_ARRAY_TASK_ID") != "":
		return fromSlurm(count, getenv)
	case getenv("JOB_COMPLETION_INDEX") != "":
		i, err := number(getenv, "JOB_COMPLETION_INDEX", 0)
		if err != nil {
			return Shard{}, err
		}
		if count == 0 {
			return Shard{}, fmt.Errorf("%w: JOB_COMPLETION_INDEX is %d, and nothing says of how many; give --shard auto/N with the job's completions, or --shard none", ErrShard, i)
		}
		return Shard{i, count}.valid()
	case must:
		return Shard{}, fmt.Errorf("%w: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; give --shard i/N", ErrShard)
	}
	return whole, nil
}

func fromSlurm(count int, getenv func(string) string) (Shard, error) {
	id, err := number(getenv, "SLURM_ARRAY_TASK_ID", 0)
	if err != nil {
		return Shard{}, err
	}
	least, err := number(getenv, "SLURM_ARRAY_TASK_MIN", 0)
	if err != nil {
		return Shard{}, err
	}
	step, err := number(getenv, "SLURM_ARRAY_TASK_STEP", 1)
	if err != nil {
		return Shard{}, err
	}
	n, err := number(getenv, "SLURM_ARRAY_TASK_COUNT", count)
	if err != nil {
		return Shard{}, err
	}
	switch {
	case n == 0:
		return Shard{}, fmt.Errorf("%w: SLURM_ARRAY_TASK_ID is %d, and SLURM_ARRAY_TASK_COUNT is not set; give --shard auto/N, or --shard none", ErrShard, id)
	case count != 0 && n != count:
		return Shard{}, fmt.Errorf("%w: the array has %d tasks, and --shard says %d", ErrShard, n, count)
	case step < 1 || (id-least)%step != 0:
		return Shard{}, fmt.Errorf("%w: SLURM_ARRAY_TASK_ID %d is not of the array that begins at %d with step %d", ErrShard, id, least, step)
	}
	return Shard{(id - least) / step, n}.valid()
}

// number reads a variable, or is what it is when left out.
func number(getenv func(string) string, name string, missing int) (int, error) {
	text := getenv(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s is %q, no number", ErrShard, name, text)
	}
	return n, nil
}
