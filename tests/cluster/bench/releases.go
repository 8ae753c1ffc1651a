package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"loljoa/tests/cluster/reach"
)

// release is one installation of the chart, in a namespace of its own.
type release struct {
	namespace, host string
	// What makes it differ from the other.
	values string
}

var (
	mesh     = release{"loljoa-bench-mesh", "mesh.loljoa-bench.example.com", "mesh.enabled=true"}
	plain    = release{"loljoa-bench-plain", "plain.loljoa-bench.example.com", "mesh.enabled=false"}
	releases = []release{plain, mesh}
)

// name of both releases.
const name = "loljoa"

var repository = reach.Env("REPOSITORY", "../..")

// execute runs a program, and gives what it said on its standard output.
func execute(input, program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.Stdin = strings.NewReader(input)
	var output, complaints bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaints
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %.200s: %w\n%s%s", program, strings.Join(arguments, " "), err, output.String(), complaints.String())
	}
	return strings.TrimSpace(output.String()), nil
}

// kubectl in the release's namespace.
func (r release) kubectl(arguments ...string) (string, error) {
	return execute("", "kubectl", append([]string{"-n", r.namespace}, arguments...)...)
}

// install makes both releases, or brings them up to date, and lets the generator reach the gateway of the one without sidecars.
func install() error {
	for _, release := range releases {
		values := strings.Join([]string{release.values, "ingress.host=" + release.host, "image.tag=" + reach.Env("TAG", "dev")}, ",")
		arguments := []string{"upgrade", "--install", name, filepath.Join(repository, "helm/loljoa"), "--namespace", release.namespace, "--create-namespace",
			"--wait", "--wait-for-jobs", "--timeout", "10m", "-f", "bench/values.yaml", "--set", values}
		if more := os.Getenv("MESH_SET"); more != "" && release == mesh {
			arguments = append(arguments, "--set", more)
		}
		if _, err := execute("", "helm", arguments...); err != nil {
			return err
		}
	}
	if _, err := execute(besidePlain, "kubectl", "-n", plain.namespace, "apply", "-f", "-"); err != nil {
		return err
	}
	if _, err := execute(fmt.Sprintf(besideMesh, "http."+mesh.host), "kubectl", "-n", mesh.namespace, "apply", "-f", "-"); err != nil {
		return err
	}
	_, err := plain.kubectl("wait", "--for=condition=Ready", "pod/generator", "--timeout=2m")
	return err
}

// besidePlain is what bets, for all ways the same pod.
const besidePlain = `
apiVersion: v1
kind: Pod
metadata: { name: generator, labels: { app: generator, sidecar.istio.io/inject: "false" } }
spec:
  terminationGracePeriodSeconds: 1
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: generator
      image: docker.io/loljoa/probe:bench
      imagePullPolicy: IfNotPresent
      # Without a share of the CPU it would wait for what it measures.
      resources: { requests: { cpu: 100m } }
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: generator }
spec:
  podSelector: { matchLabels: { app: gateway } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: generator } } }], ports: [{ port: 8080 }] }]
`

// besideMesh is a way in without TLS, which the chart gives nobody.
const besideMesh = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: bench }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [%[1]s] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: bench }
spec:
  gateways: [bench]
  hosts: [%[1]s]
  http:
    - route: [{ destination: { host: loljoa-gateway, port: { number: 8080 } } }]
      timeout: 15s
      retries: { attempts: 2, retryOn: "connect-failure,refused-stream" }
`

// besideIngress has Istio's ingress gateway trace and log as istio/mesh.yaml says, whatever this cluster's does otherwise.
const besideIngress = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: loljoa-bench, namespace: %s }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  tracing: [{ randomSamplingPercentage: 10 }]
  accessLogging:
    - providers: [{ name: envoy }]
      filter: { expression: "response.code >= 400 || (request.headers['content-type'].startsWith('application/grpc') && response.grpc_status != 0)" }
`

// asDocumented sets the ingress gateway up, and gives what puts it back.
func asDocumented() (func(), error) {
	if os.Getenv("AS_IS") != "" {
		return func() {}, nil
	}
	text := fmt.Sprintf(besideIngress, reach.IngressNamespace())
	back := func() { _, _ = execute(text, "kubectl", "delete", "--ignore-not-found", "-f", "-") }
	_, err := execute(text, "kubectl", "apply", "-f", "-")
	return back, err
}

// audit has every point looked for.
func (r release) audit() error {
	_, err := execute("", "helm", "test", name, "--namespace", r.namespace, "--filter", "name="+name+"-test-audit", "--logs", "--timeout", "5m")
	return err
}

func uninstall() {
	for _, release := range releases {
		_, _ = execute("", "helm", "uninstall", name, "--namespace", release.namespace, "--wait", "--timeout", "3m")
		_, _ = execute("", "kubectl", "delete", "namespace", release.namespace, "--timeout=3m")
	}
}
