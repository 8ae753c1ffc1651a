package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"loljoa/tests/cluster/reach"
)

// site is a release as users see it, through Istio's ingress gateway.
type site struct {
	release
	http *http.Client
}

func (r release) visit() (site, error) {
	address, err := execute("", "kubectl", reach.AddressQuery()...)
	if err != nil {
		return site{}, err
	}
	return site{r, reach.Client(reach.Env("INGRESS_ADDRESS", address), r.host)}, nil
}

// ask makes one request, again until it is answered as it should be: a gateway that has just begun may not know of a release yet.
func (s site) ask(method, path string, body, read any) (err error) {
	key := reach.UUID()
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

// signUp makes new users, and gives them points that last.
func (s site) signUp(count int) (tokens []string, err error) {
	for range count {
		var entered struct{ AccessToken string }
		user := map[string]string{"username": "bench_" + reach.UUID()[24:], "password": reach.UUID()}
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

// hotMarket is the one that everybody bets on: the last to lock of those that are open.
func (s site) hotMarket() (hot reach.Market, err error) {
	for attempt := 0; attempt < 120 && hot.ID == ""; attempt++ {
		var matches reach.Page[reach.Match]
		if err := s.ask(http.MethodGet, reach.ScheduledMatches, nil, &matches); err != nil {
			return hot, err
		}
		for _, match := range matches.Items {
			var markets reach.Page[reach.Market]
			if err := s.ask(http.MethodGet, reach.MarketsOf+match.ID, nil, &markets); err != nil {
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
