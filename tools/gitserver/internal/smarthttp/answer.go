package smarthttp

import "net/http"

// answer counts what is answered, for the log.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader keeps the first status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (a *answer) Write(data []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(data)
	a.bytes += int64(n)
	return n, err
}

// patient takes all that is written, also when nobody reads it any more.
type patient struct{ http.ResponseWriter }

// Write never fails.
func (p *patient) Write(data []byte) (int, error) {
	_, _ = p.ResponseWriter.Write(data)
	return len(data), nil
}
