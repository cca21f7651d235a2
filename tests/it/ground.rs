//! Where a service of a test keeps things: in a folder of its own; or as nodes share them, in PostgreSQL and on a server
//! that speaks S3.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use likeness::config::{Config, DatabaseUrl, Secret};
use tempfile::TempDir;

use crate::postgres;
use crate::s3::{BUCKET, KEY_ID, MASTER_KEY, S3Server, SECRET};

/// Runs tests of this module once more on what nodes share.
macro_rules! also_on_shared_ground {
    ($($name:ident)*) => {
        mod on_shared_ground { $(
            #[test]
            fn $name() {
                let name = concat!(module_path!(), "::", stringify!($name));
                crate::ground::shared(name, super::$name);
            }
        )* }
    };
}
pub(crate) use also_on_shared_ground;

thread_local! {
    /// The server whose schemas the services of this thread's test work in; where none is named each has its own folder.
    static SHARED: RefCell<Option<Server>> = const { RefCell::new(None) };
}

struct Server {
    url: String,
    schemas: Vec<String>,
}

/// Gone with its service.
pub(crate) struct Ground {
    folder: TempDir,
    shared: Option<Shared>,
}

struct Shared {
    database: String,
    s3: S3Server,
}

impl Ground {
    /// The ground that this thread's test stands on.
    pub(crate) async fn new() -> Arc<Self> {
        let server = SHARED.with_borrow(|server| server.as_ref().map(|it| it.url.clone()));
        let shared = match server {
            Some(url) => {
                let database = postgres::in_new_schema(&url).await;
                SHARED.with_borrow_mut(|server| {
                    server.as_mut().unwrap().schemas.push(database.clone());
                });
                let s3 = S3Server::start();
                Some(Shared { database, s3 })
            }
            None => None,
        };
        let folder = TempDir::new().unwrap();
        Arc::new(Self { folder, shared })
    }

    /// Has a node keep its things here, and what is on its way in a folder of its own.
    pub(crate) fn configure(&self, config: &mut Config, node: &str) {
        config.data = self.folder.path().join(node);
        if let Some(Shared { database, s3 }) = &self.shared {
            config.database_url = DatabaseUrl(database.clone());
            config.blobs_url = format!("s3://{BUCKET}/of-a-test");
            config.s3_endpoint = s3.endpoint();
            config.s3_key_id = Secret(KEY_ID.to_owned());
            config.s3_secret = Secret(SECRET.to_owned());
            config.master_key = Secret(MASTER_KEY.to_owned());
        }
    }

    /// The server that the blobs lie on, where nodes share them.
    pub(crate) fn s3(&self) -> Option<&S3Server> {
        self.shared.as_ref().map(|shared| &shared.s3)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the database of a node.
    pub(crate) fn database(&self, node: &str) -> String {
        if let Some(shared) = &self.shared {
            return shared.database.clone();
        }
        let file = self.folder.path().join(node).join("likeness.db");
        format!("sqlite://{}", file.display())
    }

    /// Where every blob is a file under its key.
    pub(crate) fn blobs(&self, node: &str) -> PathBuf {
        match &self.shared {
            Some(shared) => shared.s3.objects().join("of-a-test"),
            None => self.folder.path().join(node).join("blobs"),
        }
    }
}

/// Drops the schemas of a test that has ended, however it did.
struct Clean;

impl Drop for Clean {
    fn drop(&mut self) {
        let Some(server) = SHARED.take() else { return };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for schema in server.schemas {
            runtime.block_on(postgres::drop_schema(&server.url, &schema));
        }
    }
}

/// Runs a test whose services share PostgreSQL and a bucket; without a server it is listed as skipped.
pub(crate) fn shared(name: &str, test: impl FnOnce()) {
    let Some(url) = postgres::address(name) else {
        return;
    };
    SHARED.set(Some(Server {
        url,
        schemas: Vec::new(),
    }));
    let _clean = Clean;
    test();
}
