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

// shared are the services that each of ours has besides its own.
var shared = []string{"/loljoa.admin.v1.AdminLogService/*", "/loljoa.ops.v1.OpsService/*", "/grpc.health.v1.Health/Check"}

// callProblems names what policies and routes say of methods that no contract has, and services that nobody may call.
func callProblems(objects []object, contracts map[string]bool) (problems []string) {
	allowed := map[string]map[string]bool{}
	for _, o := range objects {
		if o.kind() != "AuthorizationPolicy" && o.kind() != "VirtualService" {
			continue
		}
		callee := o.text("spec", "selector", "matchLabels", "app.kubernetes.io/name")
		if o.kind() == "AuthorizationPolicy" && allowed[callee] == nil {
			allowed[callee] = map[string]bool{}
		}
		for _, path := range methodsOf(o) {
			if !contracts[path] {
				problems = append(problems, fmt.Sprintf("%s %s: no contract has %s", o.kind(), o.name(), path))
			}
			if o.kind() == "AuthorizationPolicy" {
				allowed[callee][path] = true
			}
		}
	}
	for callee, paths := range allowed {
		own := fmt.Sprintf("/loljoa.%s.", strings.ReplaceAll(callee, "-", "_"))
		isService := false
		for path := range contracts {
			isOwn := strings.HasPrefix(path, own) && strings.HasSuffix(path, "/*")
			isService = isService || isOwn
			if isOwn && !paths[path] {
				problems = append(problems, fmt.Sprintf("nobody may call %s of %s", path, callee))
			}
		}
		for _, path := range shared {
			if isService && !paths[path] {
				problems = append(problems, fmt.Sprintf("nobody may call %s of %s", path, callee))
			}
		}
	}
	return problems
}

// methodsOf gives all gRPC methods that an object names.
func methodsOf(o object) (paths []string) {
	add := func(value any) {
		text, isText := value.(string)
		if isText && (strings.HasPrefix(text, "/loljoa.") || strings.HasPrefix(text, "/grpc.")) {
			paths = append(paths, text)
		}
	}
	walk(map[string]any(o), func(_ string, value any) {
		add(value)
		if items, isList := value.([]any); isList {
			for _, item := range items {
				add(item)
			}
		}
	})
	return paths
}
