// Package reach is what the stories and the bench have in common: how a release is reached from outside, and what its API says.
package reach

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Env is a variable of the environment, or something else where it is not set.
func Env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// IngressNamespace is where Istio's ingress gateway is.
func IngressNamespace() string { return Env("INGRESS_NAMESPACE", "istio-system") }

// AddressQuery are kubectl's arguments that ask for the address of Istio's ingress gateway, an IP or a name.
func AddressQuery() []string {
	return []string{"-n", IngressNamespace(), "get", "service", "istio-ingressgateway",
		"-o", "jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}"}
}

// Client sends requests for a host to the ingress gateway's address, and follows no redirects. It believes any certificate, because that is the
// release's own.
func Client(address, host string) *http.Client {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, target string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(target)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(address, port))
		},
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, ServerName: host},
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   true,
	}
	leave := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: leave}
}

// UUID is a random one.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
}

// Match is a match, as far as it is asked for here.
type Match struct {
	ID string `json:"matchId"`
}

// Market is a market, as far as it is asked for here.
type Market struct {
	ID       string    `json:"marketId"`
	State    string    `json:"state"`
	LockAt   time.Time `json:"lockAt"`
	Outcomes []struct {
		ID string `json:"outcomeId"`
	} `json:"outcomes"`
}

// Where open markets are found: of each match of the first, the second and its id.
const (
	ScheduledMatches = "/api/league/matches?state=scheduled&limit=20"
	MarketsOf        = "/api/betting/markets?matchId="
)
