package transport

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// box is a keystore in memory.
type box struct {
	secrets map[string][]byte
	getErr  error
	putErr  error
}

func (b *box) Get(name string) ([]byte, error) {
	if b.getErr != nil {
		return nil, b.getErr
	}
	secret, ok := b.secrets[name]
	if !ok {
		return nil, fmt.Errorf("secret %q: %w", name, fs.ErrNotExist)
	}
	return secret, nil
}

func (b *box) Put(name string, secret []byte) error {
	if b.putErr == nil {
		b.secrets[name] = secret
	}
	return b.putErr
}

func TestDeviceKeyIsMadeOnceAndKept(t *testing.T) {
	b := &box{secrets: map[string][]byte{}}
	first, err := LoadOrCreateKey(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateKey(b)
	if err != nil || !again.Equals(first) {
		t.Errorf("loading again gave another key (%v)", err)
	}
	other, err := LoadOrCreateKey(&box{secrets: map[string][]byte{}})
	if err != nil || other.Equals(first) {
		t.Errorf("two devices have one key (%v)", err)
	}
	if len(b.secrets) != 1 || len(b.secrets["device"]) != 32 {
		t.Errorf("kept %v, want a 32-byte seed under %q", b.secrets, "device")
	}
}

// A keystore that fails, or a damaged key, must not make a new device of it.
func TestDeviceKeyIsNeverReplaced(t *testing.T) {
	full := errors.New("no space left on device")
	locked := errors.New("wrong passphrase")
	for name, c := range map[string]struct {
		b    *box
		want string
	}{
		"locked":  {&box{getErr: locked}, "load device key: wrong passphrase"},
		"full":    {&box{secrets: map[string][]byte{}, putErr: full}, "store new device key: no space"},
		"damaged": {&box{secrets: map[string][]byte{"device": make([]byte, 31)}}, "31 bytes, want 32"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := LoadOrCreateKey(c.b)
			if err == nil || key != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want an error with %q", key, err, c.want)
			}
			if secret := c.b.secrets["device"]; name == "damaged" && len(secret) != 31 {
				t.Errorf("the damaged key was overwritten")
			}
		})
	}
}
