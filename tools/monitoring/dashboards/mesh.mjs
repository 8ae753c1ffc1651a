import { lines } from "../build.mjs";

const IN = 'reporter="destination",destination_workload_namespace=~"$namespace"';
const rate = (series, by) => `sum by (${by}) (rate(${series}[$__rate_interval]))`;
const quantile = (share, by) =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(istio_request_duration_milliseconds_bucket{${IN}}[$__rate_interval])))`;

export default {
  id: "mesh",
  title: "Mesh",
  description:
    "Calls as the sidecars see them: who calls whom, what comes of it, how long it takes, and whether it is encrypted. From Istio's istio_* metrics, told by the receiver's sidecar.",
  needs: ["istio"],
  namespaces: "istio_requests_total",
  rows: [
    [
      "Who calls whom",
      [
        lines(
          "Requests",
          "A second, from workload to workload. Normal is the gateway to the three services, betting to account and league-schedule, the ingress gateway to gateway and web. Anybody else is refused.",
          "reqps",
          [
            [
              rate(`istio_requests_total{${IN}}`, "source_workload, destination_workload"),
              "{{source_workload}} → {{destination_workload}}",
            ],
          ],
        ),
        lines(
          "Answers, by code",
          "HTTP codes; gRPC's are 200 whatever they say inside. Normal is 200 and 201; 403 is a policy that refused somebody, 503 somebody who was not there.",
          "reqps",
          [
            [
              rate(`istio_requests_total{${IN}}`, "destination_workload, response_code"),
              "{{destination_workload}} {{response_code}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "gRPC's own statuses",
          "By number: 0 is ok, 6 exists already, 8 exhausted, 9 a conflict, 14 unavailable. Normal is 0, and some refusals that are users' own.",
          "reqps",
          [
            [
              rate(
                `istio_requests_total{${IN},request_protocol="grpc"}`,
                "destination_workload, grpc_response_status",
              ),
              "{{destination_workload}} {{grpc_response_status}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "What is encrypted",
          "Requests by how they came. Normal is mutual_tls alone, as the chart demands it.",
          "reqps",
          [
            [
              rate(`istio_requests_total{${IN}}`, "connection_security_policy"),
              "{{connection_security_policy}}",
            ],
          ],
          { stacked: true },
        ),
      ],
    ],
    [
      "How long it takes",
      [
        lines(
          "p50",
          "Until the last byte, at the receiver's sidecar. Normal is some milliseconds; event streams and feeds that wait for news last as long as they are open.",
          "ms",
          [[quantile(0.5, "destination_workload"), "{{destination_workload}}"]],
          { exemplars: true },
        ),
        lines(
          "p99",
          "The same of the slow ones. Normal is below 250 ms for the gateway. Compare it with the service's own numbers: what lies between is the sidecar's.",
          "ms",
          [[quantile(0.99, "destination_workload"), "{{destination_workload}}"]],
          { exemplars: true },
        ),
        lines("Received", "Bytes a second of requests. Normal follows the requests.", "Bps", [
          [rate(`istio_request_bytes_sum{${IN}}`, "destination_workload"), "{{destination_workload}}"],
        ]),
        lines("Sent", "Bytes a second of answers. Normal follows looks and event streams.", "Bps", [
          [rate(`istio_response_bytes_sum{${IN}}`, "destination_workload"), "{{destination_workload}}"],
        ]),
      ],
    ],
  ],
};
