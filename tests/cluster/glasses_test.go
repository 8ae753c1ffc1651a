package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// forwarded runs a kubectl that opens a port of this machine until the test ends, and gives its address.
func forwarded(t *testing.T, arguments ...string) string {
	t.Helper()
	address, end := forward(t, arguments...)
	t.Cleanup(end)
	if address == "" {
		t.FailNow()
	}
	return address
}

// forward is the same until it is ended; where no port is opened, the address is empty.
func forward(t *testing.T, arguments ...string) (address string, end func()) {
	t.Helper()
	command := exec.Command("kubectl", arguments...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(lines.Text()); found != "" {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return found, end
		}
	}
	end()
	return "", func() { t.Logf("kubectl %s opened no port: %s", strings.Join(arguments, " "), complaints.String()) }
}

// seen gives an address at which the cluster looks different: what its API server answers is changed on the way. So can be shown what
// the chart says of a cluster that lacks something, without taking it away from others.
func seen(t *testing.T, change func(path string, body []byte) []byte) string {
	t.Helper()
	// What a client knows of one cluster it would believe of the other.
	t.Setenv("KUBECACHEDIR", t.TempDir())
	target := &url.URL{Scheme: "http", Host: forwarded(t, "proxy", "--port=0")}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(target)
			request.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(response *http.Response) error {
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			body = change(response.Request.URL.Path, body)
			response.Body = io.NopCloser(bytes.NewReader(body))
			response.ContentLength = int64(len(body))
			response.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// without is a cluster that has no API group whose name ends so.
func without(group string) func(string, []byte) []byte {
	return func(path string, body []byte) []byte {
		if path != "/apis" {
			return body
		}
		var list map[string]any
		if json.Unmarshal(body, &list) != nil {
			return body
		}
		for _, key := range []string{"items", "groups"} {
			groups, _ := list[key].([]any)
			var kept []any
			for _, one := range groups {
				group_, _ := one.(map[string]any)
				name, _ := group_["name"].(string)
				if metadata, ok := group_["metadata"].(map[string]any); ok {
					name, _ = metadata["name"].(string)
				}
				if !strings.HasSuffix(name, group) {
					kept = append(kept, one)
				}
			}
			if groups != nil {
				list[key] = kept
			}
		}
		changed, _ := json.Marshal(list)
		return changed
	}
}

// older is a cluster of an older version.
func older(path string, body []byte) []byte {
	if path != "/version" {
		return body
	}
	return []byte(`{"major":"1","minor":"28","gitVersion":"v1.28.9","platform":"linux/amd64"}`)
}

// withoutDefault is a cluster none of whose StorageClasses is the default.
func withoutDefault(path string, body []byte) []byte {
	if !strings.HasSuffix(path, "/storageclasses") {
		return body
	}
	return bytes.ReplaceAll(body, []byte(`storageclass.kubernetes.io/is-default-class":"true"`), []byte(`storageclass.kubernetes.io/is-default-class":"false"`))
}
