package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

const (
	tasksStream   = "PARLEY_SIM_TASKS"
	resultsStream = "PARLEY_SIM_RESULTS"
	objectBucket  = "PARLEY_SIM"

	taskRoot   = "parley.sim.task."
	resultRoot = "parley.sim.result."
	noteRoot   = "parley.sim.note."
)

// What is waited for, and how long.
const (
	// keep is how long a forgotten run's messages stay in a cluster.
	keep = 14 * 24 * time.Hour
	// dedup is how long a message's id is remembered: a publisher that got no
	// answer tries again with the same id well within it.
	dedup = 2 * time.Minute

	// objectWait is how long an object may take that does not fit a message.
	objectWait    = 2 * time.Minute
	requestWait   = 5 * time.Second
	reconnectWait = 500 * time.Millisecond
	// idleWait is how long one request for a cell stays open.
	idleWait = 5 * time.Second
	// publishWait is how long a worker holds a result that nobody takes.
	publishWait = 10 * time.Minute

	embeddedStart = 10 * time.Second
)

// Limits of what is taken from others.
const (
	maxBody    = 512 << 10 // a task's, in bytes
	maxResult  = 1 << 30   // a result's, unpacked
	maxInline  = 256 << 10 // a packed body that travels in the message itself
	maxReason  = 4 << 10
	maxWorker  = 256
	maxFiles   = 64
	maxMessage = 1 << 20
	maxCells   = 10_000_000
)

var runName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// checkRun refuses a run's name that would not be one token of a subject.
func checkRun(run string) error {
	if !runName.MatchString(run) {
		return fmt.Errorf("run %.80q: want 1 to 64 letters, digits, _ or -", run)
	}
	return nil
}

// versionToken is a version as a part of a subject.
func versionToken(version string) string {
	sum := sha256.Sum256([]byte(version))
	return hex.EncodeToString(sum[:8])
}

func taskSubject(version, run string, cell int) string {
	return taskRoot + versionToken(version) + "." + run + "." + strconv.Itoa(cell)
}

func resultSubject(run string, cell int) string {
	return resultRoot + run + "." + strconv.Itoa(cell)
}

func workersName(version string) string { return "workers-" + versionToken(version) }
func recordName(run string) string      { return "record-" + run }
func sumText(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
