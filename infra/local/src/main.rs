//! `actionlayer`: the whole system on this machine.

use std::{
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use actionlayer_local::{
    demo,
    engine::{Engine, EngineOptions},
    listen::{ListenOptions, listen},
    local_access::LocalToken,
    smtp::relay::Relay,
};
use actionlayer_service::accounts::first_owner::issue_start_link;
use clap::{Parser, Subcommand};
use tracing_subscriber::{
    Layer as _,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Requests are made by one thread, written by another and answered by a third; glibc's allocator took an eighth of the
/// processor time of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A mailbox for agents with a human in front of every send: the whole system on this machine.
#[derive(Debug, Parser)]
#[command(name = "actionlayer", version)]
struct Arguments {
    /// Where HTTP is served; port 0 for any that is free.
    #[arg(long, default_value = "127.0.0.1:8787")]
    http: SocketAddr,
    /// Where mail is received; port 0 for any that is free.
    #[arg(long, default_value = "127.0.0.1:2525")]
    smtp: SocketAddr,
    /// The folder that holds everything. Deleting it starts afresh.
    #[arg(long, default_value = ".actionlayer")]
    data: PathBuf,
    /// A real SMTP host that also gets what leaves, as smtp://host:port.
    #[arg(long)]
    relay: Option<Relay>,
    /// Closes /local, which shows approval links and changes the engine's world, to whoever does not send this token. With
    /// --relay there is one anyway: left out, it is made and printed.
    #[arg(long, value_name = "TOKEN")]
    local_token: Option<String>,
    /// A parameter of template.yaml, as NAME=VALUE: `RateLimits=reads=60,writes=20,sign_ins=10`. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays the whole loop on an engine of its own: mail in, draft, approval, exactly one mail out.
    Demo,
    /// Prints the events of a deployment as they happen, and forwards them to an address of this machine.
    Listen {
        /// Where events are posted, signed as a webhook's are: <http://localhost:3000/hook>.
        #[arg(long, value_name = "URL")]
        forward: Option<String>,
        /// The deployment.
        #[arg(long, default_value = "http://127.0.0.1:8787")]
        url: String,
        /// An API key of the deployment; the environment's `ACTIONLAYER_API_KEY` when left out.
        #[arg(long)]
        key: Option<String>,
        /// Only events of this type, such as email.received. May be repeated.
        #[arg(long, value_name = "TYPE")]
        event: Vec<String>,
    },
    /// Prints the OpenAPI document, or writes it.
    Openapi {
        /// The file to replace. Not the shell's `>`: that empties the file before the build reads it.
        file: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(matches!(arguments.command, Some(Command::Demo)));
    let outcome = match arguments.command {
        Some(Command::Demo) => demo::run(&mut std::io::stdout()).await.map_err(|error| chain(&error)),
        Some(Command::Openapi { ref file }) => write_document(file.as_deref()).map_err(|error| chain(&error)),
        Some(Command::Listen { forward, url, key, event }) => {
            let key = key.or_else(|| std::env::var("ACTIONLAYER_API_KEY").ok()).unwrap_or_default();
            let options = ListenOptions { url, key, forward, events: event };
            listen(&options, &mut std::io::stdout()).await.map_err(|error| chain(&error))
        }
        None => run(arguments).await.map_err(|error| chain(&error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is there to tell when standard error is closed.
            _ = writeln!(std::io::stderr(), "actionlayer: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn write_document(file: Option<&std::path::Path>) -> std::io::Result<()> {
    let document = format!("{:#}\n", actionlayer_api::openapi::document());
    match file {
        Some(file) => std::fs::write(file, document),
        None => std::io::stdout().lock().write_all(document.as_bytes()),
    }
}

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Engine(#[from] actionlayer_local::engine::EngineError),
    #[error("the link that signs in cannot be made")]
    StartLink(#[from] actionlayer_service::ServiceError),
    #[error("signals cannot be listened for")]
    Signal(#[from] std::io::Error),
}

async fn run(arguments: Arguments) -> Result<(), RunError> {
    let mut ended = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let local_token = match (&arguments.local_token, &arguments.relay) {
        (Some(token), _) => LocalToken::new(token),
        // Real people get mail from here: their approval links are theirs.
        (None, Some(_)) => LocalToken::generate(),
        (None, None) => LocalToken::default(),
    };
    let engine = Engine::start(EngineOptions {
        http: arguments.http,
        smtp: arguments.smtp,
        data: arguments.data.clone(),
        relay: arguments.relay,
        local_token: local_token.clone(),
        parameters: arguments.parameter.into_iter().collect(),
        calls: None,
    })
    .await?;
    let start_link = issue_start_link(engine.app()).await?;
    // A closed standard output is no reason not to run.
    _ = greet(&engine, &start_link, &arguments.data, local_token.as_str().filter(|_| arguments.local_token.is_none()));
    tokio::select! {
        signal = tokio::signal::ctrl_c() => signal?,
        _ = ended.recv() => {}
    }
    engine.stop().await;
    Ok(())
}

/// Where everything is and what to try next. The first line is for programs, the rest for people.
fn greet(engine: &Engine, start_link: &str, data: &std::path::Path, made_token: Option<&str>) -> std::io::Result<()> {
    let at = engine.addresses();
    let (url, local, smtp) = (at.url(), at.local_url(), at.smtp);
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready http={url} smtp={smtp} slack={} telegram={} stripe={}", at.slack, at.telegram, at.stripe)?;
    writeln!(out, "  Open       {start_link}")?;
    writeln!(out, "             it signs you in, once, and makes you the owner the first time")?;
    writeln!(out, "  API        {url}/v1       mail in {smtp}       mail of everybody {local}/local/mail")?;
    writeln!(
        out,
        "  Slack      {local}/local/slack      Telegram {local}/local/telegram    played here, with buttons that work"
    )?;
    writeln!(out, "  DynamoDB   {}   S3 {}   SQS {}   SES {}   DNS {}", at.dynamodb, at.s3, at.sqs, at.sesv2, at.dns)?;
    writeln!(out, "  data       {}   delete it to start afresh", data.display())?;
    if let Some(token) = made_token {
        writeln!(out, "  /local     asks for  Authorization: Bearer {token}")?;
    }
    writeln!(out, "Try:")?;
    writeln!(out, "  curl -X POST {url}/v1/auth/bootstrap --json '{{\"workspace_name\":\"Acme\"}}'")?;
    writeln!(
        out,
        "  curl -X POST {url}/v1/domains -H \"Authorization: Bearer $KEY\" --json '{{\"domain\":\"acme.test\"}}'"
    )?;
    writeln!(out, "  curl -X POST {local}/local/dns/publish --json '{{\"domain\":\"acme.test\"}}'")?;
    writeln!(
        out,
        "  curl smtp://{smtp} --mail-from jo@customer.test --mail-rcpt anna@acme.test --upload-file mail.eml"
    )?;
    out.flush()
}

/// The log goes to standard error, for people; the demo's own lines are enough unless something is wrong.
fn start_log(quiet: bool) {
    let level = if quiet { LevelFilter::ERROR } else { LevelFilter::WARN };
    // The embedded table warns of every condition that failed, which is how this product notices that it was overtaken.
    let wanted = Targets::new().with_default(level).with_target("dynoxide", LevelFilter::ERROR);
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // Refused only when there is one already.
    _ = tracing_subscriber::registry().with(lines.with_filter(wanted)).try_init();
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
