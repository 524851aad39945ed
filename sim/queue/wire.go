package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// format is that of the messages here. A worker of another version of the
// program never sees them, so that it need not read two.
const format = 1

// task is a cell on its way to a worker.
type task struct {
	Format  int    `json:"v"`
	Run     string `json:"run"`
	Cell    int    `json:"cell"`
	Version string `json:"version"`
	// ID is the publication's: the same for each try to publish, another for a
	// cell that is published again.
	ID string `json:"id"`
	// Attempts is how often the cell is tried before it counts as failed.
	Attempts int `json:"attempts"`
	// Sum is the SHA-256 of Body, in hex.
	Sum   string `json:"sum"`
	Body  []byte `json:"body"`
	Files []file `json:"files,omitempty"`
}

// file is one that a scenario names, by its content.
type file struct {
	Name string `json:"name"`
	Sum  string `json:"sum"`
	Size int64  `json:"size"`
}

// reply is what a worker made of a task.
type reply struct {
	Format  int    `json:"v"`
	Run     string `json:"run"`
	Cell    int    `json:"cell"`
	Version string `json:"version"`
	// Task is the Sum of what was run.
	Task    string        `json:"task"`
	Worker  string        `json:"worker"`
	Attempt int           `json:"attempt"`
	Took    time.Duration `json:"took"`
	// Failed is why there is nothing; else Sum and Size are those of the result
	// and either Packed or Object has it.
	Failed string `json:"failed,omitempty"`
	Sum    string `json:"sum,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Packed []byte `json:"packed,omitempty"`
	Object string `json:"object,omitempty"`
}

var sumForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// decodeTask reads a task, and refuses one that contradicts itself.
func decodeTask(b []byte) (task, error) {
	var t task
	if err := decodeStrict(b, &t); err != nil {
		return task{}, fmt.Errorf("task: %w", err)
	}
	if err := t.check(); err != nil {
		return task{}, fmt.Errorf("task: %w", err)
	}
	return t, nil
}

func (t task) check() error {
	if err := checkHead(t.Format, t.Run, t.Cell, t.Version); err != nil {
		return err
	}
	if t.ID == "" || len(t.ID) > 256 {
		return fmt.Errorf("id: %d bytes; want 1 to 256", len(t.ID))
	}
	if t.Attempts < 1 || t.Attempts > 1000 {
		return fmt.Errorf("attempts: %d; want 1 to 1000", t.Attempts)
	}
	if len(t.Body) == 0 || len(t.Body) > maxBody {
		return fmt.Errorf("body: %d bytes; want 1 to %d", len(t.Body), maxBody)
	}
	if t.Sum != sumText(t.Body) {
		return errors.New("sum: not the body's")
	}
	if len(t.Files) > maxFiles {
		return fmt.Errorf("files: %d; at most %d", len(t.Files), maxFiles)
	}
	for i, f := range t.Files {
		if f.Name == "" || len(f.Name) > 4096 || !sumForm.MatchString(f.Sum) || f.Size < 0 || f.Size > maxResult {
			return fmt.Errorf("files: number %d has no name, sum or size", i)
		}
	}
	return nil
}

// decodeReply reads a result as it travels; its body is checked when unpacked.
func decodeReply(b []byte) (reply, error) {
	var r reply
	if err := decodeStrict(b, &r); err != nil {
		return reply{}, fmt.Errorf("result: %w", err)
	}
	if err := r.check(); err != nil {
		return reply{}, fmt.Errorf("result: %w", err)
	}
	return r, nil
}

func (r reply) check() error {
	if err := checkHead(r.Format, r.Run, r.Cell, r.Version); err != nil {
		return err
	}
	switch {
	case !sumForm.MatchString(r.Task):
		return errors.New("task: not a SHA-256 in hex")
	case len(r.Worker) > maxWorker || r.Attempt < 1 || r.Took < 0:
		return errors.New("worker, attempt or took: out of range")
	case r.Failed != "":
		if len(r.Failed) > maxReason || r.Sum != "" || r.Size != 0 || len(r.Packed) != 0 || r.Object != "" {
			return errors.New("failed: too long, or with a body beside it")
		}
	case !sumForm.MatchString(r.Sum):
		return errors.New("sum: not a SHA-256 in hex")
	case r.Size < 1 || r.Size > maxResult:
		return fmt.Errorf("size: %d bytes; want 1 to %d", r.Size, maxResult)
	case (len(r.Packed) == 0) == (r.Object == ""):
		return errors.New("want either a packed body or an object")
	case r.Object != "" && r.Object != objectName(r.Run, r.Cell, r.Sum):
		return errors.New("object: not of this cell")
	}
	return nil
}

func checkHead(v int, run string, cell int, version string) error {
	if v != format {
		return fmt.Errorf("v: %d; this program reads %d", v, format)
	}
	if err := checkRun(run); err != nil {
		return err
	}
	if cell < 0 || cell >= maxCells {
		return fmt.Errorf("cell: %d; want 0 to %d", cell, maxCells-1)
	}
	if version == "" || len(version) > 256 {
		return fmt.Errorf("version: %d bytes; want 1 to 256", len(version))
	}
	return nil
}

// decodeStrict reads what fits a message.
func decodeStrict(b []byte, into any) error { return strict(b, maxMessage, into) }

// strict reads exactly one JSON value with no field unknown.
func strict(b []byte, most int, into any) error {
	if len(b) > most {
		return fmt.Errorf("%d bytes; at most %d", len(b), most)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// clip cuts a text from outside to a length that travels.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const cut = " … (cut)"
	return string(bytes.ToValidUTF8([]byte(s[:most-len(cut)]), nil)) + cut
}
