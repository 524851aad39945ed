package queue

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func goodTask() task {
	body := toy{Seed: 1}.body()
	return task{Format: format, Run: "run", Cell: 3, Version: "v1", ID: "id", Attempts: 5, Sum: sumText(body), Body: body,
		Files: []file{{Name: "inputs/x", Sum: sumText(nil), Size: 0}}}
}

func goodReply(t testing.TB) reply {
	body := []byte("result")
	packed, err := pack(body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{Format: format, Run: "run", Cell: 3, Version: "v1", Task: sumText(nil), Worker: "w/1", Attempt: 1, Took: 5,
		Sum: sumText(body), Size: int64(len(body)), Packed: packed}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTaskRefuses(t *testing.T) {
	for want, change := range map[string]func(*task){
		"v: 2":     func(k *task) { k.Format = 2 },
		"run":      func(k *task) { k.Run = "a.*" },
		"cell":     func(k *task) { k.Cell = -1 },
		"version":  func(k *task) { k.Version = "" },
		"id":       func(k *task) { k.ID = "" },
		"attempts": func(k *task) { k.Attempts = 0 },
		"sum":      func(k *task) { k.Body = append(k.Body, ' ') },
		"body":     func(k *task) { k.Body = nil },
		"files":    func(k *task) { k.Files[0].Sum = "../../etc/passwd" },
	} {
		k := goodTask()
		change(&k)
		if _, err := decodeTask(encoded(t, k)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to name %s", err, want)
		}
	}
	for _, text := range []string{"", "{}", "null", `{"v":1,"other":2}`, string(encoded(t, goodTask())) + "{}", strings.Repeat(" ", maxMessage+1)} {
		if _, err := decodeTask([]byte(text)); err == nil {
			t.Errorf("%.40q is taken for a task", text)
		}
	}
}

func TestReplyRefuses(t *testing.T) {
	for want, change := range map[string]func(*reply){
		"task":          func(r *reply) { r.Task = "x" },
		"worker":        func(r *reply) { r.Attempt = 0 },
		"failed":        func(r *reply) { r.Failed = "why" },
		"sum":           func(r *reply) { r.Sum = "" },
		"size":          func(r *reply) { r.Size = maxResult + 1 },
		"either":        func(r *reply) { r.Packed = nil },
		"not of this":   func(r *reply) { r.Packed, r.Object = nil, "result/other/3/"+r.Sum },
		"unknown field": nil,
	} {
		r := goodReply(t)
		b := []byte(`{"v":1,"more":true}`)
		if change != nil {
			change(&r)
			b = encoded(t, r)
		}
		if _, err := decodeReply(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to name %s", err, want)
		}
	}
}

func TestWireRoundTrip(t *testing.T) {
	k, err := decodeTask(encoded(t, goodTask()))
	if diff := cmp.Diff(goodTask(), k, cmp.AllowUnexported(task{}, file{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
	r, err := decodeReply(encoded(t, goodReply(t)))
	if diff := cmp.Diff(goodReply(t), r); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestPackRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 1, 5000).Draw(t, "body")
		packed, err := pack(body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(packed, int64(len(body)), sumText(body))
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%v: %d bytes of %d", err, len(got), len(body))
		}
		for _, size := range []int64{int64(len(body)) - 1, int64(len(body)) + 1} {
			if _, err := unpack(packed, size, sumText(body)); err == nil {
				t.Fatalf("%d bytes taken for %d", len(body), size)
			}
		}
	})
}

// Bytes that unpack to far more than they declare cost no more than that.
func TestUnpackBomb(t *testing.T) {
	packed, err := pack(make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := unpack(packed, 100, sumText(nil)); err == nil {
			t.Error("64 MiB are taken for 100 bytes")
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
}

func FuzzDecodeTask(f *testing.F) {
	f.Add(encoded(f, goodTask()))
	f.Add([]byte(`{"v":1,"run":"r","cell":0,"version":"v","id":"i","attempts":1,"sum":"","body":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := decodeTask(b)
		if err != nil {
			return
		}
		again, err := decodeTask(encoded(t, k))
		if err != nil || cmp.Diff(k.Body, again.Body) != "" || again.Sum != sumText(k.Body) {
			t.Errorf("taken once, and then: %v", err)
		}
	})
}

func FuzzDecodeReply(f *testing.F) {
	f.Add(encoded(f, goodReply(f)))
	r := goodReply(f)
	r.Sum, r.Size, r.Packed, r.Failed = "", 0, nil, "why"
	f.Add(encoded(f, r))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeReply(b)
		if err != nil || r.Failed != "" || r.Object != "" {
			return
		}
		if body, err := unpack(r.Packed, min(r.Size, 1<<20), r.Sum); err == nil && sumText(body) != r.Sum {
			t.Error("a body whose sum is another")
		}
	})
}

func FuzzDecodeNote(f *testing.F) {
	f.Add([]byte(`{"kind":"progressed","cell":3,"worker":"w/1","done":0.5}`))
	f.Add([]byte(`{"kind":"differed","cell":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := decodeNote(b); err == nil && (n.Done < 0 || n.Done > 1 || len(n.Text) > maxReason) {
			t.Errorf("%+v", n)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	f.Add("nats://sim:s3cret@a:1,tls://b:2")
	f.Add("nats://tok%65n@[::1]:4222")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text, "")
		if err != nil {
			if strings.Contains(text, "s3cret") && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the secret: %v", err)
			}
			return
		}
		if strings.Contains(a.String(), "@") {
			t.Errorf("%q is printed with what is before its host: %s", text, a)
		}
	})
}
