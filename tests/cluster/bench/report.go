package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"loljoa/tests/cluster/bets"
	"loljoa/tests/cluster/reach"
	"loljoa/tests/cluster/usage"
)

// round is one way, measured once.
type round struct {
	bets.Outcome
	cpu map[string]time.Duration
}

// block is all rounds of a number of connections.
type block struct {
	connections int
	ways        []way
	rounds      map[string][]round
}

// report is what was measured.
type report struct {
	memory []string
	idle   map[release]map[string]float64
	blocks []block
}

// atRest looks at both releases before anybody bets.
func (r *report) atRest() error {
	before, err := settled()
	if err != nil {
		return err
	}
	time.Sleep(20 * time.Second)
	after, err := settled()
	if err != nil {
		return err
	}
	r.idle = map[release]map[string]float64{}
	for _, release := range releases {
		r.idle[release] = idleRates(before, after, release)
		r.memory = append(r.memory, fmt.Sprintf("%s: %s", release.values, usage.MemoryOf(withoutGenerator(after), release.namespace)))
	}
	return nil
}

func withoutGenerator(samples snapshot) map[usage.Container]usage.Sample {
	rest := map[usage.Container]usage.Sample{}
	for container, sample := range samples {
		if container.Name != "generator" {
			rest[container] = sample
		}
	}
	return rest
}

// measure takes the ways in turn, there and back, so that whatever else the machine does concerns them all.
func (r *report) measure(generator *generator, ways []way, connections int) error {
	block := block{connections, ways, map[string][]round{}}
	before, err := settled()
	if err != nil {
		return err
	}
	for turn := range number("ROUNDS", 3) {
		for i := range ways {
			way := ways[i]
			if turn%2 == 1 {
				way = ways[len(ways)-1-i]
			}
			outcome, err := generator.bet(way.order)
			if err != nil {
				return err
			}
			after, err := settled()
			if err != nil {
				return err
			}
			block.rounds[way.name] = append(block.rounds[way.name], round{outcome, spent(before, after, way.release, r.idle[way.release])})
			fmt.Fprintf(os.Stderr, "%d connections, %s: %.0f bets/s, p50 %d µs, p99 %d µs, failures %v\n",
				connections, way.name, outcome.Rate(), outcome.P50, outcome.P99, outcome.Failures)
			before = after
		}
	}
	r.blocks = append(r.blocks, block)
	return nil
}

// ratios is a way's bets/s over those without a mesh, of each turn.
func (b block) ratios(name string) (ratios []float64) {
	for i, round := range b.rounds[name] {
		ratios = append(ratios, round.Rate()/b.rounds[direct][i].Rate())
	}
	return ratios
}

// of is the median of something over a way's rounds.
func (b block) of(name string, what func(round) float64) float64 {
	var values []float64
	for _, round := range b.rounds[name] {
		values = append(values, what(round))
	}
	return median(values)
}

func median(values []float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// judge says whether the mesh leaves as much as it has to, and no bet failed.
func (r *report) judge() error {
	for _, block := range r.blocks {
		for name, rounds := range block.rounds {
			for _, round := range rounds {
				if round.Failed() > 0 || round.Bets == 0 {
					return fmt.Errorf("%d connections, %s: %d bets stand, failures %v", block.connections, name, round.Bets, round.Failures)
				}
			}
		}
		if ratio := median(block.ratios(all)); ratio < goal {
			return fmt.Errorf("%d connections: the mesh leaves %.2f of the bets/s, not %.1f", block.connections, ratio, goal)
		}
	}
	return nil
}

// write prints the report, and leaves it in target/cluster-test/bench.md.
func (r *report) write() error {
	text := r.text()
	fmt.Print(text)
	folder := filepath.Join(repository, "target/cluster-test")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "bench.md"), []byte(text), 0o644)
}

func (r *report) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# What the mesh costs\n\nImages %s, %d rounds of %d s each in turn, median. Users bet on one market, each on a connection of its own.\n\n",
		reach.Env("TAG", "dev"), number("ROUNDS", 3), number("SECONDS_COUNTED", 8))
	text.WriteString("| connections | way | bets/s | ÷ no mesh (least–most) | p50 ms | p99 ms | failed |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, block := range r.blocks {
		for _, way := range block.ways {
			ratios := block.ratios(way.name)
			sort.Float64s(ratios)
			failed := 0
			for _, round := range block.rounds[way.name] {
				failed += round.Failed()
			}
			fmt.Fprintf(&text, "| %d | %s | %.0f | %.2f (%.2f–%.2f) | %.1f | %.1f | %d |\n", block.connections, way.name, block.of(way.name, round.Rate), median(ratios), ratios[0], ratios[len(ratios)-1],
				block.of(way.name, func(r round) float64 { return float64(r.P50) / 1000 }), block.of(way.name, func(r round) float64 { return float64(r.P99) / 1000 }), failed)
		}
	}
	for _, block := range r.blocks {
		text.WriteString(block.cpuTable())
	}
	fmt.Fprintf(&text, "\n## Memory before anybody bet\n\n- %s\n", strings.Join(r.memory, "\n- "))
	return text.String()
}

// cpuTable tells what each part spends on a bet.
func (b block) cpuTable() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n## CPU of a bet, %d connections\n\nMicroseconds, less what is used at rest.\n\n|", b.connections)
	for _, way := range b.ways {
		fmt.Fprintf(&text, " | %s", way.name)
	}
	text.WriteString(" |\n| ---" + strings.Repeat(" | ---", len(b.ways)) + " |\n")
	sums := make([]float64, len(b.ways))
	for _, part := range parts {
		fmt.Fprintf(&text, "| %s", part)
		for i, way := range b.ways {
			each := b.of(way.name, func(r round) float64 { return float64(r.cpu[part].Microseconds()) / float64(max(r.Sent, 1)) })
			sums[i] += each
			fmt.Fprintf(&text, " | %.1f", each)
		}
		text.WriteString(" |\n")
	}
	text.WriteString("| **together**")
	for _, sum := range sums {
		fmt.Fprintf(&text, " | **%.1f**", sum)
	}
	text.WriteString(" |\n")
	return text.String()
}
