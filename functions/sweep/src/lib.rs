//! The schedule: every minute, what nothing else will bring up again. A failure is Lambda's to report; the next minute is
//! the retry.

use actionlayer_api::export::write_exports;
use actionlayer_service::{App, sweep::sweep};
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use lambda_runtime::Error;

/// Handles the schedule's event, which says nothing but that it is time.
pub async fn handle(app: &App, _event: EventBridgeEvent) -> Result<(), Error> {
    // Whatever fails here, exports are written; and the other way round.
    let (swept, written) = (sweep(app).await, write_exports(app).await);
    swept?;
    written?;
    Ok(())
}
