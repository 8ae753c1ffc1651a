import { lines, now, quantile, rare, rate, times } from "../build.mjs";

const N = 'namespace=~"$namespace"';

export default {
  id: "settlement",
  title: "Settlement and audit",
  description:
    "From a match's end to the last payment, what follows the feeds, and whether every point is where it should be.",
  needs: ["loljoa"],
  namespaces: "loljoa_settlement_markets",
  runbook: "loljoaauditdifference",
  rows: [
    [
      "Right now",
      [
        now(
          "Markets under way",
          "Markets whose settlement is under way. Normal is 0, and some for seconds after a match.",
          "short",
          [[`sum(loljoa:settlement_markets:max{${N}})`, "markets"]],
          { limits: [[1, "blue"]] },
        ),
        now(
          "Payments that need a person",
          "Payments that were set aside. Normal is 0.",
          "short",
          [[`max(loljoa_owed_transfers{${N},state="parked"})`, "payments"]],
          { limits: [[1, "red"]] },
        ),
        now(
          "Open incidents",
          "What needs a person. Normal is 0; `loljoa admin incidents` lists them.",
          "short",
          [[`sum(max by (namespace, kind) (loljoa_incidents_open{${N}}))`, "incidents"]],
          { limits: [[1, "red"]] },
        ),
        now(
          "Since the audits looked",
          "How long ago the slowest check last looked at everything. Normal is below a minute; at five minutes an alarm calls.",
          "s",
          [[`max(loljoa:audit_age_seconds:min{${N}})`, "age"]],
          {
            limits: [
              [60, "yellow"],
              [300, "red"],
            ],
          },
        ),
      ],
    ],
    [
      "Settlement",
      [
        times(
          "How long markets take",
          "From when a market's end was decided, by the database's clock, to its last payment. Normal is below a second; the histogram ends at ten minutes.",
          `loljoa_settlement_seconds_bucket{${N}}`,
        ),
        lines(
          "The slow ones",
          "Quantiles of the same. Normal is below a second; a market of a million bets takes longer.",
          "s",
          [
            [quantile(0.5, `loljoa_settlement_seconds_bucket{${N}}`), "p50"],
            [quantile(0.99, `loljoa_settlement_seconds_bucket{${N}}`), "p99"],
          ],
          { exemplars: true },
        ),
        lines(
          "Bets and payments",
          "Bets that settlement closed, refunded or paid, and payments that the ledger acknowledged. Normal is peaks after each match, of the same height.",
          "ops",
          [
            [rate(`loljoa_settlement_bets_total{${N}}`), "bets"],
            [rate(`loljoa_owed_delivered_total{${N}}`), "payments"],
            [rare(`loljoa_owed_set_back_total{${N}}`), "not taken, and tried again"],
          ],
        ),
        lines(
          "How long a chunk takes",
          "p99 of a commit of up to 1,000 bets. Normal is below 100 ms.",
          "s",
          [[quantile(0.99, `loljoa_settlement_chunk_seconds_bucket{${N}}`), "p99"]],
          { exemplars: true },
        ),
        lines(
          "Points that are owed",
          "Payments that wait to be delivered, and those that were set aside (parked). Normal is a short peak of waiting after a match; parked is 0.",
          "short",
          [[`max by (state) (loljoa_owed_transfers{${N}})`, "{{state}}"]],
        ),
        lines(
          "The oldest market under way",
          "How long it has been on its way to its end. Normal is peaks of seconds; above a minute (the dashed line) is not what is promised, and at a quarter of an hour an alarm calls.",
          "s",
          [[`loljoa:settlement_oldest_seconds:max{${N}}`, "oldest {{namespace}}"]],
          { limits: [[60, "red"]] },
        ),
        lines(
          "Markets under way",
          "Normal is peaks of seconds. A plateau is a market that does not come to its end, or many that follow each other.",
          "short",
          [[`loljoa:settlement_markets:max{${N}}`, "markets {{namespace}}"]],
        ),
      ],
    ],
    [
      "Feeds",
      [
        lines(
          "The oldest entry that was not read",
          "By feed. Normal is below a second; ledger stands at 30 s while bets come, because a stake is left alone for so long. At two minutes an alarm calls.",
          "s",
          [[`max by (feed) (loljoa_feed_lag_seconds{${N}})`, "{{feed}}"]],
          { limits: [[120, "red"]] },
        ),
        lines(
          "Feeds that are shorter than what was read",
          "1 when a source was restored to an earlier state. Normal is 0.",
          "short",
          [[`max by (feed) (loljoa_feed_cursor_ahead{${N}})`, "{{feed}}"]],
          { limits: [[1, "red"]] },
        ),
        lines("Looks at the source of matches", "By result. Normal is ok alone.", "ops", [
          [rate(`loljoa_source_steps_total{${N}}`, "source", "result"), "{{source}}: {{result}}"],
        ]),
        lines(
          "Incidents",
          "Opened, or occurred again, a second; and how many are open, by kind. Normal is 0.",
          "short",
          [
            [`max by (kind) (loljoa_incidents_open{${N}})`, "open: {{kind}}"],
            [rare(`loljoa_incidents_total{${N}}`, "kind"), "a second: {{kind}}"],
          ],
          { limits: [[1, "red"]] },
        ),
      ],
    ],
    [
      "Audit",
      [
        lines(
          "What differs",
          "Points (account) or findings (betting) by cell and check, over all replicas. Normal is 0; anything else is an alarm until it is mended.",
          "short",
          [
            [
              `max by (loljoa_service, cell, check) (loljoa_audit_difference{${N}})`,
              "{{loljoa_service}} {{cell}}: {{check}}",
            ],
            [`max(loljoa_audit_findings{${N}})`, "accounts that differ"],
          ],
          { limits: [[1, "red"]] },
        ),
        lines(
          "Since each check looked at everything",
          "Normal is below a minute. A line that climbs is an audit that does not come round.",
          "s",
          [
            [
              `max by (loljoa_service, cell, check) (loljoa:audit_age_seconds:min{${N}})`,
              "{{loljoa_service}} {{cell}}: {{check}}",
            ],
          ],
          { limits: [[300, "red"]] },
        ),
        lines("Steps, and those that failed", "Normal is a steady number of steps and no failure.", "ops", [
          [rate(`loljoa_audit_steps_total{${N}}`), "account's steps"],
          [
            rare(`loljoa_audit_failures_total{${N}}`, "loljoa_service", "check"),
            "failed: {{loljoa_service}} {{check}}",
          ],
          [`max(loljoa_audit_failing{${N}})`, "account's last step failed"],
        ]),
        lines(
          "Who audits",
          "Replicas of account that hold the audit's lease, by cell of the ledger. Normal is 1.",
          "short",
          [[`sum by (namespace, cell) (loljoa_audit_leading{${N}})`, "cell {{cell}} {{namespace}}"]],
        ),
        lines(
          "What recovery gave back, and what was swept",
          "Stakes without a bet that were given back: normal is 0, and as many as were in flight after a crash. Positions of old markets that were deleted: normal is whatever ended a week ago.",
          "ops",
          [
            [rare(`loljoa_recovered_stakes_total{${N}}`), "stakes given back"],
            [rare(`loljoa_positions_swept_total{${N}}`), "positions"],
          ],
        ),
        lines(
          "Ranks",
          "How long a walk over all accounts takes (p99), and walks that failed. Normal grows with the accounts; ranks are up to fifty times as old.",
          "s",
          [
            [quantile(0.99, `loljoa_rank_snapshot_seconds_bucket{${N}}`), "p99"],
            [rare(`loljoa_rank_snapshot_failures_total{${N}}`), "failed a second"],
          ],
          { exemplars: true },
        ),
        lines(
          "The clearing account",
          "Points that cells of the ledger owe each other. Normal is 0 over all cells once every market is cleared, and always 0 with one cell.",
          "short",
          [[`sum(loljoa_ledger_clearing_points{${N}})`, "points"]],
        ),
        lines(
          "Years",
          "The year of the period that account and betting write in. Normal is the present one; betting turns it a day later.",
          "none",
          [[`max by (loljoa_service) (loljoa_current_period{${N}})`, "{{loljoa_service}}"]],
        ),
      ],
    ],
  ],
};
