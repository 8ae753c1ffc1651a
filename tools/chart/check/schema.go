package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// schemaProblems names values that the schema describes and values.yaml does not have. The other way round Helm itself refuses them.
func schemaProblems(root string) []string {
	chart := filepath.Join(root, "helm/loljoa")
	var values, schema map[string]any
	read(filepath.Join(chart, "values.yaml"), func(text []byte) error { return yaml.Unmarshal(text, &values) })
	read(filepath.Join(chart, "values.schema.json"), func(text []byte) error { return json.Unmarshal(text, &schema) })
	defs, _ := schema["$defs"].(map[string]any)
	return compare("", values, schema, defs)
}

func compare(path string, values, schema, defs map[string]any) (problems []string) {
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		property := property.(map[string]any)
		if ref, isRef := property["$ref"].(string); isRef {
			// What services have of their own stands in `defaults`; quantities and such have no parts.
			shared := strings.TrimPrefix(ref, "#/$defs/")
			if shared == "service" && name != "defaults" || shared == "resources" || shared == "quantity" {
				continue
			}
			property, _ = defs[shared].(map[string]any)
		}
		value, isThere := values[name]
		if !isThere && name != "global" {
			problems = append(problems, fmt.Sprintf("values.schema.json describes %s%s, and values.yaml does not have it", path, name))
		}
		if inner, isMap := value.(map[string]any); isMap {
			problems = append(problems, compare(path+name+".", inner, property, defs)...)
		}
	}
	return problems
}

func read(file string, parse func([]byte) error) {
	text, err := os.ReadFile(file)
	must(err)
	must(parse(text))
}
