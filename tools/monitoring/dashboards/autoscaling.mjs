import { lines, now } from "../build.mjs";

const N = 'namespace=~"$namespace"';

export default {
  id: "autoscaling",
  title: "Deployments and autoscaling",
  description:
    "Replicas as they are wanted and as they are, what autoscalers go by, and pods that do not stay. From kube-state-metrics.",
  needs: ["kube-state-metrics"],
  namespaces: "kube_deployment_spec_replicas",
  runbook: "loljoaservicesilent",
  rows: [
    [
      "Replicas",
      [
        now(
          "Replicas that lack",
          "Replicas that are wanted and not available. Normal is 0, and more for moments during a roll-out.",
          "short",
          [
            [
              `sum(kube_deployment_spec_replicas{${N}} - kube_deployment_status_replicas_available{${N}})`,
              "replicas",
            ],
          ],
          { limits: [[1, "red"]] },
        ),
        now(
          "Pods that may be evicted",
          "The least that a disruption budget allows. Normal is 1 with more than one replica; 0 holds a node's drain back.",
          "short",
          [[`min(kube_poddisruptionbudget_status_pod_disruptions_allowed{${N}})`, "pods"]],
        ),
        lines("Available replicas", "Of each deployment. Normal is what autoscalers want.", "short", [
          [
            `sum by (namespace, deployment) (kube_deployment_status_replicas_available{${N}})`,
            "{{deployment}}",
          ],
        ]),
        lines(
          "What autoscalers want",
          "Normal follows the load, and goes down one replica a minute.",
          "short",
          [
            [
              `sum by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_desired_replicas{${N}})`,
              "{{horizontalpodautoscaler}}",
            ],
          ],
        ),
        lines(
          "How near autoscalers are to their most",
          "Normal is below 100 %. There, more load makes everybody slower; the database may be the reason that more replicas do not help.",
          "percentunit",
          [
            [
              `max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas{${N}} / kube_horizontalpodautoscaler_spec_max_replicas{${N}})`,
              "{{horizontalpodautoscaler}}",
            ],
          ],
          { max: 1, limits: [[1, "red"]] },
        ),
      ],
    ],
    [
      "Pods",
      [
        lines("Ready", "Pods that are ready. Normal is all of them.", "short", [
          [`sum by (namespace) (kube_pod_status_ready{${N},condition="true"})`, "{{namespace}}"],
        ]),
        lines("Restarts within an hour", "Of containers. Normal is 0.", "short", [
          [
            `sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{${N}}[1h]))`,
            "{{pod}}",
          ],
        ]),
        lines(
          "Requested CPU",
          "Cores that pods ask for. Normal is what nodes have room for; autoscalers go by what is used of it.",
          "none",
          [
            [
              `sum by (namespace, pod) (kube_pod_container_resource_requests{${N},resource="cpu"})`,
              "{{pod}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "Limits of memory",
          "What pods may use at most. Normal is twice of what they use, or more.",
          "bytes",
          [
            [
              `sum by (namespace, pod) (kube_pod_container_resource_limits{${N},resource="memory"})`,
              "{{pod}}",
            ],
          ],
        ),
      ],
    ],
  ],
};
