package usage

import (
	"testing"
	"time"
)

const said = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
container_cpu_usage_seconds_total{container="betting",namespace="bets",pod="betting-1"} 1.5 1700000001000
container_cpu_usage_seconds_total{container="istio-proxy",namespace="bets",pod="betting-1"} 0.25 1700000002000
container_memory_working_set_bytes{container="betting",namespace="bets",pod="betting-1"} 1.048576e+06 1700000001000
container_memory_working_set_bytes{container="istio-proxy",namespace="bets",pod="betting-1"} 2.097152e+06 1700000002000
container_memory_working_set_bytes{container="postgres",namespace="bets",pod="postgres-0"} 4.194304e+06 1700000002000
container_memory_working_set_bytes{container="postgres",namespace="others",pod="postgres-0"} 4.194304e+06 1700000002000
node_cpu_usage_seconds_total 12 1700000002000
`

func TestParse(t *testing.T) {
	samples := map[Container]Sample{}
	if err := parse(said, samples); err != nil {
		t.Fatal(err)
	}
	got := samples[Container{Namespace: "bets", Pod: "betting-1", Name: "betting"}]
	want := Sample{CPU: 1500 * time.Millisecond, Memory: 1 << 20, At: time.UnixMilli(1700000001000)}
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if memory := MemoryOf(samples, "bets").String(); memory != "7 MiB: services 1, sidecars 2, database 4" {
		t.Error(memory)
	}
}
