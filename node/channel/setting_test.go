package channel_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
)

func TestSettingAllows(t *testing.T) {
	for _, k := range channel.Kinds() {
		for setting, want := range map[string]struct {
			channel.Setting
			allows bool
		}{
			"all":    {channel.Welcome(), true},
			"closed": {channel.Closed(), false},
			"two":    {channel.Welcome(channel.KindReceipt, channel.KindOrder), k == channel.KindReceipt || k == channel.KindOrder},
			"zero":   {channel.Setting{}, false},
		} {
			if got := want.Allows(k); got != want.allows {
				t.Errorf("%s: %s is %t", setting, k, got)
			}
		}
	}
	if channel.Welcome().Allows("advert") {
		t.Error("an unknown kind is welcome")
	}
}

func TestSettingRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := channel.Closed()
		if rapid.Bool().Draw(t, "open") {
			s = channel.Welcome(rapid.SliceOfN(rapid.SampledFrom(channel.Kinds()), 0, 9).Draw(t, "kinds")...)
		}
		raw, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := channel.DecodeSetting(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range channel.Kinds() {
			if got.Allows(k) != s.Allows(k) {
				t.Fatalf("%+v, was %+v", got, s)
			}
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%v: encodes to other bytes", err)
		}
	})
}

// The bytes that people sign; changing them breaks every statement there is.
func TestSettingBytes(t *testing.T) {
	raw, err := channel.Welcome(channel.KindRecall, channel.KindOrder).Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = "a3617601646f70656ef5656b696e647382656f7264657266726563616c6c"
	if got := fmt.Sprintf("%x", raw); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSettingRefuses(t *testing.T) {
	for field, s := range map[string]channel.Setting{
		"v":        {Version: 2, Open: true},
		"kinds":    {Version: 1, Kinds: []channel.Kind{channel.KindOrder}},
		"kinds[0]": {Version: 1, Open: true, Kinds: []channel.Kind{"advert"}},
		"kinds[1]": {Version: 1, Open: true, Kinds: []channel.Kind{channel.KindRecall, channel.KindOrder}},
		"kinds[2]": {Version: 1, Open: true, Kinds: []channel.Kind{channel.KindOrder, channel.KindRecall, channel.KindRecall}},
	} {
		wantField(t, s.Check(), field)
		if _, err := s.Encode(); err == nil {
			t.Errorf("%s: is encoded", field)
		}
		raw, err := dagcbor.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		_, err = channel.DecodeSetting(raw)
		wantField(t, err, field)
	}
	for name, v := range map[string]any{
		"unknown field": map[string]any{"v": uint64(1), "open": true, "why": "no"},
		"no word":       map[string]any{"v": uint64(1)},
		"empty kinds":   map[string]any{"v": uint64(1), "open": true, "kinds": []string{}},
		"open as text":  map[string]any{"v": uint64(1), "open": "yes"},
		"a list":        []uint64{1},
		"too long":      map[string]any{"v": uint64(1), "open": true, "kinds": strings.Split(strings.Repeat("order ", 99), " ")},
	} {
		raw, err := dagcbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := channel.DecodeSetting(raw); err == nil {
			t.Errorf("%s is read as %+v", name, s)
		}
	}
}

func TestWelcomeSorts(t *testing.T) {
	given := []channel.Kind{channel.KindReceipt, channel.KindOffer, channel.KindReceipt}
	s := channel.Welcome(given...)
	if want := []channel.Kind{channel.KindOffer, channel.KindReceipt}; !reflect.DeepEqual(s.Kinds, want) || given[0] != channel.KindReceipt {
		t.Errorf("%v, want %v; given %v", s.Kinds, want, given)
	}
}

func FuzzDecodeSetting(f *testing.F) {
	for _, s := range []channel.Setting{channel.Welcome(), channel.Closed(), channel.Welcome(channel.Kinds()...), channel.Welcome(channel.KindOffer)} {
		raw, err := s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := channel.DecodeSetting(raw)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%v: encodes to other bytes", err)
		}
	})
}
