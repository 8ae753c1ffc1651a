package main

import (
	"bytes"
	"os"

	"sigs.k8s.io/yaml"
)

// object is one thing that the chart makes, as it stands in the file.
type object map[string]any

// readObjects reads what Helm has rendered.
func readObjects(file string) (objects []object) {
	text, err := os.ReadFile(file)
	must(err)
	for _, document := range bytes.Split(text, []byte("\n---")) {
		var read object
		must(yaml.Unmarshal(document, &read))
		if len(read) > 0 {
			objects = append(objects, read)
		}
	}
	return objects
}

func (o object) kind() string { return o.text("kind") }
func (o object) name() string { return o.text("metadata", "name") }

// text is a field, or nothing.
func (o object) text(path ...string) string {
	text, _ := o.at(path...).(string)
	return text
}

// at is what stands at a path of names.
func (o object) at(path ...string) any {
	var here any = map[string]any(o)
	for _, step := range path {
		fields, isMap := here.(map[string]any)
		if !isMap {
			return nil
		}
		here = fields[step]
	}
	return here
}

// fields is what stands at a path, as an object.
func (o object) fields(path ...string) map[string]any {
	fields, _ := o.at(path...).(map[string]any)
	return fields
}

// podTemplate is the pod that an object makes, if it makes any.
func (o object) podTemplate() (object, bool) {
	switch o.kind() {
	case "Deployment", "StatefulSet", "Job":
		return object(o.fields("spec", "template")), true
	case "Pod":
		return o, true
	}
	return nil, false
}

// walk goes to every field of everything below.
func walk(node any, visit func(key string, value any)) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			visit(key, value)
			walk(value, visit)
		}
	case []any:
		for _, item := range node {
			walk(item, visit)
		}
	}
}
