package source

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

var boms = [][]byte{{0xEF, 0xBB, 0xBF}, {0xFE, 0xFF}, {0xFF, 0xFE}}

// utf8Text is a manifest's text as Argo CD reads it (TomOnTime/utfutil): a byte
// order mark tells UTF-16 and is dropped, anything else is UTF-8 with invalid
// bytes replaced. Text without a mark is returned as it is.
func utf8Text(data []byte) ([]byte, error) {
	marked := false
	for _, b := range boms {
		marked = marked || bytes.HasPrefix(data, b)
	}
	if !marked && utf8.Valid(data) {
		return data, nil
	}
	out, _, err := transform.Bytes(unicode.BOMOverride(unicode.UTF8.NewDecoder()), data)
	return out, err
}
