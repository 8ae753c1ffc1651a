package main

import (
	"fmt"
	"strings"
)

// referenceProblems names objects that point to nothing: accounts, Secrets and ConfigMaps that the release makes none of, and policies that
// select no pod.
func referenceProblems(objects []object) (problems []string) {
	has := map[string]bool{}
	var pods []map[string]any
	for _, o := range objects {
		has[o.kind()+" "+o.name()] = true
		if o.kind() == "ExternalSecret" {
			has["Secret "+o.name()] = true
		}
		if o.kind() == "Cluster" {
			has["Secret "+o.name()+"-ca"] = true
			pods = append(pods, map[string]any{"cnpg.io/cluster": o.name()})
		}
		if pod, isPod := o.podTemplate(); isPod {
			pods = append(pods, pod.fields("metadata", "labels"))
		}
	}
	for _, o := range objects {
		if pod, isPod := o.podTemplate(); isPod {
			problems = append(problems, podReferences(o, pod, has)...)
		}
		for _, path := range [][]string{{"spec", "selector"}, {"spec", "selector", "matchLabels"}, {"spec", "podSelector", "matchLabels"},
			{"spec", "workloadSelector", "labels"}} {
			selector := o.fields(path...)
			isFlat := len(selector) > 0 && selector["matchLabels"] == nil && selector["istio"] == nil
			if isFlat && o.kind() != "Gateway" && !selectsAny(selector, pods) {
				problems = append(problems, fmt.Sprintf("%s %s: selects no pod: %v", o.kind(), o.name(), selector))
			}
		}
	}
	return problems
}

// podReferences names what a pod needs and the release, whose parts begin with its name, does not make.
func podReferences(o, pod object, has map[string]bool) (problems []string) {
	need := func(kind, name string) {
		if strings.HasPrefix(name, "loljoa-") && !has[kind+" "+name] {
			problems = append(problems, fmt.Sprintf("%s %s: needs %s %s, which nobody makes", o.kind(), o.name(), kind, name))
		}
	}
	need("ServiceAccount", pod.text("spec", "serviceAccountName"))
	walk(map[string]any(pod), func(key string, value any) {
		fields, isMap := value.(map[string]any)
		switch {
		case !isMap:
		case key == "configMap":
			need("ConfigMap", object(fields).text("name"))
		case key == "secret":
			need("Secret", object(fields).text("secretName")+object(fields).text("name"))
		case key == "secretKeyRef":
			need("Secret", object(fields).text("name"))
		}
	})
	return problems
}

func selectsAny(selector map[string]any, pods []map[string]any) bool {
	for _, labels := range pods {
		fits := true
		for label, value := range selector {
			fits = fits && labels[label] == value
		}
		if fits {
			return true
		}
	}
	return false
}
