package cluster

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
	"testing"
	"time"
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
		address = env("INGRESS_ADDRESS", kubectl(t, "-n", settings.ingressNamespace, "get", "service", "istio-ingressgateway",
			"-o", "jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}"))
		return address != ""
	})
	dialer := net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, target string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(target)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(address, port))
		},
		// The certificate is the release's own; what it says is looked at in a story of its own.
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, ServerName: host},
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   true,
	}
	leave := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return site{&http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: leave}}
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

// uuid is a random one.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

type session struct {
	AccessToken string `json:"accessToken"`
}

// signUp makes a new account.
func (s site) signUp(t *testing.T) user {
	t.Helper()
	name := "story_" + uuid()[24:]
	return s.enter(t, "/api/account/signup", name, uuid())
}

// enter signs up or logs in.
func (s site) enter(t *testing.T, path, name, password string) user {
	t.Helper()
	got, err := s.ask(http.MethodPost, path, map[string]string{"username": name, "password": password}, "Idempotency-Key", uuid())
	if err != nil || got.status >= 300 {
		t.Fatalf("%s as %s: %v %d %s", path, name, err, got.status, got.body)
	}
	var entered session
	if err := json.Unmarshal(got.body, &entered); err != nil {
		t.Fatal(err)
	}
	return user{s, name, entered.AccessToken}
}

// admin logs the first admin in.
func (s site) admin(t *testing.T) user {
	t.Helper()
	return s.enter(t, "/api/account/login", "admin", secret(t, release+"-secrets", "admin-password"))
}

func (u user) bearer() string { return "Bearer " + u.token }

type page[T any] struct {
	Items []T `json:"items"`
}

type market struct {
	ID       string    `json:"marketId"`
	State    string    `json:"state"`
	LockAt   time.Time `json:"lockAt"`
	Outcomes []struct {
		ID string `json:"outcomeId"`
	} `json:"outcomes"`
}

// openMarkets are markets with two outcomes that take bets for a while, the first to lock first.
func (s site) openMarkets(t *testing.T) (open []market) {
	t.Helper()
	type match struct {
		ID string `json:"matchId"`
	}
	for _, found := range get[page[match]](t, s, "/api/league/matches?state=scheduled&limit=20").Items {
		for _, market := range get[page[market]](t, s, "/api/betting/markets?matchId="+found.ID).Items {
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
	key := uuid()
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
