package cluster

import (
	"path/filepath"
	"strings"
	"testing"

	"loljoa/tests/cluster/logs"
)

var (
	// follower reads all logs of all stories along.
	follower *logs.Follower
	// secrets are those that users of the stories have.
	secrets logs.Secrets
)

func logsFolder() string { return filepath.Join(settings.repository, "target/cluster-test/logs") }

// follow begins to read the logs of the release's namespace, and of those that stories have of their own.
func follow(t *testing.T) {
	t.Helper()
	isOurs := func(found string) bool { return found == namespace || strings.HasPrefix(found, namespace+"-") }
	var err error
	if follower, err = logs.Follow("http://"+forwarded(t, "proxy", "--port=0"), logsFolder(), isOurs); err != nil {
		t.Fatal(err)
	}
}

// No password, no token and no key is in anything that any container has said while all stories were told.
func keepsSecretsOutOfLogs(t *testing.T) {
	read, missed := follower.End()
	if len(missed) > 0 {
		figure(t, "%d runs of containers were over before they could be read: %s", len(missed), strings.Join(missed, "; "))
	}
	all := follower.Secrets(&secrets)
	found, size, err := all.Look(logsFolder())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range found {
		t.Errorf("%s tells %s: %s", secret.File, secret.What, secret.Line)
	}
	figure(t, "%d secrets looked for in %d KiB that %d containers said", all.Count(), size>>10, read)
	for _, service := range services {
		if said, err := filepath.Glob(filepath.Join(logsFolder(), namespace+"_"+release+"-"+service+"-*_"+service+"_*.log")); err != nil || len(said) == 0 {
			t.Errorf("%s has no log (%v)", service, err)
		}
	}
	if all.Count() < 10 {
		t.Errorf("%d secrets are too few to be those of a release", all.Count())
	}
}
