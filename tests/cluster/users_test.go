package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// site is LOL.JOA as users see it: by its name, over HTTPS, through Istio's ingress gateway.
type site struct {
	http *http.Client
}

// visit finds the ingress gateway's address.
func visit(t *testing.T) site {
	t.Helper()
	var address string
	eventually(t, "an address of the ingress gateway", func() bool {
		address = reach.Env("INGRESS_ADDRESS", kubectl(t, reach.AddressQuery()...))
		return address != ""
	})
	return site{reach.Client(address, host)}
}

// answer is what a request came to.
type answer struct {
	status int
	body   []byte
	header http.Header
}

// ask makes one request; headers come in pairs.
func (s site) ask(method, path string, body any, headers ...string) (answer, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, "https://"+host+path, sent)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, text, response.Header}, err
}

// get reads one resource, which has to be there.
func get[T any](t *testing.T, s site, path string, headers ...string) (read T) {
	t.Helper()
	got, err := s.ask(http.MethodGet, path, nil, headers...)
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("GET %s: %v %d %s", path, err, got.status, got.body)
	}
	if err := json.Unmarshal(got.body, &read); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, got.body)
	}
	return read
}

// user is somebody who has signed up.
type user struct {
	site
	name, token string
}

type session struct {
	AccessToken string `json:"accessToken"`
}

// signUp makes a new account.
func (s site) signUp(t *testing.T) user {
	t.Helper()
	name := "story_" + reach.UUID()[24:]
	return s.enter(t, "/api/account/signup", name, reach.UUID())
}

// enter signs up or logs in.
func (s site) enter(t *testing.T, path, name, password string) user {
	t.Helper()
	got, err := s.ask(http.MethodPost, path, map[string]string{"username": name, "password": password}, "Idempotency-Key", reach.UUID())
	if err != nil || got.status >= 300 {
		t.Fatalf("%s as %s: %v %d %s", path, name, err, got.status, got.body)
	}
	var entered session
	if err := json.Unmarshal(got.body, &entered); err != nil {
		t.Fatal(err)
	}
	secrets.Add("the password of "+name, password)
	secrets.Add("an access token of "+name, entered.AccessToken)
	for _, cookie := range (&http.Response{Header: got.header}).Cookies() {
		secrets.Add("a refresh token of "+name, cookie.Value)
	}
	return user{s, name, entered.AccessToken}
}

// admin logs the first admin in.
func (s site) admin(t *testing.T) user {
	t.Helper()
	return s.enter(t, "/api/account/login", "admin", secret(t, release+"-secrets", "admin-password"))
}

func (u user) bearer() string { return "Bearer " + u.token }

// market and page are what the API says of them.
type (
	market      = reach.Market
	page[T any] = reach.Page[T]
)

// openMarkets are markets with two outcomes that take bets for a while, the first to lock first.
func (s site) openMarkets(t *testing.T) (open []market) {
	t.Helper()
	for _, found := range get[page[reach.Match]](t, s, reach.ScheduledMatches).Items {
		for _, market := range get[page[market]](t, s, reach.MarketsOf+found.ID).Items {
			if market.State == "open" && len(market.Outcomes) == 2 && time.Until(market.LockAt) > 3*time.Second {
				open = append(open, market)
			}
		}
	}
	return open
}

type bet struct {
	ID       string `json:"betId"`
	State    string `json:"state"`
	Returned int64  `json:"returned"`
}

// attempts of a bet, about eight seconds of them: longer than a pod takes to leave or come.
const attempts = 8

// place makes one bet, and asks again, with the same key, as a client does: while the answer is lost or says to come again.
func (u user) place(market market, outcome int, stake int64) (placed bet, refusals []string, err error) {
	return u.placeWithin(attempts, market, outcome, stake)
}

// placeWithin is place with a patience of its own.
func (u user) placeWithin(attempts int, market market, outcome int, stake int64) (placed bet, refusals []string, err error) {
	key := reach.UUID()
	wanted := map[string]any{"marketId": market.ID, "outcomeId": market.Outcomes[outcome].ID, "stake": stake}
	for attempt := range attempts {
		got, err := u.ask(http.MethodPost, "/api/betting/bets", wanted, "Authorization", u.bearer(), "Idempotency-Key", key)
		switch {
		case err == nil && got.status == http.StatusCreated:
			return placed, refusals, json.Unmarshal(got.body, &placed)
		case err != nil:
			refusals = append(refusals, err.Error())
		case got.status == http.StatusTooManyRequests || got.status >= 500:
			refusals = append(refusals, fmt.Sprintf("%d %s", got.status, got.body))
		default:
			return placed, refusals, fmt.Errorf("%d %s", got.status, got.body)
		}
		time.Sleep(time.Duration(100<<min(attempt, 4)) * time.Millisecond)
	}
	return placed, refusals, fmt.Errorf("refused %d times: %v", attempts, refusals)
}

// points are what a user can bet now.
func (u user) points(t *testing.T) int64 {
	t.Helper()
	type account struct {
		Points int64 `json:"points"`
	}
	return get[account](t, u.site, "/api/account/me", "Authorization", u.bearer()).Points
}
