package scenario

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var (
	durationType = reflect.TypeFor[Duration]()
	rangeType    = reflect.TypeFor[[2]Duration]()
)

// convert returns in as a value of a field's type. A whole number will do for
// any number, and 1e6 for a whole one; nothing else is bent.
func convert(t reflect.Type, in any) (reflect.Value, error) {
	out := reflect.New(t).Elem()
	var err error
	switch {
	case t == durationType:
		var d Duration
		d, err = toDuration(in)
		out.SetInt(int64(d))
	case t == rangeType:
		var r [2]Duration
		r, err = toRange(in)
		out.Set(reflect.ValueOf(r))
	default:
		err = toScalar(out, in)
	}
	return out, err
}

func toScalar(out reflect.Value, in any) error {
	switch out.Kind() {
	case reflect.String:
		s, ok := in.(string)
		if !ok {
			return fmt.Errorf("want text in quotes, not %s", kindOf(in))
		}
		out.SetString(s)
	case reflect.Bool:
		b, ok := in.(bool)
		if !ok {
			return fmt.Errorf("want true or false, not %s", kindOf(in))
		}
		out.SetBool(b)
	case reflect.Int:
		n, err := toInt(in)
		if err != nil {
			return err
		}
		out.SetInt(n)
	case reflect.Uint64:
		n, err := toUint(in)
		if err != nil {
			return err
		}
		out.SetUint(n)
	case reflect.Float64:
		x, err := toFloat(in)
		if err != nil {
			return err
		}
		out.SetFloat(x)
	default:
		return fmt.Errorf("a field of type %s can't be set", out.Type())
	}
	return nil
}

// exact is the greatest whole number up to which a float64 has them all.
const exact = 1 << 53

func toInt(in any) (int64, error) {
	switch v := in.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case uint64:
		if v > math.MaxInt64 {
			return 0, fmt.Errorf("%d is too large", v)
		}
		return int64(v), nil
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		x, err := v.Float64()
		if err != nil {
			return 0, fmt.Errorf("%s is too large", v)
		}
		return toInt(x)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > exact {
			return 0, fmt.Errorf("want a whole number, not %v", v)
		}
		return int64(v), nil
	}
	return 0, fmt.Errorf("want a whole number, not %s", kindOf(in))
}

func toUint(in any) (uint64, error) {
	switch v := in.(type) {
	case uint64:
		return v, nil
	case json.Number:
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n, nil
		}
	}
	n, err := toInt(in)
	if err == nil && n < 0 {
		err = fmt.Errorf("want a whole number that is not negative, not %d", n)
	}
	return uint64(n), err
}

func toFloat(in any) (float64, error) {
	var x float64
	switch v := in.(type) {
	case float64:
		x = v
	case int:
		x = float64(v)
	case int64:
		x = float64(v)
	case uint64:
		x = float64(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return 0, fmt.Errorf("%s is too large", v)
		}
		x = f
	default:
		return 0, fmt.Errorf("want a number, not %s", kindOf(in))
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("want a finite number, not %v", x)
	}
	return x, nil
}

func toDuration(in any) (Duration, error) {
	switch v := in.(type) {
	case Duration:
		return v, nil
	case time.Duration:
		return Duration(v), nil
	case string:
		var d Duration
		return d, d.UnmarshalText([]byte(v))
	}
	return 0, fmt.Errorf("want a duration in quotes, such as \"150ms\", not %s", kindOf(in))
}

// toRange takes two durations as a list or as "40ms-130ms", and one for both.
func toRange(in any) (r [2]Duration, err error) {
	list, ok := in.([]any)
	if s, text := in.(string); text {
		low, high, two := strings.Cut(s, "-")
		if !two {
			high = low
		}
		list, ok = []any{low, high}, true
	}
	if !ok || len(list) != 2 {
		return r, fmt.Errorf("want two durations, the least and the most, such as [\"40ms\", \"130ms\"]")
	}
	for i := range r {
		if r[i], err = toDuration(list[i]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// plain returns a field's value as a file would have it: int64, uint64,
// float64, bool or text.
func plain(v reflect.Value) any {
	switch {
	case v.Type() == durationType:
		return v.Interface().(Duration).Std().String()
	case v.Type() == rangeType:
		r := v.Interface().([2]Duration)
		return r[0].Std().String() + "-" + r[1].Std().String()
	}
	switch v.Kind() {
	case reflect.Int:
		return v.Int()
	case reflect.Uint64:
		return v.Uint()
	case reflect.Float64:
		return v.Float()
	case reflect.Bool:
		return v.Bool()
	}
	return v.String()
}
