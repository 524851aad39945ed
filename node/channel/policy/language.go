package policy

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Bounds of what one rule may be and cost, beside maxWhen. A rule that goes
// over maxCost is stopped; cost is counted in CEL's own units, of which reading
// ten characters is one.
const (
	maxNodes   = 300
	maxDepth   = 32
	maxRegexp  = 500 // instructions of one regular expression
	maxCost    = 5_000
	maxMessage = 200 // bytes of what is told of an error
)

// provider adds the types of the variables to those of CEL. That they have
// named fields lets a misspelled one be told when a rule is written, where a
// map would say nothing until an event comes.
type provider struct{ *types.Registry }

// FindStructType knows the types of event and channel.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames lists the fields of event and channel.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if fs, ok := fields[name]; ok {
		return slices.Sorted(maps.Keys(fs)), true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType knows the fields of event and channel.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if fs, ok := fields[name]; ok {
		f, ok := fs[field]
		return f, ok
	}
	return p.Registry.FindStructFieldType(name, field)
}

// newLanguage returns CEL as rules use it: has() is the only macro, for the
// others loop, and local time is that of the time zone a timestamp carries.
func newLanguage() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("rule language: %w", err)
	}
	env, err := cel.NewEnv(
		cel.CustomTypeProvider(provider{registry}),
		cel.Variable(eventType, cel.ObjectType(eventType)),
		cel.Variable(channelType, cel.ObjectType(channelType)),
		cel.Variable("now", cel.TimestampType),
		cel.ClearMacros(), cel.Macros(cel.HasMacro),
		cel.CrossTypeNumericComparisons(true), // event.amount > 100
		cel.DefaultUTCTimeZone(false),
		cel.ParserExpressionSizeLimit(maxWhen),
		cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNestingDepthLimit(maxDepth),
		cel.ExpressionNodeLimit(maxNodes),
		cel.RegexProgramSizeLimit(maxRegexp),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals()),
	)
	if err != nil {
		return nil, fmt.Errorf("rule language: %w", err)
	}
	return env, nil
}
