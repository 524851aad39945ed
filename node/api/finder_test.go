package api_test

import (
	"strings"
	"testing"

	"github.com/parley-network/parley/node/api/apitest"
)

// finding are requests to the routes of finder_routes.go.
func finding() []asking {
	return []asking{
		{method: "DELETE", path: "/v1/peers/12D3KooWOther", status: 204, call: "remove peer 12D3KooWOther"},
		{method: "POST", path: "/v1/peers/find", body: `{"name":"shop.example"}`, status: 200, call: "find shop.example", has: `{"items":[]}`},
		{method: "POST", path: "/v1/invites", body: `{"for":"Ann"}`, status: 201, call: "invite for Ann", has: apitest.InviteLink},
		{method: "GET", path: "/v1/invites", status: 200, call: "invites", has: `"id":"ab12cd34","state":"open"`},
		{method: "POST", path: "/v1/invites/ab12cd34/revoke", status: 200, call: "revoke invite ab12cd34", has: `"state":"revoked"`},
		{method: "POST", path: "/v1/join", body: `{"link":"` + apitest.InviteLink + `"}`, status: 200, call: "join " + apitest.InviteLink, has: `"agreements":["SD-BASE"]`},
	}
}

func TestFinderRoutes(t *testing.T) {
	for _, tc := range finding() {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			r := serve(t)
			got := tc.do(r)
			if got.status != tc.status || !strings.Contains(got.body, tc.has) {
				t.Errorf("status %d, want %d with %q: %s", got.status, tc.status, tc.has, got.body)
			}
			if last := r.node.Last(); last != tc.call {
				t.Errorf("the node was asked %q, want %q", last, tc.call)
			}
		})
	}
}

// The list of invitations, which the read-only token may see, has no link.
func TestInvitationsAreListedWithoutTheirLinks(t *testing.T) {
	if got := serve(t).do("GET", "/v1/invites", ""); strings.Contains(got.body, "parley://") {
		t.Error(got.body)
	}
}
