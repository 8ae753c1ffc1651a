//! Several replicas behind one name, on one machine.
//!
//! The client-side balancer spreads calls over the addresses of a name, at one port. So each replica listens on an address of
//! its own of the loopback network, and the gateway looks the name up in a hosts file of its own, which is put over the
//! machine's for this one process (a mount namespace; without root also a user namespace).

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::Context;
use nix::unistd::Uid;
use tokio::process::Command;

/// The name that stands for all replicas of betting.
const NAME: &str = "betting.loljoa.test";
/// More than anybody wants of one machine.
const MOST: usize = 200;

/// The replicas of betting.
pub(super) struct Replicas {
    port: u16,
    addresses: Vec<Ipv4Addr>,
}

impl Replicas {
    pub(super) fn new(count: usize, port: u16) -> anyhow::Result<Self> {
        anyhow::ensure!((1..=MOST).contains(&count), "there can be 1 to {MOST} replicas, not {count}");
        let addresses = (1..).take(count).map(|last| Ipv4Addr::new(127, 0, 1, last)).collect();
        Ok(Self { port, addresses })
    }

    /// Where each listens.
    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().map(|ip| SocketAddr::from((*ip, self.port)))
    }

    /// Where whoever calls them finds them.
    pub(super) fn url(&self) -> String {
        match self.addresses.as_slice() {
            [one] => format!("http://{one}:{}", self.port),
            _ => format!("http://{NAME}:{}", self.port),
        }
    }

    /// A command that runs `program`, knowing the name.
    pub(super) fn caller(&self, program: &Path, directory: &Path) -> anyhow::Result<Command> {
        if self.addresses.len() == 1 {
            return Ok(Command::new(program));
        }
        let hosts = directory.join("hosts");
        fs::write(&hosts, self.hosts()).with_context(|| hosts.display().to_string())?;
        let mut command = Command::new("unshare");
        if !Uid::effective().is_root() {
            command.arg("--map-root-user");
        }
        let over = r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#;
        command.args(["--mount", "--", "sh", "-c", over, "sh"]).arg(hosts).arg(program);
        Ok(command)
    }

    fn hosts(&self) -> String {
        let lines = self.addresses.iter().map(|address| format!("{address} {NAME}\n"));
        std::iter::once("127.0.0.1 localhost\n".to_owned()).chain(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_stands_for_all_replicas_and_each_has_its_address() {
        let replicas = Replicas::new(3, 20_001).unwrap();
        let addresses: Vec<_> = replicas.addresses().map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["127.0.1.1:20001", "127.0.1.2:20001", "127.0.1.3:20001"]);
        assert_eq!(replicas.url(), "http://betting.loljoa.test:20001");
        let expected = "127.0.0.1 localhost\n127.0.1.1 betting.loljoa.test\n\
            127.0.1.2 betting.loljoa.test\n127.0.1.3 betting.loljoa.test\n";
        assert_eq!(replicas.hosts(), expected);
    }

    #[test]
    fn a_single_replica_needs_no_name() {
        assert_eq!(Replicas::new(1, 20_001).unwrap().url(), "http://127.0.1.1:20001");
        assert!(Replicas::new(0, 20_001).is_err());
    }
}
