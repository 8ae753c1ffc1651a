package logs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestASecretIsFoundInWhateverForm(t *testing.T) {
	var secrets Secrets
	secrets.Add("a token", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")
	secrets.Add("a URL", "postgres://bets:hide-on-bush@db:5432/bets")
	secrets.addObject(secret{Data: map[string][]byte{"username": []byte("everybody"), "sealing-key": []byte("a-key-that-seals"), "short": []byte("abc")}})
	secrets.addObject(secret{Type: "helm.sh/release.v1", Data: map[string][]byte{"release": []byte("all of the chart")}})
	if secrets.Count() != 5 {
		t.Errorf("%v", secrets.known)
	}
	for text, wanted := range map[string]string{
		"Bearer …c2lnbmF0dXJl":                "a token's signature",
		`{"url":"hide-on-bush"}`:              "a URL's password",
		"YS1rZXktdGhhdC1zZWFscw":              "sealing-key of Secret ",
		"612d6b65792d746861742d7365616c73":    "sealing-key of Secret ",
		"everybody may know all of the chart": "",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "a.log"), []byte("before\n"+text+"\nafter"), 0o600); err != nil {
			t.Fatal(err)
		}
		found, _, err := secrets.Look(folder)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case wanted == "" && len(found) > 0, wanted != "" && (len(found) != 1 || found[0] != Found{wanted, "a.log", text}):
			t.Errorf("%q: found %v", text, found)
		}
	}
}

// An API server as far as it is asked: a pod that comes, its container that is started again, and one of somebody else's.
func TestEachRunOfAContainerIsReadOnce(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tell := func(namespace, id, state string) {
			_ = json.NewEncoder(w).Encode(map[string]any{"object": map[string]any{
				"metadata": map[string]any{"namespace": namespace, "name": "betting-1"},
				"status":   map[string]any{"containerStatuses": []any{map[string]any{"name": "betting", "containerID": id, "state": map[string]any{state: map[string]any{}}}}},
			}})
			w.(http.Flusher).Flush()
		}
		switch r.URL.Path {
		case "/api/v1/pods":
			tell("ours", "", "waiting")
			tell("ours", "containerd://00000001", "running")
			tell("ours", "containerd://00000001", "terminated")
			tell("ours", "containerd://00000002", "running")
			tell("theirs", "containerd://00000003", "running")
			<-r.Context().Done()
		case "/api/v1/secrets":
			fmt.Fprintln(w, `{"object":{"metadata":{"namespace":"ours","name":"keys"},"data":{"key":"aGlkZS1vbi1idXNo"}}}`)
			fmt.Fprintln(w, `{"object":{"metadata":{"namespace":"theirs","name":"keys"},"data":{"key":"bm9uZS1vZi1vdXJz"}}}`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/api/v1/namespaces/ours/pods/betting-1/log":
			asked.Add(1)
			fmt.Fprintln(w, "it says hide-on-bush")
		default:
			t.Errorf("%s was asked for", r.URL)
		}
	}))
	defer server.Close()
	folder := filepath.Join(t.TempDir(), "logs")
	f, err := Follow(server.URL, folder, func(namespace string) bool { return namespace == "ours" })
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	read, missed := f.End()
	if read != 2 || len(missed) > 0 || asked.Load() != 2 {
		t.Errorf("read %d in %d requests, missed %v", read, asked.Load(), missed)
	}
	found, _, err := f.Secrets(&Secrets{}).Look(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{}
	for _, one := range found {
		files = append(files, one.File)
	}
	if !slices.Equal(files, []string{"ours_betting-1_betting_00000001.log", "ours_betting-1_betting_00000002.log"}) {
		t.Error(files)
	}
}
