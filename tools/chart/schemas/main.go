// Command schemas writes what kubeconform checks rendered charts against: JSON Schemas of Kubernetes' own kinds, for several versions, from its
// OpenAPI document, and of the custom resources that the chart makes, from their definitions. All come as Go modules.
//
//	go run ./schemas ../../helm/schemas
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// The oldest that the chart takes, and some after it.
var kubernetes = []string{"v1.29.6", "v1.31.14", "v1.34.4", "v1.36.3"}

// Which kinds the chart makes, by group and version.
var kinds = map[string][]string{
	"/v1":                          {"ConfigMap", "Pod", "Secret", "Service", "ServiceAccount"},
	"apps/v1":                      {"Deployment", "StatefulSet"},
	"autoscaling/v2":               {"HorizontalPodAutoscaler"},
	"batch/v1":                     {"Job"},
	"networking.k8s.io/v1":         {"Ingress", "IngressClass", "NetworkPolicy"},
	"policy/v1":                    {"PodDisruptionBudget"},
	"rbac.authorization.k8s.io/v1": {"Role", "RoleBinding"},
}

// definitions is where the definitions of custom resources stand.
type definitions struct {
	name, module, files string
	kinds               []string
}

var custom = []definitions{
	{"istio-1.24", "istio.io/api@v1.24.2", "kubernetes/customresourcedefinitions.gen.yaml", istio},
	{"istio-1.32", "istio.io/api@v1.32.0", "kubernetes/customresourcedefinitions.gen.yaml", istio},
	{"cert-manager", "github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds/*.yaml", []string{"Certificate", "Issuer"}},
	{"cloudnative-pg", "github.com/cloudnative-pg/cloudnative-pg@v1.29.0", "config/crd/bases/*.yaml", []string{"Cluster", "Pooler"}},
	{"external-secrets", "github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases/*.yaml", []string{"ExternalSecret"}},
	{"prometheus-operator", "github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd/*.yaml", []string{"PodMonitor", "PrometheusRule"}},
}

var istio = []string{"AuthorizationPolicy", "DestinationRule", "Gateway", "PeerAuthentication", "RequestAuthentication", "ServiceEntry",
	"Sidecar", "Telemetry", "VirtualService"}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: schemas FOLDER")
	}
	for _, version := range kubernetes {
		folder := filepath.Join(os.Args[1], "kubernetes-"+version[1:strings.LastIndex(version, ".")])
		must(os.RemoveAll(folder))
		must(os.MkdirAll(folder, 0o755))
		ofKubernetes(folder, download("k8s.io/kubernetes@"+version))
	}
	for _, from := range custom {
		folder := filepath.Join(os.Args[1], from.name)
		must(os.RemoveAll(folder))
		must(os.MkdirAll(folder, 0o755))
		ofCustom(folder, filepath.Join(download(from.module), from.files), from.kinds)
	}
}

// download fetches a module and says where it is.
func download(module string) string {
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Dir = os.TempDir()
	command.Stderr = os.Stderr
	output, err := command.Output()
	must(err)
	var where struct{ Dir string }
	must(json.Unmarshal(output, &where))
	return where.Dir
}

// ofKubernetes writes one file with all that the kinds need, and one for each kind that points into it.
func ofKubernetes(folder, module string) {
	text, err := os.ReadFile(filepath.Join(module, "api/openapi-spec/swagger.json"))
	must(err)
	var document struct{ Definitions map[string]any }
	must(json.Unmarshal(text, &document))
	needed := map[string]any{}
	for version, kinds := range kinds {
		for _, kind := range kinds {
			name := definitionOf(document.Definitions, version, kind)
			collect(document.Definitions, name, needed)
			ref := map[string]any{"$ref": "_definitions.json#/definitions/" + name}
			write(folder, fileName(kind, version), ref)
		}
	}
	write(folder, "_definitions.json", map[string]any{"definitions": needed})
}

// definitionOf finds the definition of a kind by what it says of itself.
func definitionOf(all map[string]any, version, kind string) string {
	group, version, _ := strings.Cut(version, "/")
	for name, definition := range all {
		marks, _ := definition.(map[string]any)["x-kubernetes-group-version-kind"].([]any)
		for _, mark := range marks {
			mark := mark.(map[string]any)
			if len(marks) == 1 && mark["group"] == group && mark["version"] == version && mark["kind"] == kind {
				return name
			}
		}
	}
	log.Fatalf("no definition of %s/%s %s", group, version, kind)
	return ""
}

// collect takes a definition, and all that it refers to.
func collect(all map[string]any, name string, into map[string]any) {
	if _, known := into[name]; known {
		return
	}
	switch {
	case strings.HasSuffix(name, ".IntOrString"), strings.HasSuffix(name, ".Quantity"):
		into[name] = map[string]any{"type": []string{"string", "number"}}
		return
	}
	definition := all[name]
	into[name] = definition
	strict(definition, func(ref string) { collect(all, strings.TrimPrefix(ref, "#/definitions/"), into) })
}

// ofCustom writes a file for each kind and version.
func ofCustom(folder, pattern string, wanted []string) {
	files, err := filepath.Glob(pattern)
	must(err)
	missing := map[string]bool{}
	for _, kind := range wanted {
		missing[kind] = true
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		for _, document := range bytes.Split(text, []byte("\n---")) {
			for _, kind := range ofDefinition(folder, document, wanted) {
				delete(missing, kind)
			}
		}
	}
	if len(missing) > 0 {
		log.Fatalf("%s: no definition of %v", pattern, missing)
	}
}

// ofDefinition writes the served versions of one definition, if it is wanted, and says which it was.
func ofDefinition(folder string, text []byte, wanted []string) (written []string) {
	var definition struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name    string
				Storage bool
				Schema  struct {
					OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
				}
			}
		}
	}
	must(yaml.Unmarshal(text, &definition))
	for _, kind := range wanted {
		if kind != definition.Spec.Names.Kind {
			continue
		}
		for _, version := range definition.Spec.Versions {
			if version.Name != "v1" {
				continue
			}
			schema := version.Schema.OpenAPIV3Schema
			strict(schema, func(string) {})
			properties := schema["properties"].(map[string]any)
			properties["apiVersion"] = map[string]any{"type": "string"}
			properties["kind"] = map[string]any{"type": "string"}
			properties["metadata"] = map[string]any{"type": "object"}
			write(folder, fileName(kind, definition.Spec.Group+"/"+version.Name), schema)
			written = append(written, kind)
		}
	}
	return written
}

// strict makes a schema refuse fields that it does not know, as the API server warns of and then drops, and leaves out what is for readers.
// Each reference is told.
func strict(node any, refers func(string)) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			strict(item, refers)
		}
	case map[string]any:
		if ref, isRef := node["$ref"].(string); isRef {
			refers(ref)
		}
		for key, value := range node {
			if text, isText := value.(string); key == "description" && isText || strings.HasPrefix(key, "x-kubernetes") && key != open {
				_ = text
				if key != intOrString {
					delete(node, key)
				}
			}
		}
		if node[intOrString] == true {
			delete(node, "type")
			delete(node, "anyOf")
			delete(node, "pattern")
			node["type"] = []any{"string", "number"}
		}
		delete(node, intOrString)
		_, hasProperties := node["properties"].(map[string]any)
		_, isSaid := node["additionalProperties"]
		if hasProperties && !isSaid && node[open] != true && isObject(node) {
			node["additionalProperties"] = false
		}
		delete(node, open)
		// Formats say what a number fits into, which no rendered chart gets wrong.
		if _, isText := node["format"].(string); isText {
			delete(node, "format")
		}
		if node["nullable"] == true {
			delete(node, "nullable")
			if kind, isText := node["type"].(string); isText {
				node["type"] = []any{kind, "null"}
			}
		}
		for _, value := range node {
			strict(value, refers)
		}
	}
}

const (
	open        = "x-kubernetes-preserve-unknown-fields"
	intOrString = "x-kubernetes-int-or-string"
)

// isObject tells the schema of an object from a part of one that stands below `oneOf` or `not`, which knows some of its fields only.
func isObject(node map[string]any) bool {
	_, isTyped := node["type"]
	return isTyped
}

// fileName is where kubeconform looks for a kind.
func fileName(kind, version string) string {
	group, version, _ := strings.Cut(version, "/")
	if group == "" {
		return fmt.Sprintf("%s-%s.json", strings.ToLower(kind), version)
	}
	return fmt.Sprintf("%s-%s-%s.json", strings.ToLower(kind), strings.Split(group, ".")[0], version)
}

func write(folder, name string, schema any) {
	text, err := json.Marshal(schema)
	must(err)
	must(os.WriteFile(filepath.Join(folder, name), append(text, '\n'), 0o644))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
