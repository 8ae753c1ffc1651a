package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sort"
	"sync"
	"time"

	"loljoa/tests/cluster/bets"
)

// order is one round of bets.
type order struct{ bets.Order }

// load takes orders, one on a line, and answers each with an outcome, until there are no more.
func load(orders io.Reader, outcomes io.Writer) error {
	answer := json.NewEncoder(outcomes)
	for decoder := json.NewDecoder(orders); ; {
		var wanted order
		switch err := decoder.Decode(&wanted); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		if err := answer.Encode(wanted.run()); err != nil {
			return err
		}
	}
}

// run has every user bet, one bet after the other, over one connection.
func (o order) run() bets.Outcome {
	from := time.Now().Add(time.Duration(o.WarmUp) * time.Millisecond)
	until := from.Add(time.Duration(o.Count) * time.Millisecond)
	bettors := make([]bettor, len(o.Tokens))
	var done sync.WaitGroup
	for i, token := range o.Tokens {
		bettors[i] = bettor{order: o, head: o.head(token), failures: map[string]int{}, turn: i}
		done.Add(1)
		go func() {
			defer done.Done()
			bettors[i].bet(from, until)
		}()
	}
	done.Wait()
	all := bets.Outcome{Failures: map[string]int{}, Seconds: until.Sub(from).Seconds()}
	var took []time.Duration
	for _, bettor := range bettors {
		all.Sent += bettor.sent
		took = append(took, bettor.took...)
		for failure, count := range bettor.failures {
			all.Failures[failure] += count
		}
	}
	all.Bets = len(took)
	if len(took) > 0 {
		sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
		all.P50, all.P99 = took[len(took)/2].Microseconds(), took[len(took)*99/100].Microseconds()
	}
	return all
}

// head is what stays the same of a user's requests.
func (o order) head(token string) string {
	return fmt.Sprintf("POST /api/betting/bets HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n", o.Host, token)
}

// bettor is one user on one connection. Requests are put together by hand: a client that costs little leaves more of the machine to what is measured.
type bettor struct {
	order
	head     string
	turn     int
	line     net.Conn
	answers  *bufio.Reader
	request  bytes.Buffer
	sent     int
	took     []time.Duration
	failures map[string]int
}

func (b *bettor) bet(from, until time.Time) {
	defer b.hangUp()
	for time.Now().Before(until) {
		started := time.Now()
		failure := b.once()
		ended := time.Now()
		switch {
		case failure != "":
			b.failures[failure]++
			time.Sleep(10 * time.Millisecond)
		case ended.After(from) && ended.Before(until):
			b.took = append(b.took, ended.Sub(started))
		}
		if failure == "" {
			b.sent++
		}
	}
}

// once makes one bet, and says why it does not stand.
func (b *bettor) once() string {
	if b.line == nil {
		if err := b.open(); err != nil {
			return "opening: " + refusal(err)
		}
	}
	b.turn++
	body := fmt.Sprintf(`{"marketId":%q,"outcomeId":%q,"stake":100}`, b.Market, b.Outcomes[b.turn%len(b.Outcomes)])
	b.request.Reset()
	high, low := rand.Uint64()&^0xf000|0x4000, rand.Uint64()>>2|1<<63
	fmt.Fprintf(&b.request, "%sIdempotency-Key: %08x-%04x-%04x-%04x-%012x\r\nContent-Length: %d\r\n\r\n%s",
		b.head, high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1), len(body), body)
	_ = b.line.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := b.line.Write(b.request.Bytes()); err != nil {
		b.hangUp()
		return "sending: " + refusal(err)
	}
	response, err := http.ReadResponse(b.answers, nil)
	if err != nil {
		b.hangUp()
		return "reading: " + refusal(err)
	}
	said, err := io.ReadAll(response.Body)
	if err != nil || response.Close {
		b.hangUp()
	}
	if response.StatusCode != http.StatusCreated {
		return fmt.Sprintf("%d %.120s", response.StatusCode, said)
	}
	return ""
}

func (b *bettor) open() error {
	line, err := net.DialTimeout("tcp", b.Address, patience)
	if err != nil {
		return err
	}
	if b.TLS {
		line = tls.Client(line, &tls.Config{ServerName: b.Host, InsecureSkipVerify: true})
	}
	b.line, b.answers = line, bufio.NewReader(line)
	return nil
}

func (b *bettor) hangUp() {
	if b.line != nil {
		_ = b.line.Close()
		b.line = nil
	}
}
