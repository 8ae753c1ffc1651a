use std::{io, net::SocketAddr, process::ExitCode, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

const TIMEOUT: Duration = Duration::from_secs(2);
/// More than why a replica is not ready.
const LONGEST: u64 = 8_192;

/// Asks `/readyz` at `admin`. Whoever looks at the container is told why it is not ready.
#[expect(clippy::print_stderr, reason = "what a health check says is kept by whoever runs it")]
pub(super) async fn ask(admin: SocketAddr) -> ExitCode {
    let answer =
        time::timeout(TIMEOUT, answer(admin)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    match answer {
        Ok(answer) if is_ok(&answer) => ExitCode::SUCCESS,
        Ok(answer) => {
            eprintln!("{}", answer.lines().next_back().unwrap_or_default());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{admin} does not answer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn answer(admin: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(admin).await?;
    stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn is_ok(answer: &str) -> bool {
    answer.split(' ').nth(1) == Some("200")
}
