package marketrun

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

func TestTry(t *testing.T) {
	d := os.Getenv("TRY")
	if d == "" {
		t.Skip()
	}
	m, err := Load(d)
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	r, err := Run(context.Background(), m, Options{Seed: 1, Progress: func(s string, a, b int) {
		if s != last || a == b {
			last = s
			fmt.Println(s, a, b)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.Choices = nil
	j, _ := json.MarshalIndent(r, "", " ")
	fmt.Println(string(j))
}
