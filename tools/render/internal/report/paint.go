package report

// painter colours text for a terminal, or leaves it as it is.
type painter bool

func (p painter) in(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p painter) red(s string) string    { return p.in("31", s) }
func (p painter) green(s string) string  { return p.in("32", s) }
func (p painter) yellow(s string) string { return p.in("33", s) }
func (p painter) bold(s string) string   { return p.in("1", s) }
func (p painter) dim(s string) string    { return p.in("2", s) }
