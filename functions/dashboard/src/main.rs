//! The `dashboard` function in Lambda.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    actionlayer_runtime::serve_http(function_dashboard::router).await
}
