package images

import "testing"

// The arguments are those of Argo CD's manifest; the password is one word with its flag there too.
func TestRedisAsksForThePasswordOfArgoCD(t *testing.T) {
	image := open(t, "redis")
	output, code := image.run(t, []string{image.volume(t) + ":/tmp"}, nil, "sh", "-euc", `
		redis-server --port 16379 --save "" --appendonly no "--requirepass of-argocd" >/tmp/log 2>&1 & server=$!
		until redis-cli -p 16379 ping 2>/dev/null | grep -q NOAUTH; do
			kill -0 $server 2>/dev/null || { cat /tmp/log; exit 1; }
			sleep 0.1
		done
		[ "$(REDISCLI_AUTH=of-argocd redis-cli -p 16379 set key value)" = OK ]
		kill $server; wait $server`)
	if code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, output)
	}
}
