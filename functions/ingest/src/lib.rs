//! SES's receipt rule: receives mail. A failure is an error: Lambda tries again twice, and then records the event on
//! `IngestFailures`.

use actionlayer_runtime::ReceiptEvent;
use actionlayer_service::{App, inbound::receive_mail::receive_mail};
use lambda_runtime::Error;

/// Receives the mails of an event; the raw bytes are in the bucket by then.
pub async fn handle(app: &App, event: ReceiptEvent) -> Result<(), Error> {
    for mail in event.mails() {
        receive_mail(app, &mail).await?;
    }
    Ok(())
}
