//! The `mcp` function in Lambda.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    actionlayer_runtime::serve_http(function_mcp::router).await
}
