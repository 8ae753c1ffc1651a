package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

var code = regexp.MustCompile("`([^`]+)`")

// readSettings reads the keys of all tables of settings in the operators' book. A test of the programs holds those tables to what they take.
func readSettings(file string) (keys []string) {
	text, err := os.ReadFile(file)
	must(err)
	isTable := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "| key |"):
			isTable = true
		case !strings.HasPrefix(line, "|"):
			isTable = false
		case isTable && !strings.HasPrefix(line, "| ---"):
			keys = append(keys, keysOf(strings.Split(line, "|")[1])...)
		}
	}
	if len(keys) < 100 {
		panic(fmt.Sprintf("%s has only %d settings", file, len(keys)))
	}
	return keys
}

// keysOf reads one cell; `.b` after `x.a` is `x.b`.
func keysOf(cell string) (keys []string) {
	for _, match := range code.FindAllStringSubmatch(cell, -1) {
		key := match[1]
		if strings.HasPrefix(key, ".") {
			before := keys[len(keys)-1]
			key = before[:strings.LastIndex(before, ".")] + key
		}
		keys = append(keys, key)
	}
	return keys
}

// settingProblems names the keys of rendered configurations, and of variables, that no service knows.
func settingProblems(objects []object, settings []string) (problems []string) {
	for _, o := range objects {
		for file, text := range o.fields("data") {
			if o.kind() != "ConfigMap" || !strings.HasSuffix(file, ".toml") {
				continue
			}
			var config map[string]any
			if _, err := toml.Decode(text.(string), &config); err != nil {
				problems = append(problems, fmt.Sprintf("%s/%s is no TOML: %v", o.name(), file, err))
			}
			for _, key := range slices.Sorted(maps.Keys(flat("", config))) {
				if !isSetting(key, settings) {
					problems = append(problems, fmt.Sprintf("%s/%s: no service has %s (docs/operations.md)", o.name(), file, key))
				}
			}
		}
		if template, isPod := o.podTemplate(); isPod {
			walk(map[string]any(template), func(key string, value any) {
				name, isText := value.(string)
				rest, isOurs := strings.CutPrefix(name, "LOLJOA__")
				if key != "name" || !isText || !isOurs {
					return
				}
				setting := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(rest, "_FILE"), "__", "."))
				if !isSetting(setting, settings) {
					problems = append(problems, fmt.Sprintf("%s %s: no service has %s, which %s sets", o.kind(), o.name(), setting, name))
				}
			})
		}
	}
	return problems
}

// flat gives the tables of a TOML document as keys with dots.
func flat(before string, table map[string]any) map[string]any {
	all := map[string]any{}
	for key, value := range table {
		if inner, isTable := value.(map[string]any); isTable {
			maps.Copy(all, flat(before+key+".", inner))
		} else {
			all[before+key] = value
		}
	}
	return all
}

// isSetting tells whether a key is in the book, which writes `*` for the names of neighbours, or is a part of a setting that has parts.
func isSetting(key string, settings []string) bool {
	return slices.ContainsFunc(settings, func(setting string) bool {
		if last, isAny := strings.CutPrefix(setting, "*"); isAny {
			neighbour, found := strings.CutSuffix(key, last)
			return found && isNeighbour(neighbour)
		}
		return key == setting || strings.HasPrefix(setting, "limits.") && strings.HasPrefix(key, setting+".")
	})
}

func isNeighbour(name string) bool {
	return slices.Contains([]string{"account", "league_schedule", "betting"}, strings.TrimPrefix(name, "upstreams."))
}
