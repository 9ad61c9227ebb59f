//! Numbers for whoever runs a deployment, as lines of the log that `CloudWatch` reads as metrics
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::{io::Write as _, sync::OnceLock};

use actionlayer_domain::{
    Timestamp,
    measures::{Measure, Measures},
};
use serde_json::{Value, json};

/// The namespace of all deployments; each has its name as dimension.
const NAMESPACE: &str = "ActionLayer";
const DIMENSION: &str = "deployment";
/// So many values of one metric may stand in a line.
const MAX_VALUES: usize = 100;

/// The deployment's name, once this process is known to be a function of it: elsewhere nothing is published.
static DEPLOYMENT: OnceLock<String> = OnceLock::new();

/// Begins to publish, with the start of this process.
pub(crate) fn begin(deployment: &str, now: Timestamp) {
    // A process begins once.
    _ = DEPLOYMENT.set(deployment.to_owned());
    let mut measures = Measures::default();
    measures.count(Measure::ColdStarts, 1);
    publish(&measures, now);
}

/// Publishes; a line that cannot be written is a number less, and no reason to fail.
pub(crate) fn publish(measures: &Measures, now: Timestamp) {
    let Some(deployment) = DEPLOYMENT.get() else { return };
    if measures.is_empty() {
        return;
    }
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    // One write, so that lines of others do not come between.
    let line = format!("{}\n", line(deployment, &function, measures, now));
    _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The function is for searches only: as a dimension it would make each metric sixteen.
fn line(deployment: &str, function: &str, measures: &Measures, now: Timestamp) -> Value {
    let metrics: Vec<Value> =
        measures.iter().map(|(measure, _)| json!({ "Name": measure.name(), "Unit": measure.unit() })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.unix_ms(),
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics }],
        },
        DIMENSION: deployment,
        "function": function,
    });
    for (measure, values) in measures.iter() {
        line[measure.name()] = match values {
            [one] => (*one).into(),
            many => many.iter().take(MAX_VALUES).copied().collect::<Vec<_>>().into(),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_cloudwatch_needs() {
        let mut measures = Measures::default();
        measures.count(Measure::MailsReceived, 3);
        assert_eq!(
            line("mail", "relay", &measures, Timestamp::from_unix_ms(1_777_558_931_000)),
            json!({
                "_aws": {
                    "Timestamp": 1_777_558_931_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "ActionLayer",
                        "Dimensions": [["deployment"]],
                        "Metrics": [{ "Name": "mails_received", "Unit": "Count" }],
                    }],
                },
                "deployment": "mail",
                "function": "relay",
                "mails_received": 3,
            })
        );
    }
}
