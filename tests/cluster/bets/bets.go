// Package bets is what the bench and the generator of its bets tell each other.
package bets

// Order is one round of bets, as the one who measures wants it.
type Order struct {
	// Address is where connections are opened, Host what is asked for there.
	Address, Host string
	TLS           bool
	// Tokens are one for each connection: a user of its own.
	Tokens   []string
	Market   string
	Outcomes []string
	// WarmUp is not counted, Count is. Milliseconds
	WarmUp, Count int64
}

// Outcome is what came of it.
type Outcome struct {
	// Sent is all that was bet, with what was before counting; Bets, what was counted.
	Sent, Bets int
	// Failures are all answers but 201, and connections that broke, each with how often.
	Failures map[string]int
	// Microseconds
	P50, P99 int64
	// Seconds that were counted.
	Seconds float64
}

// Rate is bets per second.
func (o Outcome) Rate() float64 { return float64(o.Bets) / o.Seconds }

// Failed is how often no bet came of it.
func (o Outcome) Failed() (count int) {
	for _, times := range o.Failures {
		count += times
	}
	return count
}
