// Package emulator is an AWS account on this machine, for tests: moto, and in front of it a proxy that speaks TLS in
// the name of *.amazonaws.com and answers what moto lacks.
//
// Programs are sent to it by two settings that every AWS SDK knows, HTTPS_PROXY and AWS_CA_BUNDLE. They keep the real
// host names, paths and signatures, so Terraform code needs no endpoint, no path-style buckets and no switch of any
// kind. Any other host is refused, so nothing that a test does leaves the machine.
package emulator
