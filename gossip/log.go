package gossip

import (
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// slogger returns a logger for GossipSub that writes to log.
func slogger(log hclog.Logger) *slog.Logger { return slog.New(slogHandler{log}) }

// slogHandler is an slog.Handler over hclog. GossipSub uses no groups: their
// members are logged without a prefix.
type slogHandler struct{ log hclog.Logger }

// Enabled asks by level and not GetLevel, which a null logger answers with
// Info.
func (h slogHandler) Enabled(_ context.Context, l slog.Level) bool {
	switch {
	case l >= slog.LevelError:
		return h.log.IsError()
	case l >= slog.LevelWarn:
		return h.log.IsWarn()
	case l >= slog.LevelInfo:
		return h.log.IsInfo()
	}
	return h.log.IsDebug()
}

func (h slogHandler) Handle(_ context.Context, r slog.Record) error {
	args := make([]any, 0, 2*r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		args = append(args, a.Key, a.Value.Resolve().Any())
		return true
	})
	switch {
	case r.Level >= slog.LevelError:
		h.log.Error(r.Message, args...)
	case r.Level >= slog.LevelWarn:
		h.log.Warn(r.Message, args...)
	case r.Level >= slog.LevelInfo:
		h.log.Info(r.Message, args...)
	default:
		h.log.Debug(r.Message, args...)
	}
	return nil
}

func (h slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	args := make([]any, 0, 2*len(attrs))
	for _, a := range attrs {
		args = append(args, a.Key, a.Value.Resolve().Any())
	}
	return slogHandler{h.log.With(args...)}
}

func (h slogHandler) WithGroup(string) slog.Handler { return h }
