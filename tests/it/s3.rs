//! A server that speaks S3, on loopback, with a bucket in a folder of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::JoinHandle;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use likeness::store::options::{BlobOptions, BucketAccess, BucketOptions};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(crate) const BUCKET: &str = "faces";
pub(crate) const KEY_ID: &str = "AKIDTEST";
pub(crate) const SECRET: &str = "a-secret-of-tests";

/// The master key of nodes that share what they keep.
pub(crate) const MASTER_KEY: &str = "bGlrZW5lc3MtdGVzdHMtb25lLWtleS0zMi1ieXRlcyE=";

/// The server; it ends with this.
pub(crate) struct S3Server {
    folder: TempDir,
    running: Mutex<Option<Running>>,
    address: SocketAddr,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl S3Server {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            folder,
            running: Mutex::new(None),
        };
        server.run(listener);
        server
    }

    /// Answers nobody any more; what is kept stays.
    pub(crate) fn stop(&self) {
        let running = self.running.lock().unwrap().take();
        if let Some(Running { stop, thread }) = running {
            let _ = stop.send(());
            thread.join().unwrap();
        }
    }

    /// Answers again, at the same address.
    pub(crate) fn start_again(&self) {
        self.run(TcpListener::bind(self.address).unwrap());
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bucket, below a prefix.
    pub(crate) fn options(&self, prefix: &str) -> BlobOptions {
        BlobOptions::Bucket(BucketOptions {
            bucket: BUCKET.to_owned(),
            prefix: prefix.to_owned(),
            access: BucketAccess {
                endpoint: self.endpoint(),
                region: "us-east-1".to_owned(),
                key_id: KEY_ID.to_owned(),
                secret: SECRET.to_owned(),
            },
        })
    }

    /// Where the objects of the bucket lie, each under its key.
    pub(crate) fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// The parts of objects that have not become whole.
    pub(crate) fn parts(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().contains(".part-")
            })
            .count()
    }

    /// On a thread of its own, so that it lives as long as this whatever runtime a test has.
    fn run(&self, listener: TcpListener) {
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = service.build();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, service) => {}
                    _ = stopped => {}
                }
            });
        });
        *self.running.lock().unwrap() = Some(Running { stop, thread });
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn accept(listener: TcpListener, service: S3Service) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let service = service.clone();
        tokio::spawn(async move {
            let server = Builder::new(TokioExecutor::new());
            // A caller that goes away is no failure of the server.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
