// Command bench tells what the mesh costs: bets/s and CPU by container, of the chart as it is and of the same without sidecars, side by side on one
// cluster and in turn. run.sh runs it, from the folder above.
//
//	TAG=dev          the images' tag
//	CONNECTIONS=64,256   users that bet at once, each on a connection of its own
//	ROUNDS=3         how often each way is measured
//	SECONDS_COUNTED=8    how long a round counts, after a warm-up of two seconds
//	WAYS=            only these, by their names with ; between them, "no mesh" among them
//	MESH_SET=        more values of the release in the mesh, as `helm --set` takes them
//	AS_IS=1          leaves the ingress gateway's traces and access log as they are, instead of having them as istio/mesh.yaml says meanwhile
//	KEEP=1           leaves the releases where they are, for the next time
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"loljoa/tests/cluster/reach"
)

// goal is the least share of bets/s that the mesh has to leave.
const goal = 0.6

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster-bench:", err)
		os.Exit(1)
	}
}

// run measures, reports, and fails when a bet did, when the books do not agree, or when the mesh takes more than it may.
func run() error {
	if os.Getenv("KEEP") == "" {
		defer uninstall()
	}
	back, err := asDocumented()
	if err != nil {
		return err
	}
	defer back()
	report, err := measure()
	if err != nil {
		return err
	}
	if err := report.write(); err != nil {
		return err
	}
	for _, release := range releases {
		if err := release.audit(); err != nil {
			return err
		}
	}
	return report.judge()
}

// measure installs both releases, has users bet by every way, and takes them in turn.
func measure() (*report, error) {
	if err := install(); err != nil {
		return nil, err
	}
	generator, err := startGenerator()
	if err != nil {
		return nil, err
	}
	defer generator.stop()
	report := &report{}
	if err := report.atRest(); err != nil {
		return nil, err
	}
	for _, text := range strings.Split(reach.Env("CONNECTIONS", "64,256"), ",") {
		connections, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		ways, err := waysIn(connections)
		if err != nil {
			return nil, err
		}
		if err := report.measure(generator, ways, connections); err != nil {
			return nil, err
		}
	}
	return report, nil
}

func number(name string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return value
	}
	return otherwise
}
