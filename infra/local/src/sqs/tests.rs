//! The unmodified SDK client against the server on a free port.

#![allow(clippy::unwrap_used)]

mod delivery;
mod faults;
mod messages;
mod queues;

use std::{path::Path, sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

/// One engine's queues, served, and a client of them.
struct Engine {
    folder: TempDir,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    client: Client,
    address: String,
    server: JoinHandle<()>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Engine {
    async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
        let clock = LocalClock::open(state.clone()).await.unwrap();
        let faults = Arc::new(Faults::default());
        let sqs = Sqs::open(state, clock.clone(), faults.clone(), "eu-west-1").unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move { axum::serve(listener, sqs.router()).await.unwrap() });
        let client = client(&address);
        Self { folder, clock, faults, client, address, server }
    }

    /// What an engine started after `kill -9` of this one finds: its files as they are on disk this very moment.
    async fn killed_and_restarted(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        Self::start_in(folder).await
    }

    async fn queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut create = self.client.create_queue().queue_name(name);
        for (attribute, value) in attributes {
            create = create.attributes(attribute.clone(), *value);
        }
        create.send().await.unwrap().queue_url.unwrap()
    }

    async fn send(&self, url: &str, body: &str) -> String {
        self.client.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
    }

    /// Up to ten messages, at once.
    async fn receive(&self, url: &str) -> Vec<Message> {
        let receive = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    async fn delete(&self, url: &str, handle: &str) {
        self.client.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, url: &str) -> [String; 3] {
        let get = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let mut attributes = get.send().await.unwrap().attributes.unwrap();
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|name| attributes.remove(&name).unwrap())
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds)).await.unwrap();
    }
}

fn client(address: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .endpoint_url(format!("http://{address}"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// The code of a refusal, as the SDK reads it.
fn code<T, E: ProvideErrorMetadata, R>(result: Result<T, SdkError<E, R>>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.code().unwrap_or("no code").to_owned(),
    }
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}

fn handle(message: &Message) -> &str {
    message.receipt_handle().unwrap()
}

fn system<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> &'a str {
    message.attributes().unwrap().get(name).unwrap()
}
