package main

import (
	"fmt"
	"strings"
)

// labelProblems names pods whose labels do not agree, and those that PodSecurity's `restricted` would not take.
func labelProblems(objects []object) (problems []string) {
	say := func(o object, format string, arguments ...any) {
		problems = append(problems, fmt.Sprintf("%s %s: ", o.kind(), o.name())+fmt.Sprintf(format, arguments...))
	}
	for _, o := range objects {
		pod, isPod := o.podTemplate()
		if !isPod {
			continue
		}
		labels := pod.fields("metadata", "labels")
		if labels["app"] != labels["app.kubernetes.io/name"] || labels["version"] == nil {
			say(o, "labels app and app.kubernetes.io/name differ, or there is no version")
		}
		if labels["sidecar.istio.io/inject"] == nil {
			say(o, "nothing says whether it has a sidecar")
		}
		for label, value := range o.fields("spec", "selector", "matchLabels") {
			if labels[label] != value {
				say(o, "selects %s=%v, and its pods have %v", label, value, labels[label])
			}
		}
		if pod.at("spec", "automountServiceAccountToken") != false {
			say(o, "mounts a token of the Kubernetes API")
		}
		if pod.at("spec", "securityContext", "runAsNonRoot") != true || pod.at("spec", "securityContext", "seccompProfile") == nil {
			say(o, "may run as root, or without seccomp")
		}
		for _, container := range pod.at("spec", "containers").([]any) {
			problems = append(problems, containerProblems(o, object(container.(map[string]any)))...)
		}
	}
	return problems
}

func containerProblems(o, container object) (problems []string) {
	wanted := map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true}
	for field, value := range wanted {
		if container.at("securityContext", field) != value {
			problems = append(problems, fmt.Sprintf("%s %s: %s is not %v", o.kind(), o.name(), field, value))
		}
	}
	if drop := fmt.Sprint(container.at("securityContext", "capabilities", "drop")); drop != "[ALL]" {
		problems = append(problems, fmt.Sprintf("%s %s: capabilities are left: %s", o.kind(), o.name(), drop))
	}
	if container.at("resources", "requests") == nil || container.at("resources", "limits", "memory") == nil {
		problems = append(problems, fmt.Sprintf("%s %s: no requests, or no limit of memory", o.kind(), o.name()))
	}
	if !strings.Contains(container.text("image"), ":") {
		problems = append(problems, fmt.Sprintf("%s %s: image %s has no tag", o.kind(), o.name(), container.text("image")))
	}
	return problems
}
