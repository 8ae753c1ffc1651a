// Package logs keeps what every container of a test run has said, and looks in it for what none may say.
package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Follower reads along, from the first container on, whatever becomes of it.
type Follower struct {
	api, folder string
	isOurs      func(namespace string) bool
	end         context.CancelFunc
	readers     sync.WaitGroup

	lock    sync.Mutex
	begun   map[string]bool
	missed  []string
	secrets Secrets
}

// Follow reads the logs of all containers, and the Secrets, of the namespaces that are ours, until it is ended. `api` is where kubectl proxies the
// API server; logs are kept in the folder, one file for each run of a container.
func Follow(api, folder string, isOurs func(namespace string) bool) (*Follower, error) {
	if err := os.RemoveAll(folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	f := &Follower{api: api, folder: folder, isOurs: isOurs, end: end, begun: map[string]bool{}}
	f.readers.Add(2)
	go watch(ctx, f, "/api/v1/pods", f.pod)
	go watch(ctx, f, "/api/v1/secrets", f.secret)
	return f, nil
}

// End stops reading, and tells how many containers were read and which could not be.
func (f *Follower) End() (read int, missed []string) {
	// What is on its way comes still.
	time.Sleep(2 * time.Second)
	f.end()
	f.readers.Wait()
	return len(f.begun) - len(f.missed), f.missed
}

type metadata struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

type pod struct {
	Metadata metadata `json:"metadata"`
	Status   struct {
		Init []container `json:"initContainerStatuses"`
		Main []container `json:"containerStatuses"`
	} `json:"status"`
}

type container struct {
	Name string `json:"name"`
	// Of one run: a restart has another.
	ID    string         `json:"containerID"`
	State map[string]any `json:"state"`
}

type secret struct {
	Metadata metadata          `json:"metadata"`
	Type     string            `json:"type"`
	Data     map[string][]byte `json:"data"`
}

// watch tells of all that there is and of each change, again and again: the API server ends a watch after a while.
func watch[T any](ctx context.Context, f *Follower, path string, tell func(context.Context, T)) {
	defer f.readers.Done()
	for ctx.Err() == nil {
		body, err := f.get(ctx, path+"?watch=true")
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		events := json.NewDecoder(body)
		for {
			var event struct {
				Object T `json:"object"`
			}
			if events.Decode(&event) != nil {
				break
			}
			tell(ctx, event.Object)
		}
		body.Close()
	}
}

func (f *Follower) pod(ctx context.Context, seen pod) {
	if !f.isOurs(seen.Metadata.Namespace) {
		return
	}
	for _, container := range append(seen.Status.Init, seen.Status.Main...) {
		if container.ID == "" || container.State["waiting"] != nil {
			continue
		}
		f.lock.Lock()
		isNew := !f.begun[container.ID]
		f.begun[container.ID] = true
		f.lock.Unlock()
		if isNew {
			f.readers.Add(1)
			go f.read(ctx, seen.Metadata, container)
		}
	}
}

// read keeps what one run of a container says until it ends.
func (f *Follower) read(ctx context.Context, pod metadata, container container) {
	defer f.readers.Done()
	err := f.copy(ctx, pod, container)
	if err != nil && ctx.Err() == nil {
		f.lock.Lock()
		f.missed = append(f.missed, fmt.Sprintf("%s/%s %s: %v", pod.Namespace, pod.Name, container.Name, err))
		f.lock.Unlock()
	}
}

func (f *Follower) copy(ctx context.Context, pod metadata, container container) error {
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/log?follow=true&container=%s", pod.Namespace, pod.Name, url.QueryEscape(container.Name))
	body, err := f.get(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	run := container.ID[max(0, len(container.ID)-8):]
	file, err := os.Create(filepath.Join(f.folder, strings.Join([]string{pod.Namespace, pod.Name, container.Name, run}, "_")+".log"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, body)
	return err
}

func (f *Follower) secret(_ context.Context, seen secret) {
	if f.isOurs(seen.Metadata.Namespace) {
		f.secrets.addObject(seen)
	}
}

func (f *Follower) get(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.api+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		response.Body.Close()
		return nil, fmt.Errorf("%d %s", response.StatusCode, said)
	}
	return response.Body, nil
}
