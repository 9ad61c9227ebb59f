//! An engine for the end-to-end tests: `e2e-engine <folder> [<parameter>=<value> …]`, with parameters of the template.
//! Logs what the functions log in AWS. Runs until it is killed. With `ACTIONLAYER_CALLS`, a folder, it writes down there what
//! each function asks of AWS's services.

use std::{io::Write as _, process::ExitCode};

use actionlayer_local::engine::{Engine, EngineOptions};

#[tokio::main]
async fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else { return ExitCode::FAILURE };
    actionlayer_runtime::init_telemetry();
    let mut options = EngineOptions::on_free_ports(folder);
    options.calls = std::env::var_os("ACTIONLAYER_CALLS").map(Into::into);
    for parameter in std::env::args().skip(2) {
        let Some((name, value)) = parameter.split_once('=') else { return ExitCode::FAILURE };
        options.parameters.insert(name.to_owned(), value.to_owned());
    }
    let engine = match Engine::start(options).await {
        Ok(engine) => engine,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot start");
            return ExitCode::FAILURE;
        }
    };
    let at = engine.addresses();
    let ready = format!(
        "ready http={} smtp={} dynamodb={} s3={} ses={} slack={} telegram={}\n",
        at.url(),
        at.smtp,
        at.dynamodb,
        at.s3,
        at.sesv2,
        at.slack,
        at.telegram
    );
    if std::io::stdout().write_all(ready.as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    std::future::pending().await
}
