package tree

import (
	"bytes"
	"fmt"
)

// maxLine is the longest line that is accepted, in bytes. etcd refuses objects
// over 1.5 MiB, so no line of a manifest can be that long.
const maxLine = 2 << 20

// readLimited reads a file of at most MaxFile bytes. name is for messages.
func readLimited(from Files, file, name string) ([]byte, error) {
	size, err := from.Size(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	if size > MaxFile {
		return nil, fmt.Errorf("%s: file of %.1f MB, the limit is %d MB: split it", name,
			float64(size)/1e6, MaxFile/1_000_000)
	}
	data, err := from.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	if n, size := longLine(data); n > 0 {
		return nil, fmt.Errorf("%s:%d: line of %.1f MB, the limit is %d MB", name, n,
			float64(size)/1e6, maxLine/1_000_000)
	}
	return data, nil
}

// longLine returns the number and length of the first line over maxLine.
func longLine(data []byte) (number, size int) {
	if len(data) <= maxLine {
		return 0, 0
	}
	number = 1
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			end = len(data)
		}
		if end > maxLine {
			return number, end
		}
		if end == len(data) {
			break
		}
		data, number = data[end+1:], number+1
	}
	return 0, 0
}
