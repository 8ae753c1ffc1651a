//! Certificates for tests: an authority, and servers that it vouches for.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// An authority that vouches for servers.
pub struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

/// What a server shows and what it keeps to itself, both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A fresh one that nobody trusts yet.
    ///
    /// # Panics
    ///
    /// When the system has no randomness.
    #[must_use]
    pub fn fresh(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = named(name, Vec::new());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// Its own certificate, PEM: who has it trusts it.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.certificate.pem()
    }

    /// A server of this name or address.
    #[must_use]
    pub fn server(&self, host: &str) -> Identity {
        self.vouch(named(host, vec![host.to_owned()]))
    }

    /// As [`Self::server`], whose certificate has ended.
    #[must_use]
    pub fn expired_server(&self, host: &str) -> Identity {
        let mut params = named(host, vec![host.to_owned()]);
        (params.not_before, params.not_after) = (date_time_ymd(2021, 1, 1), date_time_ymd(2022, 1, 12));
        self.vouch(params)
    }

    fn vouch(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.certificate, &self.key).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn named(name: &str, hosts: Vec<String>) -> CertificateParams {
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
