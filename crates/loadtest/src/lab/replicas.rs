//! Several replicas behind one name, on one machine.
//!
//! The client-side balancer spreads calls over the addresses of a name, at one port. So each replica listens on an address of
//! its own of the loopback network, and whoever calls them looks the name up in a hosts file of its own, which is put over the
//! machine's for this one process (a mount namespace; without root also a user namespace).

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
};

use anyhow::Context;
use nix::unistd::Uid;
use tokio::process::Command;

use crate::results::Service;

/// The hosts file of callers.
const HOSTS: &str = "hosts";
/// More than anybody wants of one machine.
const MOST: usize = 200;

/// The replicas of a service.
#[derive(Clone)]
pub(super) struct Addresses {
    service: Service,
    port: u16,
    ips: Vec<Ipv4Addr>,
}

impl Addresses {
    /// So many: the first, and those that follow its address.
    pub(super) fn new(service: Service, first: SocketAddrV4, count: usize) -> anyhow::Result<Self> {
        let name = service.name();
        anyhow::ensure!(
            (1..=MOST).contains(&count),
            "there can be 1 to {MOST} replicas of {name}, not {count}"
        );
        let ips = (u32::from(*first.ip())..).take(count).map(Ipv4Addr::from).collect();
        Ok(Self { service, port: first.port(), ips })
    }

    /// Where each listens.
    pub(super) fn each(&self) -> impl Iterator<Item = SocketAddr> {
        self.ips.iter().map(|ip| SocketAddr::from((*ip, self.port)))
    }

    /// Where whoever calls them finds them.
    pub(super) fn url(&self) -> String {
        match self.ips.as_slice() {
            [one] => format!("http://{one}:{}", self.port),
            _ => format!("http://{}:{}", self.name(), self.port),
        }
    }

    /// Those of them whose flag is set.
    pub(super) fn only(&self, wanted: &[bool]) -> Self {
        let ips = self.ips.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(ip, _)| *ip);
        Self { ips: ips.collect(), ..self.clone() }
    }

    /// Writes the names of these and `others` anew, for whoever looks them up already.
    pub(super) fn tell(&self, others: &[&Self], directory: &Path) -> anyhow::Result<()> {
        let all: Vec<_> = others.iter().copied().chain([self]).collect();
        let file = directory.join(HOSTS);
        fs::write(&file, hosts(&all)).with_context(|| file.display().to_string())
    }

    /// The name that stands for all of them.
    fn name(&self) -> String {
        format!("{}.loljoa.test", self.service.name())
    }
}

/// A command that runs `program`, knowing the names of `neighbours`.
pub(super) fn caller(program: &Path, neighbours: &[&Addresses], directory: &Path) -> anyhow::Result<Command> {
    if neighbours.iter().all(|neighbour| neighbour.ips.len() == 1) {
        return Ok(Command::new(program));
    }
    let file = directory.join(HOSTS);
    fs::write(&file, hosts(neighbours)).with_context(|| file.display().to_string())?;
    let mut command = Command::new("unshare");
    if !Uid::effective().is_root() {
        command.arg("--map-root-user");
    }
    let over = r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#;
    command.args(["--mount", "--", "sh", "-c", over, "sh"]).arg(file).arg(program);
    Ok(command)
}

fn hosts(neighbours: &[&Addresses]) -> String {
    let lines = |of: &&Addresses| {
        let name = of.name();
        of.ips.iter().map(|ip| format!("{ip} {name}\n")).collect::<Vec<_>>().concat()
    };
    std::iter::once("127.0.0.1 localhost\n".to_owned()).chain(neighbours.iter().map(lines)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replicas(service: Service, network: u8, count: usize) -> anyhow::Result<Addresses> {
        Addresses::new(service, SocketAddrV4::new(Ipv4Addr::new(127, 0, network, 1), 20_001), count)
    }

    #[test]
    fn one_name_stands_for_all_replicas_of_a_service_and_each_has_its_address() {
        let betting = replicas(Service::Betting, 1, 3).unwrap();
        let addresses: Vec<_> = betting.each().map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["127.0.1.1:20001", "127.0.1.2:20001", "127.0.1.3:20001"]);
        assert_eq!(betting.url(), "http://betting.loljoa.test:20001");
        let account = replicas(Service::Account, 0, 2).unwrap();
        let expected = "127.0.0.1 localhost\n127.0.0.1 account.loljoa.test\n127.0.0.2 account.loljoa.test\n\
            127.0.1.1 betting.loljoa.test\n127.0.1.2 betting.loljoa.test\n127.0.1.3 betting.loljoa.test\n";
        assert_eq!(hosts(&[&account, &betting]), expected);
    }

    #[test]
    fn a_single_replica_needs_no_name() {
        let single = replicas(Service::Betting, 1, 1).unwrap();
        assert_eq!(single.url(), "http://127.0.1.1:20001");
        let command = caller(Path::new("loljoa"), &[&single], Path::new("/nowhere")).unwrap();
        assert_eq!(command.as_std().get_program(), "loljoa");
        assert!(replicas(Service::Betting, 1, 0).is_err());
    }
}
