use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::{Arguments, observe::Plan};
use crate::{
    data_dir::{DataDir, Secrets},
    system::{ADMIN, Service, ServiceAddresses},
};

/// What a person needs to know of a system that has just come up.
pub(super) fn of(
    arguments: &Arguments,
    data: &DataDir,
    secrets: &Secrets,
    addresses: &BTreeMap<Service, ServiceAddresses>,
    plan: &Plan,
) -> String {
    let gateway = addresses[&Service::Gateway].reachable();
    let mut lines = vec![
        headline(arguments),
        format!("  page      http://{gateway}/"),
        format!("  API       http://{gateway}/api/docs"),
    ];
    for (service, addresses) in metrics(arguments, addresses) {
        lines.push(format!("  metrics   http://{}/metrics ({service})", addresses.admin));
    }
    lines.extend(plan.lines());
    lines.push(format!("  admin     {ADMIN}, password {}", secrets.admin.expose_secret()));
    lines.push(format!("  data      {}", data.path().display()));
    lines.push("Ctrl-C stops it; the next `loljoa up` goes on with the same data.".to_owned());
    lines.join("\n")
}

fn headline(arguments: &Arguments) -> String {
    if arguments.no_replay {
        return "LOL.JOA is up, with LCK 2022 Spring as it was.".to_owned();
    }
    let interval = arguments.replay_interval;
    format!("LOL.JOA is up, replaying LCK 2022 Spring: a match starts every {interval:?}.")
}

/// One process has one set of metrics, whichever port it is read at.
fn metrics<'a>(
    arguments: &Arguments,
    addresses: &'a BTreeMap<Service, ServiceAddresses>,
) -> Vec<(&'a str, &'a ServiceAddresses)> {
    let each = addresses.iter().map(|(service, addresses)| (service.name(), addresses));
    if arguments.processes {
        each.collect()
    } else {
        each.take(1).map(|(_, at)| ("all services", at)).collect()
    }
}
