package archive_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	gocid "github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"github.com/multiformats/go-varint"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

// carBlock is one block of a file taken apart.
type carBlock struct {
	id  gocid.Cid
	raw []byte
}

// section is the bytes of a block within a file.
func section(id gocid.Cid, raw []byte) []byte {
	s := varint.ToUvarint(uint64(id.ByteLen() + len(raw)))
	return append(append(s, id.Bytes()...), raw...)
}

// takeApart splits a file into its header and blocks.
func takeApart(t testing.TB, file []byte) (header []byte, blocks []carBlock) {
	t.Helper()
	n, size, err := varint.FromUvarint(file)
	if err != nil {
		t.Fatal(err)
	}
	header, file = file[:size+int(n)], file[size+int(n):]
	for len(file) > 0 {
		n, size, err := varint.FromUvarint(file)
		if err != nil {
			t.Fatal(err)
		}
		k, id, err := gocid.CidFromBytes(file[size:])
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, carBlock{id, file[size+k : size+int(n)]})
		file = file[size+int(n):]
	}
	return header, blocks
}

func putTogether(header []byte, blocks []carBlock) []byte {
	file := bytes.Clone(header)
	for _, b := range blocks {
		file = append(file, section(b.id, b.raw)...)
	}
	return file
}

// headerOf writes a CARv1 header by hand.
func headerOf(version byte, roots ...gocid.Cid) []byte {
	h := []byte("\xa2\x65roots")
	h = append(h, 0x80|byte(len(roots)))
	for _, r := range roots {
		h = append(append(h, "\xd8\x2a\x58\x25\x00"...), r.Bytes()...)
	}
	h = append(append(h, "\x67version"...), version)
	return append(varint.ToUvarint(uint64(len(h))), h...)
}

func TestFileIsRefused(t *testing.T) {
	file := export(t, amended(t))
	header, blocks := takeApart(t, file)
	if !bytes.Equal(headerOf(1, blocks[0].id), header) || !bytes.Equal(putTogether(header, blocks), file) {
		t.Fatal("the test takes files apart wrongly")
	}
	without := func(i int) []carBlock { return slices.Delete(slices.Clone(blocks), i, i+1) }
	with := func(b carBlock) []carBlock { return append(slices.Clone(blocks), b) }
	swapped := slices.Clone(blocks)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	wrong := slices.Clone(blocks)
	wrong[3].raw = append(bytes.Clone(wrong[3].raw), 0)
	extra := carBlock{dagcbor.Sum([]byte{0xa0}).Cid(), []byte{0xa0}}
	mh := must[multihash.Multihash](t)(multihash.Sum([]byte{0xa0}, multihash.SHA2_512, -1))
	sha512 := carBlock{gocid.NewCidV1(gocid.DagCBOR, mh), []byte{0xa0}}
	raw := carBlock{gocid.NewCidV1(gocid.Raw, blocks[1].id.Hash()), blocks[1].raw}
	root := blocks[0].id

	for name, c := range map[string]struct {
		file  []byte
		want  relcard.Reason
		where string
	}{
		"nothing":                     {nil, relcard.ErrArchive, "header"},
		"header alone":                {header, relcard.ErrArchive, "manifest"},
		"no roots":                    {putTogether(headerOf(1), blocks), relcard.ErrArchive, ""},
		"two roots":                   {putTogether(headerOf(1, root, blocks[1].id), blocks), relcard.ErrArchive, "2 roots"},
		"root that is no manifest":    {putTogether(headerOf(1, blocks[1].id), blocks), relcard.ErrArchive, "manifest"},
		"root that is not there":      {putTogether(headerOf(1, extra.id), blocks), relcard.ErrArchive, "missing"},
		"CAR version 2":               {putTogether(headerOf(2, root), blocks), relcard.ErrArchive, ""},
		"CAR version 3":               {putTogether(headerOf(3, root), blocks), relcard.ErrArchive, "version"},
		"a header too long":           {putTogether(headerOf(1, slices.Repeat([]gocid.Cid{root}, 12)...), blocks), relcard.ErrArchive, "header"},
		"body missing":                {putTogether(header, without(1)), relcard.ErrArchive, "missing"},
		"envelope missing":            {putTogether(header, without(2)), relcard.ErrArchive, "missing"},
		"key log missing":             {putTogether(header, without(len(blocks)-1)), relcard.ErrArchive, "missing"},
		"a block twice":               {putTogether(header, with(blocks[1])), relcard.ErrArchive, "twice"},
		"a block too many":            {putTogether(header, with(extra)), relcard.ErrArchive, "belongs to nothing"},
		"a block of another hash":     {putTogether(header, with(sha512)), relcard.ErrArchive, "CID"},
		"a block of another codec":    {putTogether(header, with(raw)), relcard.ErrArchive, "CID"},
		"bytes that do not hash":      {putTogether(header, wrong), relcard.ErrArchive, "do not hash"},
		"blocks in another order":     {putTogether(header, swapped), relcard.ErrArchive, "differs at byte"},
		"a byte at the end":           {append(bytes.Clone(file), 0), relcard.ErrArchive, "block"},
		"half a section at the end":   {append(bytes.Clone(file), 5), relcard.ErrArchive, "differs at byte"},
		"cut in a block":              {file[:len(file)-1], relcard.ErrArchive, "block"},
		"cut before a block":          {file[:len(header)], relcard.ErrArchive, "missing"},
		"oversized":                   {make([]byte, archive.MaxSize+1), relcard.ErrSize, "more than"},
		"a section of a huge length":  {append(bytes.Clone(header), 0xff, 0xff, 0xff, 0xff, 0x0f), relcard.ErrArchive, "block 0"},
		"a header of a huge length":   {[]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, relcard.ErrArchive, "header"},
		"a varint longer than needed": {append([]byte{header[0] | 0x80, 0}, file[1:]...), relcard.ErrArchive, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, r, err := archive.Import(bytes.NewReader(c.file), later)
			if relcard.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.where) || b != nil || r != nil {
				t.Errorf("got %v, want %s and %q", err, c.want, c.where)
			}
		})
	}
}
