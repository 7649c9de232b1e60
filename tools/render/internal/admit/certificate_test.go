package admit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

// signingRequest is a certificate signing request as a manifest holds it, trustBundle a root certificate in one line of
// a quoted YAML string. They are made here so that the repository holds no certificate that could expire.
var signingRequest, trustBundle = makeCertificates()

func makeCertificates() (request, bundle string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	name := pkix.Name{CommonName: "a"}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: name}, key)
	must(err)
	request = base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))

	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: name, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err = x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	must(err)
	bundle = strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), "\n", `\n`)
	return request, bundle
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
