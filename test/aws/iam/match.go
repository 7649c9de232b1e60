package iam

import (
	"fmt"
	"slices"
	"strings"
)

// A pattern is a text of a policy with its policy variables put in and its wildcards told from characters that only
// look like them.
type pattern []token

type token struct {
	wild wildcard
	char rune
	// inside a segment: a wildcard that must not match a colon (see matchResource).
	inside bool
}

type wildcard int

const (
	none wildcard = iota
	one           // ? : any single character
	many          // * : any combination of characters, none included
)

// matches says whether the whole of a text fits, character by character.
func (p pattern) matches(text string) bool {
	return matchFrom(p, []rune(text), map[[2]int]bool{}, 0, 0)
}

// matchFrom remembers from where a * failed, so the steps are bounded by the lengths and not by their power.
func matchFrom(p pattern, chars []rune, failed map[[2]int]bool, i, j int) bool {
	for ; i < len(p); i, j = i+1, j+1 {
		t := p[i]
		if t.wild == many {
			if failed[[2]int{i, j}] {
				return false
			}
			for k := j; ; k++ {
				if matchFrom(p, chars, failed, i+1, k) {
					return true
				}
				if k == len(chars) || t.inside && chars[k] == ':' {
					failed[[2]int{i, j}] = true
					return false
				}
			}
		}
		if j == len(chars) || t.wild == none && t.char != chars[j] || t.wild == one && t.inside && chars[j] == ':' {
			return false
		}
	}
	return j == len(chars)
}

// literal is a pattern without wildcards.
func literal(text string) pattern {
	var p pattern
	for _, char := range text {
		p = append(p, token{char: char})
	}
	return p
}

// glob is a pattern whose * and ? are wildcards.
func glob(text string) pattern {
	p := literal(text)
	for i := range p {
		switch p[i].char {
		case '*':
			p[i].wild = many
		case '?':
			p[i].wild = one
		}
	}
	return p
}

// matchAction compares without regard to case (User Guide, "IAM JSON policy elements: Action").
func matchAction(written, action string) bool {
	return glob(strings.ToLower(written)).matches(strings.ToLower(action))
}

// matchResource compares an ARN with a pattern. The User Guide ("IAM JSON policy elements: Resource", "Using wildcards
// in resource ARNs") has wildcards stay within a segment, but for a * at the end of one, which can go beyond the colon.
// The services themselves are known to be laxer. Where the two readings differ there is no answer.
func matchResource(p pattern, arn string) (bool, error) {
	narrow := slices.Clone(p)
	for i := range narrow {
		last := i+1 == len(narrow) || narrow[i+1].wild == none && narrow[i+1].char == ':'
		narrow[i].inside = narrow[i].wild == one || narrow[i].wild == many && !last
	}
	lax, strict := p.matches(arn), narrow.matches(arn)
	if lax != strict {
		return false, unsupported("whether a wildcard inside a segment of a resource reaches past a colon: %s", arn)
	}
	return lax, nil
}

// matchARN compares each of the six parts of an ARN by itself (User Guide, "Amazon Resource Name (ARN) condition
// operators").
func matchARN(p pattern, arn string) (bool, error) {
	wanted := segments(p)
	if len(wanted) != 6 {
		return false, unsupported("a pattern of an ARN with %d parts, not 6", len(wanted))
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return false, nil
	}
	for i, part := range parts {
		if !wanted[i].matches(part) {
			return false, nil
		}
	}
	return true, nil
}

// segments splits at the first five colons.
func segments(p pattern) []pattern {
	parts := []pattern{{}}
	for _, t := range p {
		if t.wild == none && t.char == ':' && len(parts) < 6 {
			parts = append(parts, pattern{})
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	return parts
}

// expand puts policy variables into a text (User Guide, "IAM policy elements: Variables and tags"). What a variable
// stands for is compared as it is; a value that holds a wildcard is refused, for the guide does not say what it does.
// A variable without a value and without a default "might cause the entire statement to be invalid", so it is refused.
func expand(version, text string, wild bool, context Context) (pattern, error) {
	read := literal
	if wild {
		read = glob
	}
	if version != current {
		return read(text), nil
	}
	var p pattern
	for {
		before, rest, found := strings.Cut(text, "${")
		p = append(p, read(before)...)
		if !found {
			return p, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, unsupported("a policy variable that does not end: ${%s", rest)
		}
		value, err := variable(name, wild, context)
		if err != nil {
			return nil, err
		}
		p = append(p, literal(value)...)
		text = after
	}
}

func variable(name string, wild bool, context Context) (string, error) {
	if name == "*" || name == "?" || name == "$" {
		return name, nil
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	values := context.get(strings.TrimSpace(key))
	switch {
	case len(values) > 1:
		return "", unsupported("the policy variable ${%s}: the key has several values", name)
	case len(values) == 1 && wild && strings.ContainsAny(values[0], "*?"):
		return "", unsupported("the policy variable ${%s}: its value has a wildcard", name)
	case len(values) == 1:
		return values[0], nil
	case hasFallback:
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return "", unsupported("the policy variable ${%s}: a default stands in single quotes", name)
		}
		return fallback[1 : len(fallback)-1], nil
	default:
		return "", unsupported("the policy variable ${%s}: the request has no such key", name)
	}
}

// Unsupported is what is asked for and not implemented, or not known: there is no answer, and certainly not "allowed".
type Unsupported struct{ What string }

func (u *Unsupported) Error() string { return "no answer: " + u.What }

func unsupported(format string, args ...any) error {
	return &Unsupported{What: fmt.Sprintf(format, args...)}
}
