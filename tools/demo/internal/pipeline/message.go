package pipeline

import "encoding/json"

// message is what a person reads of a log line: a step logs JSON.
func message(line string) string {
	var entry struct {
		Message string `json:"message"`
	}
	if json.Unmarshal([]byte(line), &entry) != nil || entry.Message == "" {
		return line
	}
	return entry.Message
}
