//! Every setting with its default: from a file, then the environment (`LIKENESS_…`), then the command line.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The commented file that lists every setting; a test keeps it true.
pub const SAMPLE: &str = include_str!("../likeness.sample.toml");

/// Every setting of the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub models: PathBuf,
    pub mirror: PathBuf,
    pub embedder: String,
    pub precision: String,
    pub database_url: DatabaseUrl,
    pub database_connections: u32,
    pub master_key: Secret,
    pub master_key_file: PathBuf,
    pub scratch: PathBuf,
    pub blobs_url: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_key_id: Secret,
    pub s3_secret: Secret,
    pub rules: PathBuf,
    pub workers: usize,
    pub look_threads: usize,
    pub max_waiting_looks: usize,
    pub max_awaited: usize,
    pub max_queued: u64,
    pub max_attempts: u32,
    pub lease_seconds: u32,
    pub max_wait_seconds: u32,
    pub max_receive_seconds: u32,
    pub stop_seconds: u32,
    pub rate_per_token: u32,
    pub rate_per_address: u32,
    pub rate_burst: u32,
    pub trusted_proxies: String,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub max_document_bytes: u64,
    pub max_document_pixels: u64,
    pub max_picture_bytes: usize,
    pub max_json_bytes: usize,
    pub max_video_bytes: u64,
    pub max_video_seconds: u32,
    pub max_video_pixels: u64,
    pub max_video_streams: usize,
    pub sandbox: SandboxMode,
    pub sandbox_memory_megabytes: u64,
    pub sandbox_seconds: u32,
    pub sandbox_ready: usize,
    pub fremis_project: String,
    pub callback_hosts: String,
    pub log: String,
    pub log_format: LogFormat,
    pub metrics_listen: String,
    pub metrics_token: Secret,
    pub otlp_endpoint: String,
    /// The program that decodes files behind walls, this one where it is empty. No setting: for whoever builds the service
    /// into another program, as tests do.
    #[serde(skip)]
    pub decoder: PathBuf,
}

/// Whether files of strangers are decoded behind walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxMode {
    /// Behind those that the kernel has.
    On,
    /// Behind all, or not at all.
    Strict,
    /// In the service itself.
    Off,
}

/// A database's address; its `Debug` hides the password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(pub String);

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "\"…\"" })
    }
}

/// A setting that its `Debug` does not show.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "\"…\"" })
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            models: PathBuf::from("models"),
            mirror: PathBuf::new(),
            embedder: String::new(),
            precision: "f32".to_owned(),
            database_url: DatabaseUrl::default(),
            database_connections: 8,
            master_key: Secret::default(),
            master_key_file: PathBuf::new(),
            scratch: PathBuf::new(),
            blobs_url: String::new(),
            s3_endpoint: String::new(),
            s3_region: "us-east-1".to_owned(),
            s3_key_id: Secret::default(),
            s3_secret: Secret::default(),
            rules: PathBuf::new(),
            workers: 0,
            look_threads: 1,
            max_waiting_looks: 1,
            max_awaited: 0,
            max_queued: 64,
            max_attempts: 3,
            lease_seconds: 30,
            max_wait_seconds: 60,
            max_receive_seconds: 120,
            stop_seconds: 60,
            rate_per_token: 0,
            rate_per_address: 0,
            rate_burst: 20,
            trusted_proxies: String::new(),
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            max_document_bytes: 20_000_000,
            max_document_pixels: 50_000_000,
            max_picture_bytes: 5_000_000,
            max_json_bytes: 64_000_000,
            max_video_bytes: 50_000_000,
            max_video_seconds: 120,
            max_video_pixels: 8_400_000,
            max_video_streams: 8,
            sandbox: SandboxMode::On,
            sandbox_memory_megabytes: 0,
            sandbox_seconds: 0,
            sandbox_ready: 3,
            fremis_project: String::new(),
            callback_hosts: String::new(),
            log: "info,sea_orm_migration=warn,actix_server=warn".to_owned(),
            log_format: LogFormat::Text,
            metrics_listen: String::new(),
            metrics_token: Secret::default(),
            otlp_endpoint: String::new(),
            decoder: PathBuf::new(),
        }
    }
}

/// A setting that could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the configuration cannot be read: {0}. `likeness serve --help` names the file that lists every setting"
)]
pub struct ConfigError(#[source] Box<config::ConfigError>);

impl Config {
    /// The defaults, then the file, then the process's environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_sources(file, &std::env::vars().collect())
    }

    /// The same with an environment given; unknown names in it are left alone.
    pub fn from_sources(
        file: Option<&Path>,
        environment: &HashMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let wrap = |error| ConfigError(Box::new(error));
        let mut sources = config::Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        for name in Self::names() {
            let value = environment.get(&Self::variable(&name)).cloned();
            sources = sources.set_override_option(&name, value).map_err(wrap)?;
        }
        sources
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(wrap)
    }

    /// The name of every setting.
    pub fn names() -> Vec<String> {
        toml::Table::try_from(Self::default())
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The environment variable of a setting.
    pub fn variable(name: &str) -> String {
        format!("LIKENESS_{}", name.to_uppercase())
    }

    /// The database that was asked for, or SQLite in the data folder.
    pub fn database(&self) -> String {
        if self.database_url.0.is_empty() {
            format!(
                "sqlite://{}?mode=rwc",
                self.data.join("likeness.db").display()
            )
        } else {
            self.database_url.0.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample with every setting's comment sign taken away.
    fn uncommented() -> String {
        SAMPLE
            .lines()
            .map(|line| match line.strip_prefix("#") {
                Some(setting) if setting.contains(" = ") && !setting.starts_with(' ') => setting,
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_sample_lists_every_setting_with_its_default() {
        let text = uncommented();
        let listed: toml::Table = toml::from_str(&text).unwrap();
        let mut listed: Vec<String> = listed.keys().cloned().collect();
        let mut known = Config::names();
        listed.sort();
        known.sort();
        assert_eq!(listed, known);
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), Config::default());
        for name in known {
            assert!(SAMPLE.contains(&Config::variable(&name)), "{name}");
        }
    }

    #[test]
    fn the_environment_beats_the_file_and_the_file_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "workers = 3\nmax_queued = 7\n").unwrap();
        let environment = HashMap::from([
            ("LIKENESS_WORKERS".to_owned(), "5".to_owned()),
            ("LIKENESS_SOMETHING_ELSE".to_owned(), "x".to_owned()),
        ]);
        let config = Config::from_sources(Some(&file), &environment).unwrap();
        assert_eq!((config.workers, config.max_queued), (5, 7));
        assert_eq!(config.listen, Config::default().listen);
    }

    #[test]
    fn an_unknown_setting_in_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "wrokers = 3\n").unwrap();
        assert!(Config::from_sources(Some(&file), &HashMap::new()).is_err());
    }

    #[test]
    fn a_secret_does_not_show() {
        let config = Config {
            s3_key_id: Secret("AKIDKYC".to_owned()),
            s3_secret: Secret("hunter2".to_owned()),
            ..Config::default()
        };
        let shown = format!("{config:?}");
        assert!(!shown.contains("AKIDKYC") && !shown.contains("hunter2"));
    }

    #[test]
    fn a_database_password_does_not_show() {
        let url = DatabaseUrl("postgres://u:secret@h/d".to_owned());
        assert!(!format!("{url:?}").contains("secret"));
        let key = Secret("c2VjcmV0".to_owned());
        assert!(!format!("{key:?}").contains("c2VjcmV0"));
    }
}
