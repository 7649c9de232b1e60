// Package aws proves the AWS base: it applies terraform/ whole, to an emulated account unless a real one is named, asks
// the account what exists, and destroys it again.
package aws
