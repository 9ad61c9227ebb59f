//! The `rules` function in Lambda.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    actionlayer_runtime::serve_event(|app, event| async move { function_rules::handle(&app, event).await }).await
}
