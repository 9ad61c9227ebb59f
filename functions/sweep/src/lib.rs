//! The sweep: every minute, what nothing else will bring up again.
//!
//! **Job.** Run [`sweep`](actionlayer_service::sweep::sweep). A failure is Lambda's to report; the next minute is the
//! retry.
//!
//! **Must never know.** What falls due.

use actionlayer_service::App;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use lambda_runtime::Error;

/// Handles the schedule's event, which says nothing but that it is time.
pub async fn handle(app: &App, _event: EventBridgeEvent) -> Result<(), Error> {
    actionlayer_service::sweep::sweep(app).await?;
    Ok(())
}
