//! What every command says of itself.

use crate::support::loljoa;

fn help(command: &[&str]) -> String {
    let output = loljoa(command).arg("--help").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_shows_an_example() {
    let commands = [
        "up", "reset", "serve", "migrate", "import", "season", "demo", "floor", "smoke", "replay", "admin",
        "audit", "lab",
    ]
    .map(|command| vec![command]);
    let nested = [
        vec![],
        vec!["postgres", "run"],
        vec!["admin", "log-level"],
        vec!["admin", "reconcile"],
        vec!["admin", "periods"],
        vec!["admin", "periods", "archive"],
    ];
    for command in commands.into_iter().chain(nested) {
        assert!(help(&command).contains("Example"), "{command:?}");
    }
}

#[test]
fn the_commands_are_listed() {
    insta::assert_snapshot!(help(&[]), @r"
    LOL.JOA on one machine: points betting on League of Legends matches

    Usage: loljoa <COMMAND>

    Commands:
      up        Run the whole of LOL.JOA on this machine, until Ctrl-C
      reset     Forget the data of `loljoa up`
      serve     Run one service, as its own binary does
      migrate   Bring one service's database up to date, as its own binary does
      import    Bring a season file in, and report line by line
      season    Bring a season into a running release, by its public address, once it answers
      demo      Let demo bettors bet at a running release
      floor     Raise autoscalers' floors before matches start, by the calendar of a running release
      smoke     Walk a user's way through a running release: sign up, bet, and check the balance
      replay    Show the tournaments, and how far a replay is
      admin     Do what admins do: results, markets, incidents, corrections
      audit     Rebuild every balance and pool from transfers and bets, and show differences
      lab       Make the experiments of 2022: pods that refuse, break, die, or are many
      postgres  Work with a temporary PostgreSQL
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Examples:
      loljoa up                        everything at http://127.0.0.1:8080
      loljoa up --replay-interval 10s  a season that hurries
      loljoa audit                     is every point accounted for?
    ");
}

#[test]
fn up_tells_its_options() {
    insta::assert_snapshot!(help(&["up"]), @r"
    Run the whole of LOL.JOA on this machine, until Ctrl-C

    Usage: loljoa up [OPTIONS]

    Options:
          --data-dir <DIR>          The data directory [default: /var/lib/loljoa for root, ~/.local/share/loljoa for others] [env: LOLJOA_DATA_DIR]
          --account-cells <NUMBER>  How many databases the accounts are spread over, in cells of account; once and for all [env: LOLJOA_ACCOUNT_CELLS] [default: 1]
          --betting-cells <NUMBER>  How many databases the markets are spread over, in cells of betting; once and for all [env: LOLJOA_BETTING_CELLS] [default: 1]
          --listen <ADDRESS>        Where the page and the API are served [env: LOLJOA_LISTEN] [default: 127.0.0.1:8080]
          --processes               Run each service in a process of its own, and start again what dies [env: LOLJOA_PROCESSES]
          --replay-interval <TIME>  The time between two matches of the replay, and how long each lasts [env: LOLJOA_REPLAY_INTERVAL] [default: 60s]
          --replay-week <WEEK>      The week (1 to 9) that a new replay starts with, instead of the season's middle [env: LOLJOA_REPLAY_WEEK]
          --no-replay               Bring the season in as it was, without replaying it [env: LOLJOA_NO_REPLAY]
          --no-demo                 Leave betting to people [env: LOLJOA_NO_DEMO]
          --bettors <NUMBER>        How many demo bettors there are [env: LOLJOA_BETTORS] [default: 12]
          --web <DIR>               The web app's built files [env: LOLJOA_WEB]
          --pg-bin <DIR>            The directory of PostgreSQL's server binaries, instead of the best found [env: LOLJOA_PG_BIN]
          --otlp <URL>              An OTLP collector (gRPC) that gets every trace [env: LOLJOA_OTLP]
          --experiments             Let admins run the experiments of 2022 (block, turn off) [env: LOLJOA_EXPERIMENTS]
          --log <FILTER>            What is logged, in the syntax of `RUST_LOG` [env: LOLJOA_LOG] [default: warn]
          --observe                 Run Jaeger, Prometheus and Grafana beside, those that are installed, and show where they are [env: LOLJOA_OBSERVE]
          --observe-bin <DIR>       Where these programs are looked for, before PATH [env: LOLJOA_OBSERVE_BIN]
          --jaeger-port <PORT>      Where Jaeger shows traces; another port where this one is taken, as for the next two [env: LOLJOA_JAEGER_PORT] [default: 16686]
          --prometheus-port <PORT>  Where Prometheus is asked [env: LOLJOA_PROMETHEUS_PORT] [default: 9090]
          --grafana-port <PORT>     Where Grafana shows dashboards [env: LOLJOA_GRAFANA_PORT] [default: 3000]
      -h, --help                    Print help

    Examples:
      loljoa up
      loljoa up --listen 127.0.0.1:9000 --data-dir /tmp/loljoa
      loljoa up --replay-interval 10s --replay-week 5 --bettors 30
      loljoa up --processes --otlp http://127.0.0.1:4317
      loljoa up --processes --observe
    ");
}

#[test]
fn floor_tells_its_options() {
    insta::assert_snapshot!(help(&["floor"]), @r"
    Raise autoscalers' floors before matches start, by the calendar of a running release

    Usage: loljoa floor [OPTIONS] --url <URL> <NAME=REST:RAISED>...

    Arguments:
      <NAME=REST:RAISED>...  An autoscaler of this namespace, its floor at rest, and the one before a match

    Options:
          --url <URL>                 The public address, such as `https://loljoa.example`
          --ca-file <FILE>            Certificates (PEM) that are trusted besides the usual ones
          --connect <IP:PORT>         Connect to this address instead of looking the URL's name up; a port that the URL has counts instead of its own
          --lead <SECONDS>            So long before a match starts [default: 600]
          --hold <SECONDS>            … and so long after its start [default: 120]
          --every <SECONDS>           How often it looks [default: 15]
          --once                      Look once, and fail when something does not answer
          --api-server <URL>          The Kubernetes API [default: https://kubernetes.default.svc]
          --service-account <FOLDER>  The folder with a service account's token, ca.crt and namespace [default: /var/run/secrets/kubernetes.io/serviceaccount]
      -h, --help                      Print help

    It reads matches at the public API, and may read and change nothing else than these autoscalers. Where the calendar or the Kubernetes API
    does not answer, floors stay as they are. The chart runs it with autoscaling.calendar.enabled.

    Examples:
      loljoa floor --url http://loljoa-gateway:8080 loljoa-gateway=1:3 loljoa-betting=1:2
      loljoa floor --url https://loljoa.example --lead 1800 --once loljoa-gateway=2:6
    ");
}
