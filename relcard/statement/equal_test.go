package statement_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// Two bodies say the same only if every field does.
func TestEqual(t *testing.T) {
	a := statement.Head{}.Next(identity.RolePerson, "did:key:zA", "did:key:zB", statement.Head{}, time.Now())
	same := a
	if !a.Equal(&same) {
		t.Fatal("a body does not equal itself")
	}
	for i := range reflect.TypeFor[statement.Body]().NumField() {
		b := a
		f := reflect.ValueOf(&b).Elem().Field(i)
		switch v := f.Addr().Interface().(type) {
		case *identity.Time:
			*v = identity.At(v.Std().Add(time.Hour))
		case *dagcbor.CID:
			*v = dagcbor.Sum([]byte("other"))
		case *[]byte:
			*v = []byte("other")
		case *uint64:
			*v += 7
		default:
			f.SetString("other")
		}
		if a.Equal(&b) || b.Equal(&a) {
			t.Errorf("equal with another %s", reflect.TypeFor[statement.Body]().Field(i).Name)
		}
	}
}
