import { lines } from "../build.mjs";

const N = 'namespace=~"$namespace"';
/** By container where the kubelet tells containers apart, by pod where it tells pods only. */
const byPod = (metric, make) => {
  const of = (matchers) => `sum by (namespace, pod) (${make(`${metric}{${N},${matchers}}`)})`;
  return `(${of('container!=""')}) or (${of('container="",pod!=""')})`;
};

export default {
  id: "pods",
  title: "Pods",
  description: "What pods use, as the kubelet and its cAdvisor tell it.",
  needs: ["cadvisor", "kubelet"],
  namespaces: "container_memory_working_set_bytes",
  rows: [
    [
      "What pods use",
      [
        lines(
          "CPU",
          "Cores, sidecars included. Normal follows the load; a sidecar takes about as much as the gateway itself.",
          "none",
          [
            [
              byPod("container_cpu_usage_seconds_total", (series) => `rate(${series}[$__rate_interval])`),
              "{{pod}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "Memory",
          "Working set. Normal is 40 to 120 MiB for a service, and does not grow from day to day.",
          "bytes",
          [[byPod("container_memory_working_set_bytes", (series) => series), "{{pod}}"]],
        ),
        lines("Received", "Bytes a second. Normal follows the requests.", "Bps", [
          [
            `sum by (namespace, pod) (rate(container_network_receive_bytes_total{${N}}[$__rate_interval]))`,
            "{{pod}}",
          ],
        ]),
        lines("Sent", "Bytes a second. Normal follows requests and event streams.", "Bps", [
          [
            `sum by (namespace, pod) (rate(container_network_transmit_bytes_total{${N}}[$__rate_interval]))`,
            "{{pod}}",
          ],
        ]),
      ],
    ],
    [
      "Nodes",
      [
        lines(
          "Pods that run",
          "By node. Normal is spread over nodes; the kubelet counts all pods, of whichever namespace.",
          "short",
          [["sum by (instance) (kubelet_running_pods)", "{{instance}}"]],
        ),
        lines(
          "How long pods take to start",
          "p99, of all namespaces. Normal is some seconds; more is a registry, a volume or a scheduler that is slow.",
          "s",
          [
            [
              "histogram_quantile(0.99, sum by (le) (rate(kubelet_pod_start_duration_seconds_bucket[1h])))",
              "p99",
            ],
          ],
        ),
      ],
    ],
  ],
};
