package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"loljoa/tests/cluster/bets"
	"loljoa/tests/cluster/reach"
)

// way is one way to a release's gateway.
type way struct {
	name string
	release
	order bets.Order
}

// The ways, by what is between a user and the gateway, and between services.
const (
	direct      = "no mesh"
	ingressOnly = "ingress gateway"
	sidecars    = "ingress gateway and sidecars, HTTP"
	all         = "ingress gateway and sidecars, HTTPS"
)

// waysIn has users sign up at both releases, and says how each is reached: by whole addresses, so that no name is looked up.
func waysIn(connections int) (ways []way, err error) {
	pod, err := plain.kubectl("get", "pods", "-l", "app=gateway", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].status.podIP}")
	if err != nil {
		return nil, err
	}
	ingress, err := execute("", "kubectl", "-n", reach.IngressNamespace(), "get", "service", "istio-ingressgateway", "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		return nil, err
	}
	for _, release := range releases {
		common, err := release.crowd(connections)
		if err != nil {
			return nil, err
		}
		with := func(name, address, host string, isTLS bool) {
			if wanted := reach.Env("WAYS", ""); wanted != "" && !strings.Contains(wanted+";", name+";") {
				return
			}
			order := common
			order.Address, order.Host, order.TLS = address, host, isTLS
			ways = append(ways, way{name, release, order})
		}
		if release == plain {
			with(direct, pod+":8080", plain.host, false)
			with(ingressOnly, ingress+":443", plain.host, true)
		} else {
			with(sidecars, ingress+":80", "http."+mesh.host, false)
			with(all, ingress+":443", mesh.host, true)
		}
	}
	return ways, nil
}

// crowd is what is the same for each way to a release.
func (r release) crowd(connections int) (bets.Order, error) {
	site, err := r.visit()
	if err != nil {
		return bets.Order{}, err
	}
	hot, err := site.hotMarket()
	if err != nil {
		return bets.Order{}, err
	}
	tokens, err := site.signUp(connections)
	outcomes := []string{}
	for _, outcome := range hot.Outcomes {
		outcomes = append(outcomes, outcome.ID)
	}
	return bets.Order{Tokens: tokens, Market: hot.ID, Outcomes: outcomes, WarmUp: 2000, Count: 1000 * int64(number("SECONDS_COUNTED", 8))}, err
}

// generator bets, in a pod beside the releases.
type generator struct {
	command *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
}

func startGenerator() (*generator, error) {
	command := exec.Command("kubectl", "-n", plain.namespace, "exec", "-i", "generator", "--", "/probe", "load")
	command.Stderr = os.Stderr
	orders, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &generator{command, orders, json.NewDecoder(answers)}, command.Start()
}

func (g *generator) bet(order bets.Order) (outcome bets.Outcome, err error) {
	if err := json.NewEncoder(g.orders).Encode(order); err != nil {
		return outcome, fmt.Errorf("the generator takes no orders: %w", err)
	}
	return outcome, g.answers.Decode(&outcome)
}

func (g *generator) stop() {
	_ = g.orders.Close()
	_ = g.command.Wait()
}
