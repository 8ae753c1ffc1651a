package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	pack    = regexp.MustCompile(`(?m)^package ([\w.]+);`)
	service = regexp.MustCompile(`(?m)^service (\w+)`)
	rpc     = regexp.MustCompile(`(?m)^  rpc (\w+)\(`)
)

// readContracts reads which methods there are, as they stand in a request's path.
func readContracts(folder string) map[string]bool {
	methods := map[string]bool{"/grpc.health.v1.Health/Check": true}
	must(filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".proto") {
			return err
		}
		text, err := os.ReadFile(path)
		must(err)
		in := pack.FindSubmatch(text)
		of := service.FindSubmatch(text)
		if in == nil || of == nil {
			return nil
		}
		methods[fmt.Sprintf("/%s.%s/*", in[1], of[1])] = true
		for _, method := range rpc.FindAllSubmatch(text, -1) {
			methods[fmt.Sprintf("/%s.%s/%s", in[1], of[1], method[1])] = true
		}
		return nil
	}))
	return methods
}

// callProblems names what policies and routes say of methods that no contract has, and services that nobody may call.
func callProblems(objects []object, contracts map[string]bool) (problems []string) {
	allowed := map[string]bool{}
	hasPolicies := false
	for _, o := range objects {
		if o.kind() != "AuthorizationPolicy" && o.kind() != "VirtualService" {
			continue
		}
		hasPolicies = hasPolicies || o.kind() == "AuthorizationPolicy"
		walk(map[string]any(o), func(_ string, value any) {
			var paths []string
			switch value := value.(type) {
			case string:
				paths = []string{value}
			case []any:
				for _, item := range value {
					if text, isText := item.(string); isText {
						paths = append(paths, text)
					}
				}
			}
			for _, path := range paths {
				if !strings.HasPrefix(path, "/loljoa.") && !strings.HasPrefix(path, "/grpc.") {
					continue
				}
				if !contracts[path] {
					problems = append(problems, fmt.Sprintf("%s %s: no contract has %s", o.kind(), o.name(), path))
				}
				allowed[path] = true
			}
		})
	}
	for method := range contracts {
		if hasPolicies && strings.HasSuffix(method, "/*") && !allowed[method] {
			problems = append(problems, "nobody may call "+method)
		}
	}
	return problems
}
