package client_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/api/apitest"
	"github.com/parley-network/parley/node/view"
)

// An invitation's wishes reach the node as they are, and its link comes back.
func TestInvite(t *testing.T) {
	dir, node, _ := start(t)
	c, ctx := open(t, dir), context.Background()
	want := view.InviteWant{Name: "Shop", For: "Ann", Expires: apitest.When, Vendor: "did:webvh:Qm:shop.example", Agreements: []string{"SD-BASE"}}
	v, err := c.Invite(ctx, want)
	if err != nil || v.Link != apitest.InviteLink || v.Reach != view.ReachMachine {
		t.Errorf("%+v, %v", v, err)
	}
	if d := cmp.Diff(any(want), node.Given(), cmpopts.EquateComparable(identity.Time{})); d != "" {
		t.Error(d)
	}
	v, err = c.RevokeInvite(ctx, v.ID)
	if err != nil || v.State != view.InviteRevoked {
		t.Errorf("%+v, %v", v, err)
	}
}
