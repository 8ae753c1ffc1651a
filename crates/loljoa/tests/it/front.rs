//! A proxy with a certificate of its own in front of a gateway, as a release's users meet it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use loljoa_test_tokens::certificates::Identity;
use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// A request that the first time gets an answer of the proxy's own.
struct Refusal {
    /// How it begins.
    request: &'static [u8],
    answer: &'static [u8],
    was_given: AtomicBool,
}

impl Refusal {
    const fn of(request: &'static [u8], answer: &'static [u8]) -> Self {
        Self { request, answer, was_given: AtomicBool::new(false) }
    }

    fn is_due(&self, said: &[u8]) -> bool {
        said.starts_with(self.request) && !self.was_given.swap(true, Ordering::SeqCst)
    }
}

/// One sign-up too many, and a bet whose market has locked a moment before.
fn refusals() -> [Refusal; 2] {
    [
        Refusal::of(
            b"POST /api/account/signup ",
            b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
        Refusal::of(
            b"POST /api/betting/bets ",
            b"HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ]
}

/// Where it listens, and what it has refused.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    refusals: Arc<[Refusal; 2]>,
}

impl Front {
    /// Passes all on to `gateway`, but for the first sign-up, which is told to come again, and the first bet, which comes too late.
    pub(crate) async fn start(identity: &Identity, gateway: SocketAddr) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refusals = Arc::new(refusals());
        let front = Self { address, refusals: Arc::clone(&refusals) };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, refusals) = (acceptor.clone(), Arc::clone(&refusals));
                // A client that goes away, or does not trust it, is no failure of the proxy's.
                tokio::spawn(async move { pass_on(&acceptor, socket, gateway, &*refusals).await.ok() });
            }
        });
        front
    }

    /// Whether all has been refused that it refuses once.
    pub(crate) fn has_refused_all(&self) -> bool {
        self.refusals.iter().all(|refusal| refusal.was_given.load(Ordering::SeqCst))
    }
}

async fn pass_on(
    acceptor: &TlsAcceptor,
    socket: TcpStream,
    gateway: SocketAddr,
    refusals: &[Refusal],
) -> io::Result<()> {
    let mut client = acceptor.accept(socket).await?;
    let mut gateway = TcpStream::connect(gateway).await?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let said = &asked[..read?];
                if let Some(refusal) = refusals.iter().find(|refusal| refusal.is_due(said)) {
                    client.write_all(refusal.answer).await?;
                    client.shutdown().await?;
                    return io::copy(&mut client, &mut io::sink()).await.map(drop);
                }
                if said.is_empty() {
                    return Ok(());
                }
                gateway.write_all(said).await?;
            }
            read = gateway.read(&mut answered) => {
                let said = &answered[..read?];
                if said.is_empty() {
                    return client.shutdown().await;
                }
                client.write_all(said).await?;
                client.flush().await?;
            }
        }
    }
}
