import { lines, mean, quantile, rare, rate, times } from "../build.mjs";

const N = 'namespace=~"$namespace"';
const PLACE = `${N},loljoa_service="betting",route="/loljoa.betting.v1.BettingService/PlaceBets"`;
const APPLY = `${N},loljoa_service="account",route="/loljoa.account.v1.LedgerService/ApplyTransfers"`;

export default {
  id: "bets",
  title: "The path of a bet",
  description:
    "From the request at the gateway through its call to betting to the ledger's batch and back: what waits, for whom, and how well bets share commits.",
  needs: ["loljoa"],
  namespaces: "loljoa_neighbour_replicas",
  runbook: "loljoabetsbudgetburnsfast",
  rows: [
    [
      "Who waits for whom",
      [
        times(
          "How long bets take",
          "Every bet at the gateway, by the time until its answer. Normal is one band around some ten milliseconds; a second band far above it is a queue or a lock.",
          `loljoa_bet_duration_seconds_bucket{${N}}`,
        ),
        lines(
          "How long each hop takes, the outer ones with the inner",
          "Means, from the outside inwards: each waits for the one below it. Normal is that they lie close together. Where two are far apart, the time goes between them.",
          "s",
          [
            [mean("loljoa_bet_duration_seconds", N, "loljoa_service"), "1 a bet at the gateway"],
            [mean("loljoa_grpc_request_duration_seconds", PLACE, "loljoa_service"), "2 a call to betting"],
            [mean("loljoa_bet_batch_seconds", N, "loljoa_service"), "3 a batch in betting"],
            [mean("loljoa_grpc_request_duration_seconds", APPLY, "loljoa_service"), "4 a call to the ledger"],
            [
              mean("loljoa_ledger_batch_seconds", `${N},class="bets"`, "loljoa_service"),
              "5 a batch in the ledger",
            ],
          ],
          { exemplars: true },
        ),
        lines(
          "p99 of each hop",
          "The slow ones, from the outside inwards. Normal is below 250 ms at the gateway (the dashed line is what is promised), and less further inside.",
          "s",
          [
            [quantile(0.99, `loljoa_bet_duration_seconds_bucket{${N}}`), "1 a bet at the gateway"],
            [quantile(0.99, `loljoa_grpc_request_duration_seconds_bucket{${PLACE}}`), "2 a call to betting"],
            [quantile(0.99, `loljoa_bet_batch_seconds_bucket{${N}}`), "3 a batch in betting"],
            [
              quantile(0.99, `loljoa_grpc_request_duration_seconds_bucket{${APPLY}}`),
              "4 a call to the ledger",
            ],
            [
              quantile(0.99, `loljoa_ledger_batch_seconds_bucket{${N},class="bets"}`),
              "5 a batch in the ledger",
            ],
          ],
          { exemplars: true, limits: [[0.25, "red"]] },
        ),
        lines(
          "What waits in queues",
          "Bets that wait at the gateway and in betting, and transfers that wait or are being applied in the ledger. Normal is next to 0; one that grows is behind the hop that is slow. Queues hold 10,000, 20,000 and 20,000 by themselves.",
          "short",
          [
            [`sum by (loljoa_service) (loljoa_bet_queue_depth{${N}})`, "{{loljoa_service}}"],
            [`sum by (class) (loljoa_ledger_queue_depth{${N}})`, "ledger: {{class}}"],
          ],
        ),
      ],
    ],
    [
      "How well bets share commits",
      [
        lines(
          "Bets in a batch",
          "Means. Normal is 1 when little is going on, and more the busier it is: that is how more bets cost no more commits. Small batches under load mean that bets do not meet.",
          "short",
          [
            [mean("loljoa_bet_batch_size", N, "loljoa_service"), "{{loljoa_service}}"],
            [mean("loljoa_ledger_batch_size", `${N},class="bets"`, "class"), "ledger: {{class}}"],
          ],
        ),
        lines(
          "The largest batches",
          "p99. Normal follows the load. At 2,000 betting takes no more at once.",
          "short",
          [
            [quantile(0.99, `loljoa_bet_batch_size_bucket{${N}}`, "loljoa_service"), "{{loljoa_service}}"],
            [quantile(0.99, `loljoa_ledger_batch_size_bucket{${N}}`, "class"), "ledger: {{class}}"],
          ],
        ),
        lines(
          "Batches a second",
          "Each is a commit or a call. Normal stays within some tens to hundreds, however many bets come.",
          "ops",
          [
            [rate(`loljoa_bet_batch_size_count{${N}}`, "loljoa_service"), "{{loljoa_service}}"],
            [rate(`loljoa_ledger_batch_size_count{${N}}`, "class"), "ledger: {{class}}"],
            [rate(`loljoa_cancel_batch_size_count{${N}}`), "cancels"],
          ],
        ),
        lines(
          "How batches of the ledger take their time",
          "p99 by class. Normal is some ten milliseconds. Payments may take longer, for nobody waits.",
          "s",
          [[quantile(0.99, `loljoa_ledger_batch_seconds_bucket{${N}}`, "class"), "{{class}}"]],
          { exemplars: true },
        ),
      ],
    ],
    [
      "How they end",
      [
        lines(
          "Bets at the gateway, by end",
          "Normal is accepted, and refused where somebody is late or has too few points. failed are errors by what is promised: a 5xx, a time-out, or a queue without room; normal is 0.",
          "ops",
          [[rate(`loljoa_bet_duration_seconds_count{${N}}`, "end"), "{{end}}"]],
          { stacked: true },
        ),
        lines(
          "How long each end takes",
          "p99 by end. Normal is below 250 ms (the dashed line) for what is accepted; refusals are faster.",
          "s",
          [[quantile(0.99, `loljoa_bet_duration_seconds_bucket{${N}}`, "end"), "{{end}}"]],
          { exemplars: true, limits: [[0.25, "red"]] },
        ),
        lines(
          "Bets, by result",
          "Normal is placed, and refused where somebody is late or has too few points. replayed are answers that were lost and asked for again; unavailable is 0.",
          "ops",
          [[rate(`loljoa_bets_total{${N}}`, "result"), "{{result}}"]],
          { stacked: true },
        ),
        lines(
          "Transfers, by outcome",
          "What the ledger made of what it was asked. Normal is applied; already_applied is the same request again.",
          "ops",
          [[rate(`loljoa_ledger_transfers_total{${N}}`, "outcome"), "{{outcome}}"]],
          { stacked: true },
        ),
        lines(
          "Turned away and given up",
          "Bets and calls that found a queue full, and work that was dropped because nobody waited any more. Normal is 0; anything else is capacity that is reached.",
          "ops",
          [
            [rare(`loljoa_bet_queue_refusals_total{${N}}`), "the gateway's queue"],
            [rare(`loljoa_refused_total{${N},limiter="bet_queue"}`), "betting's queue"],
            [rare(`loljoa_ledger_refusals_total{${N}}`, "class"), "the ledger's queue {{class}}"],
            [rare(`loljoa_dropped_work_total{${N}}`, "queue"), "dropped: {{queue}}"],
          ],
        ),
        lines(
          "Markets that are held",
          "Markets whose row somebody holds, and stakes that had been taken for one, by what became of them. Normal is 0.",
          "short",
          [
            [`max(loljoa_bet_stuck_markets{${N}}) or vector(0)`, "markets"],
            [rare(`loljoa_bets_recorded_late_total{${N}}`, "end"), "stakes a second: {{end}}"],
          ],
        ),
      ],
    ],
    [
      "Neighbours",
      [
        lines(
          "Replicas that callers see",
          "By state. Normal is answers alone; refuses is nobody there, hangs takes connections and says nothing.",
          "short",
          [
            [
              `sum by (loljoa_service, neighbour, state) (loljoa_neighbour_replicas{${N}})`,
              "{{loljoa_service}} sees {{neighbour}}: {{state}}",
            ],
          ],
        ),
        lines(
          "Calls that were sent again or not at all",
          "Normal is 0, and a few during a roll-out.",
          "ops",
          [
            [
              rare(`loljoa_neighbour_repetitions_total{${N}}`, "loljoa_service", "end"),
              "{{loljoa_service}}: {{end}}",
            ],
            [rare(`loljoa_neighbour_refusals_total{${N}}`, "loljoa_service"), "{{loljoa_service}}: all hang"],
            [
              rare(`loljoa_neighbour_hangs_total{${N}}`, "loljoa_service"),
              "{{loljoa_service}}: found one that hangs",
            ],
          ],
        ),
      ],
    ],
  ],
};
