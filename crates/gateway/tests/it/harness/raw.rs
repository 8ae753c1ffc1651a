//! Clients that say only what they are told to, byte by byte.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{self, Duration},
};

use super::{Gateway, PATIENCE};

/// What an HTTP/2 client says first.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

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

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const INDEXED_200: u8 = 0x88;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The beginning of a connection in HTTP/2 whose streams have so much room for answers.
pub(crate) fn opening(window: u32) -> Vec<u8> {
    let mut setting = vec![0, 4];
    setting.extend(window.to_be_bytes());
    [PREFACE, &frame(SETTINGS, 0, 0, &setting)].concat()
}

/// A GET as frame, the literals unpacked.
pub(crate) fn get(stream: u32, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04];
    literal(&mut block, path);
    block.push(0x01);
    literal(&mut block, "gateway");
    for (name, value) in headers {
        block.push(0x00);
        literal(&mut block, name);
        literal(&mut block, value);
    }
    frame(HEADERS, 0x5, stream, &block)
}

/// A stream that is given up.
pub(crate) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

fn literal(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap());
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128 + 128).unwrap());
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap());
    }
    block.extend(text.as_bytes());
}
