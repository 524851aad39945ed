package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/parley-network/parley/node/view"
)

// AddWant has a want cast again and again.
func (c *Client) AddWant(ctx context.Context, w view.StandingWant) (view.Standing, error) {
	return post[view.Standing](ctx, c, "/v1/wants", w)
}

// Wants lists the standing wants, the oldest first.
func (c *Client) Wants(ctx context.Context) ([]view.Standing, error) {
	return getList[view.Standing](ctx, c, "/v1/wants")
}

// Want returns one standing want.
func (c *Client) Want(ctx context.Context, id string) (view.Standing, error) {
	return get[view.Standing](ctx, c, wantPath(id, ""))
}

// PauseWant has a standing want rest, or go on.
func (c *Client) PauseWant(ctx context.Context, id string, pause bool) (view.Standing, error) {
	if pause {
		return post[view.Standing](ctx, c, wantPath(id, "/pause"), nil)
	}
	return post[view.Standing](ctx, c, wantPath(id, "/resume"), nil)
}

// RemoveWant ends a standing want and withdraws its open intent.
func (c *Client) RemoveWant(ctx context.Context, id string) error {
	return c.tell(ctx, http.MethodDelete, wantPath(id, ""), nil)
}

func wantPath(id, rest string) string { return "/v1/wants/" + url.PathEscape(id) + rest }
