package mesh

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// Calibration is what the model takes from the real node: parameters that no
// scenario varies, and constants fitted to its measurements. calibration.json
// holds the defaults; its "measured" says where each comes from.
type Calibration struct {
	// Outbound and Best are GossipSub's Dout and Dscore. Outbound is held below
	// half of the degree, as GossipSub demands.
	Outbound int `json:"outbound"`
	Best     int `json:"best"`
	// Backoff is how long a pruned peer stays away; Mend how many beats lie
	// between two looks at a mesh that does badly, MendPeers how many peers it
	// then gets (opportunistic grafting).
	Backoff   scenario.Duration `json:"backoff"`
	Mend      int               `json:"mend"`
	MendPeers int               `json:"mend_peers"`
	// Factor is the share of the peers outside the mesh that a heartbeat
	// announces to, if that is more than protocol.lazy; Announce in how many
	// beats a message is announced.
	Factor   float64 `json:"factor"`
	Announce int     `json:"announce"`
	// Hold is how long a cast is held back before it is relayed, Process what
	// else a hop takes beside its link.
	Hold    scenario.Duration `json:"hold"`
	Process scenario.Duration `json:"process"`
	// Spread has each node's heart beat at a time of its own instead of all at
	// once. Nodes started together, as in virtual time, beat together.
	Spread bool `json:"spread"`
	// Settle is how long a new mesh is left to itself.
	Settle scenario.Duration `json:"settle"`

	// HaveOver is from how many bytes on messages are answered with "I have it".
	HaveOver int `json:"have_over"`
	// Copy, Have, Frame, Name and Asking are bytes on the wire, packets and their
	// acknowledgements included: what a copy takes beside the message, an "I have
	// it" (IDONTWANT), a frame of announcements (IHAVE) and each message it
	// names, and a request (IWANT). What is cast in the same beat shares frames.
	Copy   int `json:"copy_bytes"`
	Have   int `json:"have_bytes"`
	Frame  int `json:"announcing_bytes"`
	Name   int `json:"name_bytes"`
	Asking int `json:"asking_bytes"`
	// Idle is what a node sends in a second while nothing is cast.
	Idle float64 `json:"idle_bytes_per_second"`
	// Packet is what fits one packet. A lost one comes again after Again round
	// trips and AgainAfter, and twice that the next time.
	Packet     int               `json:"packet_bytes"`
	Again      float64           `json:"again_round_trips"`
	AgainAfter scenario.Duration `json:"again_after"`
	// Line is a node's bandwidth in bits per second where the scenario names none.
	Line float64 `json:"line"`

	// Measured says by which run each constant was found.
	Measured map[string]string `json:"measured,omitempty"`
}

//go:embed calibration.json
var defaults []byte

// Default returns the constants that ship with the package.
func Default() Calibration {
	c, err := ParseCalibration(defaults)
	if err != nil {
		panic("mesh: the file built in: " + err.Error())
	}
	return c
}

// CalibrationOf returns the constants that a scenario brings along, and those
// given where it brings none.
func CalibrationOf(s scenario.Scenario, otherwise Calibration) (Calibration, error) {
	if s.Constants == nil {
		return otherwise, nil
	}
	return ParseCalibration(s.Constants)
}

// ParseCalibration reads a calibration from JSON, strictly, and checks it.
func ParseCalibration(b []byte) (Calibration, error) {
	var c Calibration
	if err := strict(b, &c); err != nil {
		return Calibration{}, fmt.Errorf("read calibration: %w", err)
	}
	if err := c.Check(); err != nil {
		return Calibration{}, fmt.Errorf("read calibration: %w", err)
	}
	return c, nil
}

// Check says what is impossible.
func (c Calibration) Check() error {
	type rule struct {
		ok   bool
		what string
	}
	for _, r := range []rule{
		{c.Outbound >= 0 && c.Outbound <= 64, "outbound: want 0 to 64"},
		{c.Best >= 0 && c.Best <= 64, "best: want 0 to 64"},
		{within(c.Backoff, 0, time.Hour), "backoff: want 0 to 1h"},
		{c.Mend >= 1 && c.MendPeers >= 0, "mend: want at least 1, and mend_peers at least 0"},
		{c.Factor >= 0 && c.Factor <= 1, "factor: want 0 to 1"},
		{c.Announce >= 0 && c.Announce <= 100, "announce: want 0 to 100"},
		{within(c.Hold, 0, time.Second) && within(c.Process, 0, time.Second), "hold and process: want 0 to 1s"},
		{within(c.Settle, 0, time.Hour), "settle: want 0 to 1h"},
		{c.HaveOver >= 0 && c.Copy >= 0 && c.Have >= 0 && c.Frame >= 0 && c.Name >= 0 && c.Asking >= 0 && c.Idle >= 0, "bytes: want none below 0"},
		{c.Packet > 0, "packet_bytes: want more than 0"},
		{c.Again >= 0 && c.Again <= 100 && within(c.AgainAfter, 0, time.Minute), "again: want 0 to 100 round trips and a minute"},
		{c.Line >= 0, "line: want 0 or more"},
	} {
		if !r.ok {
			return fmt.Errorf("calibration: %s", r.what)
		}
	}
	return nil
}

func within(d scenario.Duration, low, high time.Duration) bool {
	return d.Std() >= low && d.Std() <= high
}

// JSON returns c as [ParseCalibration] reads it.
func (c Calibration) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write calibration: %w", err)
	}
	return append(b, '\n'), nil
}
