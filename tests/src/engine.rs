//! An engine in a process of its own.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actionlayer_local::{
    engine::REGION,
    template::{TEMPLATE, Template},
};
use actionlayer_store::Store;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use tempfile::TempDir;

use crate::waiting::DEADLINE;

/// A running engine. Killed when dropped; its folder lives as long as a clone of [`Engine::folder`].
#[derive(Debug)]
pub struct Engine {
    child: Child,
    folder: Arc<TempDir>,
    parameters: Vec<String>,
    /// Where HTTP is answered: `http://127.0.0.1:1234`.
    pub http: String,
    /// Where SMTP is answered.
    pub smtp: SocketAddr,
    /// Where the table is reached, for tests that write what no public interface writes.
    pub dynamodb: String,
    /// Where the bucket is reached.
    pub s3: String,
    /// Where SES is.
    pub ses: String,
    /// Where Slack's Web API is reached.
    pub slack: String,
    /// Where Telegram's Bot API is reached.
    pub telegram: String,
}

impl Engine {
    /// Starts an engine on a new folder.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with parameters of the template: `RateLimits=off`.
    pub async fn start_with(parameters: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("actionlayer-e2e-").tempdir().expect("a temporary folder");
        Self::start_on(Arc::new(folder), parameters.iter().map(|&parameter| parameter.to_owned()).collect()).await
    }

    /// Starts an engine on a folder that may have been used before.
    async fn start_on(folder: Arc<TempDir>, parameters: Vec<String>) -> Self {
        let log_file = log_file(folder.path());
        let log = OpenOptions::new().create(true).append(true).open(&log_file).expect("a log file");
        let printed_before = log.metadata().expect("the log's length").len();
        let child = Command::new(program())
            .arg(folder.path().join("data"))
            .args(&parameters)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file again"))
            .stderr(log)
            .spawn()
            .expect("the engine starts");
        let (http, smtp, dynamodb, ses) = (String::new(), ([127, 0, 0, 1], 0).into(), String::new(), String::new());
        let (s3, slack, telegram) = (String::new(), String::new(), String::new());
        let mut engine = Self { child, folder, parameters, http, smtp, dynamodb, s3, ses, slack, telegram };
        engine.wait_until_ready(&log_file, printed_before).await;
        engine
    }

    /// Waits for the line `ready http=… smtp=… dynamodb=… …`.
    async fn wait_until_ready(&mut self, log: &Path, begin: u64) {
        let started = Instant::now();
        loop {
            let printed = read_from(log, begin);
            if let Some(line) = printed.lines().find(|line| line.starts_with("ready ")) {
                let value = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)).unwrap().to_owned();
                self.http = value("http=");
                self.smtp = value("smtp=").parse().expect("an address");
                self.dynamodb = value("dynamodb=");
                self.s3 = value("s3=");
                self.slack = value("slack=");
                self.telegram = value("telegram=");
                self.ses = value("ses=");
                return;
            }
            let ended = self.child.try_wait().expect("the process is ours");
            assert!(ended.is_none() && started.elapsed() < DEADLINE, "the engine did not start: {ended:?}\n{printed}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `kill -9`, at once.
    pub fn kill(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// `kill -9`, and another one on the same folder with the same parameters.
    pub async fn crash_and_restart(&mut self) {
        self.kill();
        *self = Self::start_on(Arc::clone(&self.folder), std::mem::take(&mut self.parameters)).await;
    }

    /// `kill -9`, and another one on the same folder with other parameters: a deployment.
    pub async fn redeploy(&mut self, parameters: &[&str]) {
        self.kill();
        let parameters = parameters.iter().map(|&parameter| parameter.to_owned()).collect();
        *self = Self::start_on(Arc::clone(&self.folder), parameters).await;
    }

    /// The engine's table and bucket, for what no public interface reads or writes. The name of a bucket has no capitals.
    pub fn store(&self) -> Store {
        let credentials = Credentials::new("local", "local", None, None, "tests");
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(&self.s3)
            .force_path_style(true)
            .build();
        let template = Template::parse(TEMPLATE).expect("the template");
        Store::new(self.dynamodb(), s3, template.table.id.as_str(), template.bucket.to_ascii_lowercase())
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
            .endpoint_url(&self.dynamodb);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The keys of every item in the table: partition key and sort key, with a blank between.
    pub async fn every_key(&self) -> Vec<String> {
        let template = Template::parse(TEMPLATE).expect("the template");
        let scan = self.dynamodb().scan().table_name(template.table.id.as_str()).consistent_read(true);
        let items: Vec<_> = scan.into_paginator().items().send().collect::<Result<_, _>>().await.expect("the table");
        let text = |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>, name: &str| {
            item[name].as_s().expect("a text").clone()
        };
        items.iter().map(|item| format!("{} {}", text(item, "pk"), text(item, "sk"))).collect()
    }

    /// Everything the engine has printed and logged since its folder is new.
    pub fn log(&self) -> String {
        read_from(&log_file(self.folder.path()), 0)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            #[allow(clippy::print_stderr, reason = "shown with the test that failed")]
            {
                eprintln!("--- the engine's last lines:\n{last}");
            }
        }
    }
}

/// Cargo puts the programs of a package beside the folder of its tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this program's path");
    let folder = test.parent().and_then(Path::parent).expect("target/debug");
    folder.join(format!("e2e-engine{}", std::env::consts::EXE_SUFFIX))
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("engine.log")
}

fn read_from(file: &Path, begin: u64) -> String {
    let mut bytes = Vec::new();
    let mut file = File::open(file).expect("the log file");
    file.seek(SeekFrom::Start(begin)).expect("the log file");
    file.read_to_end(&mut bytes).expect("the log file");
    String::from_utf8_lossy(&bytes).into_owned()
}
