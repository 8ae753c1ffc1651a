import { lines } from "../build.mjs";

const N = 'namespace=~"$namespace"';
/** CloudNativePG's instances tell the first, postgres_exporter the second; a dashboard shows whichever is there. */
const either = (cnpg, exporter) => `(${cnpg}) or (${exporter})`;
const rate = (metric, by) =>
  `sum by (${by}) (rate(${metric}{${N},datname!~"template.*|postgres|"}[$__rate_interval]))`;

export default {
  id: "postgres",
  title: "PostgreSQL",
  description:
    "What the database says of itself: through CloudNativePG's own metrics (cnpg_*), or through postgres_exporter (pg_*) beside any other. Each panel takes whichever is there.",
  needs: ["postgres"],
  namespaces: '{__name__=~"cnpg_collector_up|pg_up"}',
  runbook: "loljoadatabasewaits",
  rows: [
    [
      "Locks and sessions",
      [
        lines(
          "Who waits",
          "cnpg: sessions that wait for another's lock. postgres_exporter: locks that are held, by mode. Normal is no session that waits for longer than a moment; locks of weak modes are held all the time.",
          "short",
          [
            [
              either(
                `sum by (namespace) (cnpg_backends_waiting_total{${N}})`,
                `sum by (namespace, mode) (pg_locks_count{${N},datname!~"template.*|postgres|"})`,
              ),
              "{{namespace}} {{mode}}",
            ],
          ],
        ),
        lines(
          "Sessions, by state",
          "Normal is mostly idle, and few active. idle in transaction for more than a moment holds locks that others wait for.",
          "short",
          [
            [
              either(
                `sum by (state) (cnpg_backends_total{${N}})`,
                `sum by (state) (pg_stat_activity_count{${N}})`,
              ),
              "{{state}}",
            ],
          ],
          { stacked: true },
        ),
        lines(
          "The oldest transaction",
          "Normal is below a second; audits take a quarter of one. A transaction that stays keeps feeds waiting and dead rows in place.",
          "s",
          [
            [
              either(
                `max by (datname) (cnpg_backends_max_tx_duration_seconds{${N}})`,
                `max by (datname) (pg_stat_activity_max_tx_duration{${N}})`,
              ),
              "{{datname}}",
            ],
          ],
        ),
        lines("Deadlocks", "Normal is 0: rows are locked in order.", "ops", [
          [
            either(
              rate("cnpg_pg_stat_database_deadlocks", "datname"),
              rate("pg_stat_database_deadlocks", "datname"),
            ),
            "{{datname}}",
          ],
        ]),
      ],
    ],
    [
      "Work",
      [
        lines(
          "Commits",
          "A second, by database. Normal is far fewer than bets when it is busy: bets share commits.",
          "ops",
          [
            [
              either(
                rate("cnpg_pg_stat_database_xact_commit", "datname"),
                rate("pg_stat_database_xact_commit", "datname"),
              ),
              "{{datname}}",
            ],
          ],
        ),
        lines("Rollbacks", "A second, by database. Normal is next to 0.", "ops", [
          [
            either(
              rate("cnpg_pg_stat_database_xact_rollback", "datname"),
              rate("pg_stat_database_xact_rollback", "datname"),
            ),
            "{{datname}}",
          ],
        ]),
        lines(
          "Blocks that were in memory",
          "The share of blocks that were found in shared buffers. Normal is above 99 %.",
          "percentunit",
          [
            [
              either(
                `${rate("cnpg_pg_stat_database_blks_hit", "datname")} / (${rate("cnpg_pg_stat_database_blks_hit", "datname")} + ${rate("cnpg_pg_stat_database_blks_read", "datname")})`,
                `${rate("pg_stat_database_blks_hit", "datname")} / (${rate("pg_stat_database_blks_hit", "datname")} + ${rate("pg_stat_database_blks_read", "datname")})`,
              ),
              "{{datname}}",
            ],
          ],
          { max: 1 },
        ),
        lines(
          "Rows that were written",
          "Inserted and updated a second. Normal is a few rows for each bet.",
          "ops",
          [
            [
              either(
                rate("cnpg_pg_stat_database_tup_inserted", "datname"),
                rate("pg_stat_database_tup_inserted", "datname"),
              ),
              "{{datname}} inserted",
            ],
            [
              either(
                rate("cnpg_pg_stat_database_tup_updated", "datname"),
                rate("pg_stat_database_tup_updated", "datname"),
              ),
              "{{datname}} updated",
            ],
          ],
        ),
      ],
    ],
    [
      "Write-ahead log and disk",
      [
        lines(
          "Write-ahead log that is kept",
          "Bytes in pg_wal. Normal stays below max_wal_size and some; growth without an end is a standby or an archive that does not take it.",
          "bytes",
          [
            [
              either(
                `max by (namespace, pod) (cnpg_collector_pg_wal{${N},value="size"})`,
                `max by (namespace, pod) (pg_wal_size_bytes{${N}})`,
              ),
              "{{namespace}} {{pod}}",
            ],
          ],
        ),
        lines(
          "Size of databases",
          "Normal grows with bets: some hundred bytes for each. Alarm at 80 % of the disk.",
          "bytes",
          [
            [
              either(
                `max by (datname) (cnpg_pg_database_size_bytes{${N},datname!~"template.*"})`,
                `max by (datname) (pg_database_size_bytes{${N},datname!~"template.*"})`,
              ),
              "{{datname}}",
            ],
          ],
        ),
        lines(
          "How far standbys are behind",
          "Seconds. Normal is below one; with synchronous replication a commit waits for one of them.",
          "s",
          [
            [
              either(
                `max by (namespace, pod) (cnpg_pg_replication_lag{${N}})`,
                `max by (namespace, pod) (pg_replication_lag_seconds{${N}})`,
              ),
              "{{namespace}} {{pod}}",
            ],
          ],
        ),
        lines(
          "Instances that answer",
          "1 for each PostgreSQL that answers whoever asks for its numbers. Normal is 1.",
          "short",
          [
            [
              either(
                `min by (namespace, pod) (cnpg_collector_up{${N}})`,
                `min by (namespace, pod) (pg_up{${N}})`,
              ),
              "{{namespace}} {{pod}}",
            ],
          ],
        ),
      ],
    ],
  ],
};
