import { lines, now, quantile, rare, rate } from "../build.mjs";

const N = 'namespace=~"$namespace"';
const GATEWAY = `${N},loljoa_service="gateway"`;
const BURN = [
  [1, "yellow"],
  [6, "orange"],
  [14.4, "red"],
];

/** What a promise is kept to, from the rules' window of three days. */
const kept = (slo, title, description, objective) =>
  now(
    title,
    `${description} Three days; yellow is below what is promised (${objective * 100} %). Normal is 100 %, or a little less.`,
    "percentunit",
    [[`1 - loljoa:slo_errors:ratio3d{${N},slo="${slo}"}`, "{{namespace}}"]],
    {
      limits: [
        [0, "red"],
        [objective - 4 * (1 - objective), "yellow"],
        [objective, "green"],
      ],
      decimals: 3,
    },
  );

export default {
  id: "overview",
  title: "Overview",
  description:
    "What LOL.JOA promises its users, whether it holds, and what they ask for. It needs the rules.",
  needs: ["loljoa"],
  namespaces: "loljoa_neighbour_replicas",
  rows: [
    [
      "What is promised",
      [
        kept(
          "bets",
          "Bets in time",
          "The share of bets that were answered within 250 ms and did not fail.",
          0.995,
        ),
        kept(
          "odds",
          "Odds in time",
          "The share of looks at markets that were answered within a second and did not fail.",
          0.999,
        ),
        kept(
          "settlement",
          "Winners paid in time",
          "The share of the time in which no market had been under way for longer than a minute.",
          0.995,
        ),
        now(
          "Alarms",
          "Alerts of LOL.JOA that fire now. Normal is 0; the link Runbooks above says what each means.",
          "short",
          [[`sum(ALERTS{${N},alertname=~"Loljoa.+",alertstate="firing"}) or vector(0)`, "alarms"]],
          { limits: [[1, "red"]] },
        ),
        lines(
          "How fast the room for errors is used up",
          "Errors of the last hour, as a multiple of what may be. Below 1 the promise is kept; at 14.4 the room of 28 days is gone in two days, and an alarm calls. Normal is 0 with short peaks.",
          "none",
          [[`loljoa:slo_errors:ratio1h{${N}} / on (slo) group_left () loljoa:slo_budget:ratio`, "{{slo}}"]],
          { limits: BURN },
        ),
        lines(
          "Points and bets that differ",
          "What the audits find, by check; the promise is 0 at every moment. Normal is 0. Anything else is an alarm, whatever the traffic.",
          "short",
          [
            [
              `sum by (loljoa_service, check) (loljoa:audit_difference:max{${N}})`,
              "{{loljoa_service}} {{check}}",
            ],
          ],
          { limits: [[1, "red"]] },
        ),
      ],
    ],
    [
      "What users do",
      [
        lines(
          "Bets, by how they ended",
          "Bets a second as betting counts them. Normal is placed alone, and some refused (too late, not enough points); unavailable is 0.",
          "ops",
          [[rate(`loljoa_bets_total{${N}}`, "result"), "{{result}}"]],
          { stacked: true },
        ),
        lines(
          "Answers, by status",
          "What the gateway answers. Normal is 2xx; 4xx are refusals, many of them before a match begins; 5xx are 0.",
          "reqps",
          [[rate(`loljoa_http_requests_total{${GATEWAY}}`, "status"), "{{status}}"]],
          { stacked: true },
        ),
        lines(
          "How long bets and looks take",
          "Until the answer begins, at the gateway. Normal is some ten milliseconds; the dashed line is what is promised for a bet.",
          "s",
          [
            [quantile(0.5, `loljoa_bet_duration_seconds_bucket{${N}}`), "a bet, p50"],
            [quantile(0.99, `loljoa_bet_duration_seconds_bucket{${N}}`), "a bet, p99"],
            [
              quantile(
                0.99,
                `loljoa_http_request_duration_seconds_bucket{${GATEWAY},route="GET /api/betting/markets"}`,
              ),
              "a look at markets, p99",
            ],
          ],
          { exemplars: true, limits: [[0.25, "red"]] },
        ),
        lines(
          "How old odds are when a stream tells them",
          "Since the gateway learned of the change, p50 and p99. A stream tells at most four times a second, so normal is up to 250 ms; the dashed line is what is promised.",
          "s",
          [
            [quantile(0.5, `loljoa_stream_age_seconds_bucket{${N}}`), "p50"],
            [quantile(0.99, `loljoa_stream_age_seconds_bucket{${N}}`), "p99"],
          ],
          { exemplars: true, limits: [[1, "red"]] },
        ),
        lines(
          "What takes longest",
          "p99 of each route of the gateway. Normal is below 100 ms; signing up and logging in take longer, because passwords are made hard to guess.",
          "s",
          [
            [
              `topk(8, ${quantile(0.99, `loljoa_http_request_duration_seconds_bucket{${GATEWAY}}`, "route")})`,
              "{{route}}",
            ],
          ],
          { exemplars: true },
        ),
        lines(
          "Who is connected",
          "Connections and event streams that are open. Normal follows the number of visitors; a replica takes 10,000 connections and 5,000 streams by itself.",
          "short",
          [
            [`sum(loljoa_connections_open{${N}})`, "connections"],
            [`sum(loljoa_streams_open{${N}})`, "event streams"],
          ],
        ),
        lines(
          "What is turned away",
          "Refusals a second by limiter, and connections that were dropped or closed. Normal is 0 and a few idle connections; rates of one address are those who ask too much.",
          "ops",
          [
            [rare(`loljoa_refused_total{${N}}`, "limiter"), "{{limiter}}"],
            [rare(`loljoa_connections_dropped_total{${N}}`, "reason"), "dropped: {{reason}}"],
            [rare(`loljoa_connections_refused_total{${N}}`), "connections of addresses that had enough"],
          ],
        ),
      ],
    ],
    [
      "Who is there",
      [
        lines(
          "Replicas",
          "Replicas of each service that are scraped. Normal is what is deployed; They are told by their database, or by whom they call; the page's service has neither.",
          "short",
          [
            [
              `count by (loljoa_service) (group by (loljoa_service, pod, instance) ({__name__=~"loljoa_db_connections_limit|loljoa_neighbour_replicas",${N}}))`,
              "{{loljoa_service}}",
            ],
          ],
        ),
        lines(
          "What runs",
          "Processes by version and revision. Normal is one line; two during a roll-out.",
          "short",
          [[`count by (version, revision) (loljoa_build_info{${N}})`, "{{version}} {{revision}}"]],
        ),
        lines(
          "Memory of each process",
          "What is resident. Normal is a plateau some minutes after the start, whether or not anybody reads metrics.",
          "bytes",
          [[`process_resident_memory_bytes{${N}} and on (instance) loljoa_build_info{${N}}`, "{{instance}}"]],
        ),
        lines(
          "Calls between services",
          "gRPC calls a second by status, of all services. Normal is ok; a few conflicts and refusals are users' own.",
          "reqps",
          [
            [
              rate(`loljoa_grpc_requests_total{${N}}`, "loljoa_service", "status"),
              "{{loljoa_service}} {{status}}",
            ],
          ],
          { stacked: true },
        ),
      ],
    ],
  ],
};
