package main

import (
	"fmt"
	"strings"
	"time"

	"loljoa/tests/cluster/reach"
	"loljoa/tests/cluster/usage"
)

// snapshot is what containers that matter here had used at about the same time.
type snapshot map[usage.Container]usage.Sample

// parts of the system, in the order in which a bet meets them.
var parts = []string{"generator", "ingress gateway", "gateway's sidecar", "gateway", "betting's sidecar", "betting", "account's sidecar", "account", "postgres",
	"league-schedule's sidecar", "league-schedule", "web's sidecar", "web"}

// partOf says which part a container is, if it is one of a release's, the generator, or the ingress gateway.
func partOf(container usage.Container, of release) string {
	if strings.HasPrefix(container.Pod, "istio-ingressgateway") && container.Namespace == reach.IngressNamespace() {
		return "ingress gateway"
	}
	if container.Namespace == plain.namespace && container.Pod == "generator" {
		return "generator"
	}
	if container.Namespace != of.namespace {
		return ""
	}
	if container.Name != "istio-proxy" {
		return container.Name
	}
	for _, service := range []string{"account", "league-schedule", "betting", "gateway", "web"} {
		if strings.HasPrefix(container.Pod, name+"-"+service+"-") {
			return service + "'s sidecar"
		}
	}
	return ""
}

func read() (snapshot, error) {
	samples, err := usage.Read()
	if err != nil {
		return nil, err
	}
	for container := range samples {
		if partOf(container, mesh) == "" && partOf(container, plain) == "" {
			delete(samples, container)
		}
	}
	return samples, nil
}

// settled reads anew until the kubelet has looked at every container since this was called: it does so every ten seconds or so.
func settled() (snapshot, error) {
	before, err := read()
	if err != nil {
		return nil, err
	}
	for started := time.Now(); time.Since(started) < 2*time.Minute; time.Sleep(500 * time.Millisecond) {
		now, err := read()
		if err != nil {
			return nil, err
		}
		if now.isAllAfter(before) {
			return now, nil
		}
	}
	return nil, fmt.Errorf("the kubelet has not looked at every container for two minutes")
}

func (s snapshot) isAllAfter(before snapshot) bool {
	for container, sample := range s {
		if !sample.At.After(before[container].At) {
			return false
		}
	}
	return true
}

// spent is the CPU of a release's parts between two snapshots, less what they use while nobody bets (in CPU seconds a second).
func spent(before, after snapshot, of release, idle map[string]float64) map[string]time.Duration {
	sum := map[string]time.Duration{}
	for container, sample := range after {
		if part := partOf(container, of); part != "" {
			rest := idle[part] * float64(sample.At.Sub(before[container].At))
			sum[part] += sample.CPU - before[container].CPU - time.Duration(rest)
		}
	}
	return sum
}

// idleRates is what a release's parts use while nobody bets.
func idleRates(before, after snapshot, of release) map[string]float64 {
	rates := map[string]float64{}
	for container, sample := range after {
		if part := partOf(container, of); part != "" {
			rates[part] += float64(sample.CPU-before[container].CPU) / float64(sample.At.Sub(before[container].At))
		}
	}
	return rates
}
