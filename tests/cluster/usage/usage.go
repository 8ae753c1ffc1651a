// Package usage reads what the kubelets say of containers: how much CPU each has used since it began, and how much memory it works with.
package usage

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Container names one container of the cluster.
type Container struct {
	Namespace, Pod, Name string
}

// Sample is what one container has used.
type Sample struct {
	// CPU since the container began.
	CPU time.Duration
	// Memory is the working set, in bytes: what the kernel could not take back at once.
	Memory int64
	// At is when CPU was read, which the kubelet does every ten seconds or so.
	At time.Time
}

var line = regexp.MustCompile(`^container_(cpu_usage_seconds_total|memory_working_set_bytes)\{container="([^"]*)",namespace="([^"]*)",pod="([^"]*)"\} (\S+) (\d+)$`)

// Read asks the kubelet of every node, through the API server.
func Read() (map[Container]Sample, error) {
	nodes, err := kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return nil, err
	}
	samples := map[Container]Sample{}
	for _, node := range strings.Fields(nodes) {
		text, err := kubectl("get", "--raw", "/api/v1/nodes/"+node+"/proxy/metrics/resource")
		if err != nil {
			return nil, err
		}
		if err := parse(text, samples); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

func parse(text string, into map[Container]Sample) error {
	for _, said := range strings.Split(text, "\n") {
		found := line.FindStringSubmatch(said)
		if found == nil {
			continue
		}
		value, err := strconv.ParseFloat(found[5], 64)
		if err != nil {
			return err
		}
		at, err := strconv.ParseInt(found[6], 10, 64)
		if err != nil {
			return err
		}
		container := Container{Namespace: found[3], Pod: found[4], Name: found[2]}
		sample := into[container]
		if found[1] == "memory_working_set_bytes" {
			sample.Memory = int64(value)
		} else {
			sample.CPU, sample.At = time.Duration(value*float64(time.Second)), time.UnixMilli(at)
		}
		into[container] = sample
	}
	return nil
}

func kubectl(arguments ...string) (string, error) {
	output, err := exec.Command("kubectl", arguments...).Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w", strings.Join(arguments, " "), err)
	}
	return string(output), nil
}

// Memory is what a namespace works with, in bytes: its database's containers, its sidecars, and everything else.
type Memory struct {
	Database, Sidecars, Rest int64
}

// Total is all of it.
func (m Memory) Total() int64 { return m.Database + m.Sidecars + m.Rest }

// MemoryOf sums up containers of a namespace. Of pods that have gone the kubelet says nothing any more.
func MemoryOf(samples map[Container]Sample, namespace string) (sum Memory) {
	for container, sample := range samples {
		switch {
		case container.Namespace != namespace:
		case container.Name == "postgres":
			sum.Database += sample.Memory
		case container.Name == "istio-proxy":
			sum.Sidecars += sample.Memory
		default:
			sum.Rest += sample.Memory
		}
	}
	return sum
}

func (m Memory) String() string {
	const mebi = 1 << 20
	return fmt.Sprintf("%d MiB: services %d, sidecars %d, database %d", m.Total()/mebi, m.Rest/mebi, m.Sidecars/mebi, m.Database/mebi)
}
