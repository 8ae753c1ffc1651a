//! Clients that say only what they are told to, byte by byte.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{self, Duration},
};

use super::{Gateway, PATIENCE, frames::HEADERS};

const GOAWAY: u8 = 7;
/// 200, as HPACK's static table has it.
const INDEXED_200: u8 = 0x88;

/// A connection.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    /// A connection on which so much has been said.
    pub(crate) async fn saying(gateway: &Gateway, said: &[u8]) -> Self {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(said).await.unwrap();
        Self(socket)
    }

    /// The same, from a machine with little room for answers.
    pub(crate) async fn narrow(gateway: &Gateway, said: &[u8]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let mut socket = socket.connect(gateway.address).await.unwrap();
        socket.write_all(said).await.unwrap();
        Self(socket)
    }

    /// Reads until the other side closes.
    pub(crate) async fn until_closed(mut self) -> Vec<u8> {
        let mut read = Vec::new();
        // A reset is an end too.
        let _ = time::timeout(PATIENCE, self.0.read_to_end(&mut read)).await.expect("it is closed in time");
        read
    }

    /// Waits until the other side has hung up, without reading what it said before.
    pub(crate) async fn cut_off(&self) {
        let hung_up = async {
            loop {
                match self.0.try_write(b"x") {
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                    _ => time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        time::timeout(PATIENCE, hung_up).await.expect("it is cut off in time");
    }

    /// Reads one answer in HTTP/1.1 whose body has a length.
    pub(crate) async fn answer(&mut self) -> String {
        let mut read = Vec::new();
        let reading = async {
            loop {
                let text = String::from_utf8_lossy(&read).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && body.len() >= length(head)
                {
                    return text;
                }
                assert_ne!(self.0.read_buf(&mut read).await.unwrap(), 0, "the answer ended early: {text}");
            }
        };
        time::timeout(PATIENCE, reading).await.expect("there is an answer")
    }

    /// Reads frames of HTTP/2 until the head of the answer on `stream`; whether it says 200.
    pub(crate) async fn answered_on(&mut self, stream: u32) -> bool {
        let reading = async {
            loop {
                let mut head = [0; 9];
                self.0.read_exact(&mut head).await.unwrap();
                let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
                self.0.read_exact(&mut payload).await.unwrap();
                let (kind, of) = (head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
                assert_ne!(kind, GOAWAY, "{payload:?}");
                if (kind, of) == (HEADERS, stream) {
                    return payload[0] == INDEXED_200;
                }
            }
        };
        time::timeout(PATIENCE, reading).await.expect("there is an answer")
    }
}

fn length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    found.map_or(0, |(_, value)| value.trim().parse().unwrap())
}
