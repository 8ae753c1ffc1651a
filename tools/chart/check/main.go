// Command check holds what `scripts/chart.sh` has rendered against what it has to agree with: the operators' table of settings, the
// contracts, and itself.
//
//	go run ./check REPOSITORY
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: check REPOSITORY")
	}
	root := os.Args[1]
	problems := slices.Concat(schemaProblems(root), monitoringProblems(root), adapterProblems(root))
	settings := readSettings(filepath.Join(root, "docs/operations.md"))
	contracts := readContracts(filepath.Join(root, "proto"))
	files, err := filepath.Glob(filepath.Join(root, "target/chart/*.yaml"))
	must(err)
	if len(files) == 0 {
		log.Fatal("nothing is rendered; run scripts/chart.sh")
	}
	for _, file := range files {
		objects := readObjects(file)
		found := slices.Concat(
			settingProblems(objects, settings), callProblems(objects, contracts), labelProblems(objects), referenceProblems(objects),
		)
		for _, problem := range found {
			problems = append(problems, filepath.Base(file)+": "+problem)
		}
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
