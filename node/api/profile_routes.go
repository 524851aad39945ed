package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-network/parley/node/view"
)

// maxProfile bounds a JSContact or vCard file, with room for a photo.
const maxProfile = 1 << 20

// profileFiles are the media types of a profile's files: RFC 9553 and RFC 6350.
var profileFiles = []string{"application/jscontact+json", "text/vcard"}

// profileTypes are the same by format, as answers have them.
var profileTypes = map[string]string{
	"jscontact": profileFiles[0],
	"vcard":     profileFiles[1] + "; charset=utf-8",
}

type (
	byPath struct {
		Path string `query:"path" required:"true" minLength:"1" maxLength:"128" doc:"of the piece, such as name or addresses/home"`
	}
	pieceInput struct {
		Path string `query:"path" required:"true" minLength:"1" maxLength:"128" doc:"of the piece, such as name or addresses/home"`
		Body view.ChangeWant
	}
	formatInput struct {
		Format string `query:"format" enum:"jscontact,vcard" default:"jscontact" doc:"JSContact (RFC 9553) or vCard 4 (RFC 6350)"`
	}
	profileInput struct {
		Format  string `query:"format" enum:"jscontact,vcard" required:"true" doc:"JSContact (RFC 9553) or vCard 4 (RFC 6350)"`
		Quiet   bool   `query:"quiet" doc:"tell nobody"`
		RawBody []byte `contentType:"text/vcard"`
	}
	byChange struct {
		ID string `path:"id" maxLength:"128" doc:"of the change"`
	}
)

// profileRoutes are the owner's own data and its changes. Where a piece of it
// is meant, the URL has its path; values are in bodies alone.
func (s *Server) profileRoutes() {
	n := s.cfg.Node
	handle(s, http.MethodGet, "/v1/profile", "getProfile", "The owner's profile, piece by piece", func(ctx context.Context, _ *none) (list[view.Piece], error) {
		return listed(n.Profile(ctx))
	}, says("It is on this node alone. What vendors were given of it is in /v1/shared."))
	handle(s, http.MethodPut, "/v1/profile/piece", "setPiece", "Change a piece and tell those who had the old value", func(ctx context.Context, in *pieceInput) (view.Change, error) {
		return n.SetPiece(ctx, in.Path, in.Body)
	}, says("The value is JSContact, or text as a person writes it. A change may be told to some cards only, to nobody, or take effect at a later time."))
	perform(s, http.MethodDelete, "/v1/profile/piece", "removePiece", "Take a piece out of the profile", func(ctx context.Context, in *byPath) error {
		return n.RemovePiece(ctx, in.Path)
	}, says("Those who were given it keep it: retract it there first."))
	handle(s, http.MethodPost, "/v1/profile/import", "importProfile", "Take a file's pieces into the profile", func(ctx context.Context, in *profileInput) (view.ProfileReport, error) {
		return n.ImportProfile(ctx, in.Format, in.RawBody, in.Quiet)
	}, upTo(maxProfile), describeProfile, says("Those who had old values are told of the new ones. What there is no place for is listed."))
	download(s, "/v1/profile/export", "exportProfile", "The profile as one file", profileFiles, func(ctx context.Context, in *formatInput) (file, error) {
		b, err := n.ExportProfile(ctx, in.Format)
		return file{profileTypes[in.Format], b}, err
	}, says("Everything there is, to be taken elsewhere."))
	handle(s, http.MethodGet, "/v1/changes", "listChanges", "Changes of the profile, the newest first", func(ctx context.Context, _ *none) (list[view.Change], error) {
		return listed(n.Changes(ctx))
	}, says("Each with how many relationships have confirmed it, refused it or not answered yet."))
	handle(s, http.MethodGet, "/v1/changes/{id}", "getChange", "One change with each relationship's answer", func(ctx context.Context, in *byChange) (view.Change, error) {
		return n.Change(ctx, in.ID)
	}, says("A confirmation has the CID of the vendor's signed receipt."))
	handle(s, http.MethodPost, "/v1/changes/{id}/undo", "undoChange", "Take a change back", func(ctx context.Context, in *byChange) (view.Change, error) {
		return n.UndoChange(ctx, in.ID)
	}, says("Answers with the change that takes it back, which is told to those who were told of the first."))
}

// describeProfile says that a body is a file of one of the formats.
func describeProfile(op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for _, kind := range profileFiles {
		op.RequestBody.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
}
