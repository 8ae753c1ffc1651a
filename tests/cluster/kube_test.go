package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// run runs a program, and gives what it said, whether or not it succeeded.
func run(input, program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.Stdin = strings.NewReader(input)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	return strings.TrimSpace(output.String()), err
}

// kubectl has to succeed.
func kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := run("", "kubectl", arguments...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

// in is kubectl in the release's namespace.
func in(t *testing.T, arguments ...string) string {
	t.Helper()
	return kubectl(t, append([]string{"-n", namespace}, arguments...)...)
}

// apply makes what the text describes, in the release's namespace.
func apply(t *testing.T, text string) {
	t.Helper()
	if output, err := run(text, "kubectl", "-n", namespace, "apply", "-f", "-"); err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, output)
	}
}

// helm has to succeed.
func helm(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := run("", "helm", arguments...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

// chart is the chart's folder.
func chart() string { return settings.repository + "/helm/loljoa" }

// ofTest are the values of this test beside the defaults: a name, and nothing that counts by address, since all users here have one.
func ofTest(more ...string) []string {
	return append([]string{"--namespace", namespace, "-f", "values.yaml", "--set", "image.tag=" + settings.tag + ",ingress.host=" + host}, more...)
}

// upgrade changes the release and waits until all of it is what it was told to be: Helm is content when enough of the new pods are ready, while
// some of those before still serve.
func upgrade(t *testing.T, more ...string) {
	t.Helper()
	helm(t, append([]string{"upgrade", release, chart(), "--wait", "--timeout", "5m"}, ofTest(more...)...)...)
	for _, service := range services {
		rolled(t, release+"-"+service)
	}
}

// alone waits until the pods of a service that are leaving have left.
func alone(t *testing.T, service string) {
	t.Helper()
	eventually(t, "the pods of "+service+" before are gone", func() bool {
		all := strings.Fields(in(t, "get", "pods", "-l", "app="+service, "-o", "jsonpath={.items[*].metadata.name}"))
		return len(all) == endpoints(t, service)
	})
}

// eventually waits until something holds, for as long as a hang would take.
func eventually(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	started := time.Now()
	for !holds() {
		if time.Since(started) > 3*time.Minute {
			t.Fatalf("after three minutes: not %s", what)
		}
		time.Sleep(500 * time.Millisecond)
	}
	return time.Since(started)
}

// pods are the names of a service's running pods, without those that are leaving.
func pods(t *testing.T, service string) (names []string) {
	t.Helper()
	var found struct {
		Items []struct {
			Metadata struct{ Name, DeletionTimestamp string }
		}
	}
	text := in(t, "get", "pods", "-l", "app="+service, "--field-selector=status.phase=Running", "-o", "json")
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	for _, pod := range found.Items {
		if pod.Metadata.DeletionTimestamp == "" {
			names = append(names, pod.Metadata.Name)
		}
	}
	return names
}

// endpoints is how many addresses of a service take requests.
func endpoints(t *testing.T, service string) int {
	t.Helper()
	ready := in(t, "get", "endpointslices", "-l", "kubernetes.io/service-name="+release+"-"+service,
		"-o", `jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{" "}{end}`)
	return len(strings.Fields(ready))
}

// rolled waits until a Deployment is what it was told to be.
func rolled(t *testing.T, deployment string) {
	t.Helper()
	in(t, "rollout", "status", "deployment/"+deployment, "--timeout=3m")
}

// secret is one value of a Secret.
func secret(t *testing.T, name, key string) string {
	t.Helper()
	return in(t, "get", "secret", name, "-o", fmt.Sprintf("go-template={{index .data %q | base64decode}}", key))
}
