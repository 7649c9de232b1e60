package aws

import (
	"context"
	"maps"
	"slices"
	"testing"
)

// names lists what one question to the account finds.
type names func(context.Context) ([]string, error)

// inventory lists all that an account has, by kind, of the kinds that terraform/ makes and that AWS makes for them.
func inventory(t testing.TB, a account) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for kind, ask := range questions(a) {
		answer, err := ask(t.Context())
		if err != nil {
			t.Fatalf("the account does not say which %s it has: %v", kind, err)
		}
		if len(answer) > 0 {
			slices.Sort(answer)
			found[kind] = answer
		}
	}
	return found
}

func questions(a account) map[string]names {
	all := map[string]names{}
	for _, some := range []map[string]names{network(a), compute(a), data(a), identity(a), watching(a)} {
		maps.Copy(all, some)
	}
	return all
}

// list makes a question of a call, the list in its answer, and the name of one in the list.
func list[I, O, E any, F any](
	call func(context.Context, *I, ...func(*F)) (*O, error), of func(*O) []E, name func(E) string,
) names {
	return func(ctx context.Context) ([]string, error) {
		answer, err := call(ctx, new(I))
		if err != nil {
			return nil, err
		}
		var found []string
		for _, each := range of(answer) {
			if text := name(each); text != "" {
				found = append(found, text)
			}
		}
		return found, nil
	}
}

func itself(name string) string { return name }
