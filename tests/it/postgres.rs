//! The PostgreSQL server that the environment names, and a schema of it for each test.

#![expect(
    clippy::disallowed_methods,
    reason = "which database to test with is a fact of the machine"
)]

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;
use uuid::Uuid;

const VARIABLE: &str = "LIKENESS_TEST_DATABASE_URL";

/// How an address names the schema to work in.
const SCHEMA: &str = "options[search_path]=";

/// The server's address, or a line that the test was skipped.
pub(crate) fn address(test: &str) -> Option<String> {
    let named = std::env::var(VARIABLE).ok();
    if named.is_none() {
        // Straight to stderr, past the capture that swallows what passing tests print.
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, "skipped: postgres {test} ({VARIABLE} is not set)").unwrap();
    }
    named
}

/// Makes an empty schema and gives the address that works in it.
pub(crate) async fn in_new_schema(url: &str) -> String {
    let schema = format!("test_{}", Uuid::now_v7().simple());
    let statement = format!("CREATE SCHEMA {schema}");
    let made = connect(url).await.execute_unprepared(&statement).await;
    made.unwrap();
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{SCHEMA}{schema}")
}

/// Drops the schema that an address works in.
pub(crate) async fn drop_schema(url: &str, address: &str) {
    let (_, schema) = address.split_once(SCHEMA).unwrap();
    let statement = format!("DROP SCHEMA {schema} CASCADE");
    let dropped = connect(url).await.execute_unprepared(&statement).await;
    dropped.unwrap();
}

pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(url).await.unwrap()
}

/// A line to the server that a test can cut: a port of its own, whose connections are passed on.
pub(crate) struct Line {
    address: String,
    at: SocketAddr,
    server: Target,
    passing: Mutex<Option<JoinHandle<()>>>,
}

/// Where the server listens.
#[derive(Clone)]
enum Target {
    Socket(PathBuf),
    Port(String, u16),
}

impl Line {
    /// A line to the database that an address names.
    pub(crate) fn to(address: &str) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let mut url = Url::parse(address).unwrap();
        let named: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let socket = named.iter().find(|(name, _)| name == "host");
        let server = match socket {
            Some((_, folder)) => Target::Socket(Path::new(folder).join(".s.PGSQL.5432")),
            None => Target::Port(
                url.host_str().unwrap().to_owned(),
                url.port().unwrap_or(5432),
            ),
        };
        let kept = named.into_iter().filter(|(name, _)| name != "host");
        let kept: Vec<(String, String)> = kept.collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(at.port())).unwrap();
        let line = Self {
            address: url.to_string(),
            at,
            server,
            passing: Mutex::new(None),
        };
        line.pass(listener);
        line
    }

    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Breaks every connection, and takes none.
    pub(crate) async fn cut(&self) {
        let passing = self.passing.lock().unwrap().take().unwrap();
        passing.abort();
        let _ = passing.await;
    }

    pub(crate) fn mend(&self) {
        self.pass(std::net::TcpListener::bind(self.at).unwrap());
    }

    fn pass(&self, listener: std::net::TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let server = self.server.clone();
        let passing = tokio::spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            // They are broken off together with this.
            let mut connections = JoinSet::new();
            loop {
                let (caller, _) = listener.accept().await.unwrap();
                connections.spawn(connect_through(caller, server.clone()));
            }
        });
        *self.passing.lock().unwrap() = Some(passing);
    }
}

async fn connect_through(mut caller: TcpStream, server: Target) {
    // Either side may break off; that is what a line is like.
    let _ = match server {
        Target::Socket(path) => {
            let mut server = UnixStream::connect(path).await.unwrap();
            tokio::io::copy_bidirectional(&mut caller, &mut server).await
        }
        Target::Port(host, port) => {
            let mut server = TcpStream::connect((host, port)).await.unwrap();
            tokio::io::copy_bidirectional(&mut caller, &mut server).await
        }
    };
}
