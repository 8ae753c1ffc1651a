//! A service in a process of its own: this program, run again.

mod child;
mod collector;
mod stories;

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use loljoa_private_postgres::free_port;
use loljoa_service_kit::{config::Upstream, grpc::client};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running service.
struct Service {
    process: Child,
    grpc: SocketAddr,
    admin: SocketAddr,
    lines: mpsc::Receiver<String>,
}

impl Service {
    /// Starts one that plays `role`, configured by `environment` and the file, if there is one.
    fn start(role: &str, environment: &[(&str, &str)], file: Option<&Path>) -> Self {
        let [grpc, admin] = [0, 1].map(|_| SocketAddr::from(([127, 0, 0, 1], free_port().unwrap())));
        let mut command = Command::new(env::current_exe().unwrap());
        // Two threads, lest the test's name stand before the first line.
        command.args(["process::child::role", "--exact", "--nocapture", "--test-threads=2"]);
        command.env(child::ROLE, role).env("LOLJOA__GRPC__LISTEN", format!("\"{grpc}\""));
        command.env("LOLJOA__RUNTIME__ADMIN_LISTEN", format!("\"{admin}\""));
        command.env("LOLJOA__RUNTIME__DRAIN__DELAY_MS", "0");
        command.envs(environment.iter().copied());
        if let Some(file) = file {
            command.env(child::FILE, file);
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        Self { process, grpc, admin, lines }
    }

    /// Calls a method from within a trace, and gives the status of its answer.
    async fn call(&self, method: &str, traceparent: &str) -> i32 {
        let channel =
            client::connect(&Upstream::at(format!("http://{}", self.grpc).parse().unwrap())).unwrap();
        let call = || {
            let request = http::Request::post(format!("http://{}{method}", self.grpc));
            let request = request.header("content-type", "application/grpc").header("te", "trailers");
            let request = request.header("traceparent", traceparent);
            channel.clone().oneshot(request.body(tonic::body::Body::empty()).unwrap())
        };
        // It may not listen yet.
        let listens = async { while TcpStream::connect(self.grpc).await.is_err() {} };
        tokio::time::timeout(PATIENCE, listens).await.unwrap();
        match call().await {
            Ok(answer) => answer.headers()["grpc-status"].to_str().unwrap().parse().unwrap(),
            Err(status) => status.code().into(),
        }
    }

    /// The next line of the log whose message contains `text`. Every line before is looked at as well.
    fn says(&self, text: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not say {text}"));
            let Some(line) = parse(&line) else { continue };
            if line["message"].as_str().unwrap().contains(text) {
                return line;
            }
        }
    }

    /// What is answered to a request about the log's level by somebody who is an admin.
    async fn log_level(&self, method: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.admin).await.unwrap();
        let head = format!(
            "{method} /log-level HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bengi\r\nConnection: close\r\n"
        );
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// What a health check says of it.
    async fn is_ready(&self) -> Output {
        ask(self.admin).await
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Asks it to stop, and gives what it has said since, and how it ended.
    fn stop(mut self) -> (Vec<Value>, ExitStatus) {
        self.signal("-TERM");
        let status = self.process.wait().unwrap();
        (self.lines.iter().filter_map(|line| parse(&line)).collect(), status)
    }
}

/// What a health check says of whoever listens there.
async fn ask(admin: SocketAddr) -> Output {
    let mut command = tokio::process::Command::new(env::current_exe().unwrap());
    command.args(["process::child::role", "--exact", "--nocapture", "--test-threads=2"]);
    command.env(child::ROLE, "health check").env(child::ADMIN, admin.to_string()).output().await.unwrap()
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A line of the log, which is JSON with its trace, or nothing for what the test program says of itself.
fn parse(line: &str) -> Option<Value> {
    let own = ["running 1 test", "test process::child::role", "test result:"];
    if line.is_empty() || own.iter().any(|own| line.starts_with(own)) {
        return None;
    }
    let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    for key in ["service", "version", "target", "level", "timestamp"] {
        assert!(parsed[key].as_str().is_some_and(|text| !text.is_empty()), "no {key}: {line}");
    }
    for (key, digits) in [("trace_id", 32), ("span_id", 16)] {
        let id = parsed[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
        assert!(id.is_empty() || id.len() == digits, "{line}");
    }
    Some(parsed)
}
