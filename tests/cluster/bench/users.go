package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// site is a release as users see it, through Istio's ingress gateway.
type site struct {
	release
	http *http.Client
}

func (r release) visit() (site, error) {
	namespace := env("INGRESS_NAMESPACE", "istio-system")
	address, err := execute("", "kubectl", "-n", namespace, "get", "service", "istio-ingressgateway",
		"-o", "jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}")
	if err != nil {
		return site{}, err
	}
	address = env("INGRESS_ADDRESS", address)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, net.JoinHostPort(address, "443"))
		},
		// The certificate is the release's own.
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: r.host},
		ForceAttemptHTTP2: true,
	}
	return site{r, &http.Client{Transport: transport, Timeout: 15 * time.Second}}, nil
}

// ask makes one request, again until it is answered as it should be: a gateway that has just begun may not know of a release yet.
func (s site) ask(method, path string, body, read any) (err error) {
	key := uuid()
	for attempt := 0; attempt < 60; attempt++ {
		if err = s.once(method, path, key, body, read); err == nil {
			return nil
		}
		time.Sleep(500 * time.Millisecond)
	}
	return err
}

func (s site) once(method, path, key string, body, read any) error {
	sent, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, "https://"+s.host+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return json.Unmarshal(text, read)
}

// uuid is a random one.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// signUp makes new users, and gives them points that last.
func (s site) signUp(count int) (tokens []string, err error) {
	for range count {
		var entered struct{ AccessToken string }
		user := map[string]string{"username": "bench_" + uuid()[24:], "password": uuid()}
		if err := s.ask(http.MethodPost, "/api/account/signup", user, &entered); err != nil {
			return nil, err
		}
		tokens = append(tokens, entered.AccessToken)
	}
	_, err = s.kubectl("exec", name+"-postgres-0", "--", "psql", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "account", "-c", fund)
	return tokens, err
}

// fund gives every user a million bets' worth of points, by transfers from the house as any others, so that the books still agree.
const fund = `
WITH them AS (SELECT array_agg(account_id) AS ids, count(*)::int AS n FROM users WHERE username LIKE 'bench\_%')
SELECT outcome, count(*) FROM them, unnest(apply_transfers(
    (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, n)), array_fill('signup_grant'::transfer_kind, ARRAY[n]), ids,
    array_fill(NULL::uuid, ARRAY[n]), array_fill(NULL::uuid, ARRAY[n]), array_fill(100000000::bigint, ARRAY[n]),
    array_fill('bench'::bytea, ARRAY[n]), array_fill(NULL::uuid, ARRAY[n]), 0::smallint)) AS outcome
GROUP BY outcome`

type market struct {
	ID       string    `json:"marketId"`
	State    string    `json:"state"`
	LockAt   time.Time `json:"lockAt"`
	Outcomes []struct {
		ID string `json:"outcomeId"`
	} `json:"outcomes"`
}

type page[T any] struct {
	Items []T `json:"items"`
}

// hotMarket is the one that everybody bets on: the last to lock of those that are open.
func (s site) hotMarket() (hot market, err error) {
	type match struct {
		ID string `json:"matchId"`
	}
	for attempt := 0; attempt < 120 && hot.ID == ""; attempt++ {
		var matches page[match]
		if err := s.ask(http.MethodGet, "/api/league/matches?state=scheduled&limit=20", nil, &matches); err != nil {
			return hot, err
		}
		for _, match := range matches.Items {
			var markets page[market]
			if err := s.ask(http.MethodGet, "/api/betting/markets?matchId="+match.ID, nil, &markets); err != nil {
				return hot, err
			}
			for _, market := range markets.Items {
				if market.State == "open" && len(market.Outcomes) == 2 && market.LockAt.After(hot.LockAt) {
					hot = market
				}
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	if hot.ID == "" {
		return hot, fmt.Errorf("no market opens at %s", s.host)
	}
	return hot, nil
}
