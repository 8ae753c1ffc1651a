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

/// The answer to a bet whose market has locked a moment before.
const LOCKED: &[u8] = b"HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Where it listens, and what it has done.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    too_late: Arc<AtomicBool>,
}

impl Front {
    /// Passes all on to `gateway`, but for the first bet, which comes too late.
    pub(crate) async fn start(identity: &Identity, gateway: SocketAddr) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let too_late = Arc::new(AtomicBool::new(false));
        let front = Self { address, too_late: Arc::clone(&too_late) };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, too_late) = (acceptor.clone(), Arc::clone(&too_late));
                // A client that goes away, or does not trust it, is no failure of the proxy's.
                tokio::spawn(async move { pass_on(&acceptor, socket, gateway, &too_late).await.ok() });
            }
        });
        front
    }

    /// Whether a bet came too late.
    pub(crate) fn was_too_late(&self) -> bool {
        self.too_late.load(Ordering::SeqCst)
    }
}

async fn pass_on(
    acceptor: &TlsAcceptor,
    socket: TcpStream,
    gateway: SocketAddr,
    too_late: &AtomicBool,
) -> io::Result<()> {
    let mut client = acceptor.accept(socket).await?;
    let mut gateway = TcpStream::connect(gateway).await?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let said = &asked[..read?];
                if said.starts_with(b"POST /api/betting/bets ") && !too_late.swap(true, Ordering::SeqCst) {
                    client.write_all(LOCKED).await?;
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
