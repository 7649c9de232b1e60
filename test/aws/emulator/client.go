package emulator

import (
	"net/http"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// throughProxy is the SDK's own client, sent through a proxy whatever the environment says.
func throughProxy(proxy *url.URL) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		transport.Proxy = http.ProxyURL(proxy)
	})
}
