import { lines, mean, quantile, rare, rate } from "../build.mjs";

const N = 'namespace=~"$namespace"';

export default {
  id: "database",
  title: "Database, as services see it",
  description:
    "Pools, waits and transactions as LOL.JOA's own metrics tell them. Locks and write-ahead log are in the database's own numbers, on the dashboard PostgreSQL.",
  needs: ["loljoa"],
  namespaces: "loljoa_db_connections_limit",
  runbook: "loljoadatabasewaits",
  rows: [
    [
      "Waiting for connections",
      [
        lines(
          "How long a connection is waited for, p99",
          "With one round trip, by pool. Normal is some milliseconds. When it grows and no connection is idle, the pool is too small or the database too slow.",
          "s",
          [
            [
              quantile(0.99, `loljoa_db_pool_wait_seconds_bucket{${N}}`, "loljoa_service", "pool"),
              "{{loljoa_service}} {{pool}}",
            ],
          ],
          { exemplars: true },
        ),
        lines(
          "The same, mean",
          "Normal is below 10 ms; at 100 ms without an idle connection an alarm calls.",
          "s",
          [[mean("loljoa_db_pool_wait_seconds", N, "loljoa_service", "pool"), "{{loljoa_service}} {{pool}}"]],
          { exemplars: true, limits: [[0.1, "red"]] },
        ),
        lines(
          "Connections in use",
          "Used connections of all replicas, by pool. Normal is a few: each is in use for a transaction only.",
          "short",
          [
            [
              `sum by (loljoa_service, pool) (loljoa_db_pool_connections{${N},state="used"})`,
              "{{loljoa_service}} {{pool}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "Connections that are idle",
          "Idle connections of all replicas, by pool. Normal is some in each pool that has work; none is a pool at its bound.",
          "short",
          [
            [
              `sum by (loljoa_service, pool) (loljoa_db_pool_connections{${N},state="idle"})`,
              "{{loljoa_service}} {{pool}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "The most that replicas may open, of what the server takes",
          "All replicas of a service together, as a share of what its server takes. Normal is below 100 %; services on one server add up.",
          "percentunit",
          [
            [
              `sum by (loljoa_service) (loljoa_db_connections_limit{${N},of="replica"}) / min by (loljoa_service) (loljoa_db_connections_limit{${N},of="server"})`,
              "{{loljoa_service}}",
            ],
          ],
          { limits: [[1, "red"]] },
        ),
        lines(
          "Transactions and statements that waited for a connection",
          "How often one was asked for, by pool: transactions, and a sample every five seconds. Normal follows the load.",
          "ops",
          [
            [
              rate(`loljoa_db_pool_wait_seconds_count{${N}}`, "loljoa_service", "pool"),
              "{{loljoa_service}} {{pool}}",
            ],
          ],
          { stacked: true },
        ),
      ],
    ],
    [
      "What should not be",
      [
        lines(
          "Transactions that ran again",
          "Deadlocks, serialization failures, and connections that were lost. Normal is 0.",
          "ops",
          [[rare(`loljoa_transaction_retries_total{${N}}`), "ran again"]],
        ),
        lines("Connections that came back inside a transaction", "Normal is 0; one is a defect.", "ops", [
          [rare(`loljoa_db_stray_transactions_total{${N}}`), "closed"],
        ]),
        lines("Calls that got no connection in time", "Normal is 0. They were answered unavailable.", "ops", [
          [
            rare(`loljoa_dropped_work_total{${N},queue=~"database.*"}`, "loljoa_service", "queue"),
            "{{loljoa_service}} {{queue}}",
          ],
        ]),
        lines(
          "Limits that differ through the pooler",
          "1 for a limit that is not what was configured. Normal is 0; without a pooler there is nothing to differ.",
          "short",
          [
            [
              `max by (loljoa_service, limit) (loljoa_db_pooler_limit_differs{${N}}) or vector(0)`,
              "{{loljoa_service}} {{limit}}",
            ],
          ],
          { limits: [[1, "red"]] },
        ),
      ],
    ],
  ],
};
