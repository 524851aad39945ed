package queue

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	creds := filepath.Join(t.TempDir(), "sim.creds")
	if err := os.WriteFile(creds, []byte("-----BEGIN NATS USER JWT-----"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, creds, want string }{
		{"nats://queue.example:4222", "", "nats://queue.example:4222"},
		{"nats://a:1, nats://b:2", "", "nats://a:1,nats://b:2"},
		{"tls://sim:s3cret@a:1,tls://sim:s3cret@b:2", "", "tls://a:1,tls://b:2 (with a user)"},
		{"nats://s3cret@a:1", "", "nats://a:1 (with a user)"},
		{"wss://a/", creds, "wss://a (with credentials)"},
	} {
		a, err := ParseAddress(c.text, c.creds)
		if err != nil || a.String() != c.want {
			t.Errorf("ParseAddress(%q) = %v, %v; want %s", c.text, a, err, c.want)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, c := range []struct{ text, creds, want string }{
		{"", "", "not a NATS URL"},
		{"queue.example:4222", "", "not a"},
		{"http://sim:s3cret@a:1", "", "not a NATS URL"},
		{"nats://sim:s3cret@a:port", "", "not a URL"},
		{"nats://sim:s3cret@", "", "want a host"},
		{"nats://a:1/s3cret", "", "nothing after"},
		{"nats://a:1?password=s3cret", "", "nothing after"},
		{"nats://a:1,,", "", "server 2"},
		{"nats://sim:s3cret@a:1,nats://sim:other@b:1", "", "one user"},
		{"nats://sim:s3cret@a:1", "/nowhere", "give one"},
		{"nats://a:1", "/nowhere/sim.creds", "credentials file"},
	} {
		_, err := ParseAddress(c.text, c.creds)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseAddress(%q): %v; want %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}

// Whatever way an address is printed, and whatever goes wrong with it, the
// secret isn't in it.
func TestSecretsAreNotTold(t *testing.T) {
	for _, text := range []string{"nats://sim:s3cret@127.0.0.1:1", "nats://s3cret@127.0.0.1:1"} {
		a, err := ParseAddress(text, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if got := fmt.Sprintf(verb, a); strings.Contains(got, "s3cret") {
				t.Errorf("%s prints %s", verb, got)
			}
			if got := fmt.Sprintf(verb, &a); strings.Contains(got, "s3cret") {
				t.Errorf("%s of a pointer prints %s", verb, got)
			}
		}
		if _, err := dial(a, "test"); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("dial: %v", err)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	if testing.Short() {
		t.Skip("a server of its own")
	}
	ports := freePorts(t, 2)
	p := start(t, "server", "NAME=s0", "DIR="+t.TempDir(), "ROUTES=nats://127.0.0.1:1",
		fmt.Sprintf("CLIENT=%d", ports[0]), fmt.Sprintf("ROUTE=%d", ports[1]))
	_ = p
	a, err := ParseAddress(fmt.Sprintf("nats://sim:wr0ng@127.0.0.1:%d", ports[0]), "")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	until(t, 10e9, "the server refuses", func() bool {
		err := Work(t.Context(), a, Workers{Version: "v1", Name: "w", Count: 1, Execute: walk, Cache: t.TempDir()})
		got = fmt.Sprint(err)
		return strings.Contains(strings.ToLower(got), "authorization")
	})
	if strings.Contains(got, "wr0ng") {
		t.Errorf("the error tells the password: %s", got)
	}
}
