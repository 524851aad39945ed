package transport

import (
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/gologshim"
)

// BridgeLogs sends what libp2p logs to log, for the whole process: libp2p's
// loggers are variables of its packages and take one handler between them.
// Call it once, from main, before the first host is made. A libp2p subsystem
// keeps the handler it found when it first logged, so a later call reaches
// only subsystems that have been silent. It is not for libraries or tests.
func BridgeLogs(log hclog.Logger) {
	gologshim.SetDefaultHandler(Slog(log).Handler())
}

// Slog returns a logger that writes to log, for libraries that want
// [log/slog]. The attribute "logger", by which libp2p names its subsystems,
// becomes the hclog name; groups become dotted prefixes of keys. Times and
// source positions are hclog's to add.
func Slog(log hclog.Logger) *slog.Logger {
	return slog.New(slogHandler{log: log})
}

// slogHandler is an [slog.Handler] over hclog.
type slogHandler struct {
	log    hclog.Logger
	prefix string
}

func level(l slog.Level) hclog.Level {
	switch {
	case l >= slog.LevelError:
		return hclog.Error
	case l >= slog.LevelWarn:
		return hclog.Warn
	case l >= slog.LevelInfo:
		return hclog.Info
	case l >= slog.LevelDebug:
		return hclog.Debug
	}
	return hclog.Trace
}

// Enabled asks by level and not GetLevel, which a null logger answers with
// Info.
func (h slogHandler) Enabled(_ context.Context, l slog.Level) bool {
	switch level(l) {
	case hclog.Error:
		return h.log.IsError()
	case hclog.Warn:
		return h.log.IsWarn()
	case hclog.Info:
		return h.log.IsInfo()
	case hclog.Debug:
		return h.log.IsDebug()
	}
	return h.log.IsTrace()
}

func (h slogHandler) Handle(_ context.Context, r slog.Record) error {
	args := make([]any, 0, 2*r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		args = h.flatten(args, h.prefix, a)
		return true
	})
	h.log.Log(level(r.Level), r.Message, args...)
	return nil
}

func (h slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var args []any
	for _, a := range attrs {
		if a.Key == "logger" && h.prefix == "" {
			h.log = h.log.Named(a.Value.Resolve().String())
			continue
		}
		args = h.flatten(args, h.prefix, a)
	}
	if len(args) > 0 {
		h.log = h.log.With(args...)
	}
	return h
}

func (h slogHandler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.prefix += name + "."
	}
	return h
}

// flatten appends a as hclog's alternating keys and values.
func (h slogHandler) flatten(args []any, prefix string, a slog.Attr) []any {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" { // slog inlines a group without a name
			prefix += a.Key + "."
		}
		for _, member := range value.Group() {
			args = h.flatten(args, prefix, member)
		}
		return args
	}
	if a.Equal(slog.Attr{}) { // slog: ignore an empty attribute
		return args
	}
	return append(args, prefix+a.Key, value.Any())
}
