// Package openapi reads what an OpenAPI document says of requests.
package openapi

import (
	"encoding/json"
	"fmt"
)

// Example returns the example of a JSON body that a document gives for a POST to a path.
func Example(document []byte, path string) ([]byte, error) {
	var content struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct{ Example json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal(document, &content); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	example := content.Paths[path].Post.RequestBody.Content["application/json"].Example
	if len(example) == 0 {
		return nil, fmt.Errorf("the OpenAPI document has no example for POST %s", path)
	}
	return example, nil
}
