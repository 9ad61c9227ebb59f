//! The environment variables of the functions. `template.yaml` sets exactly [`from_template`].

use actionlayer_domain::work::Queue;

/// What this deployment is called, for good: what is sealed for it opens for no other. The name of the table it began with,
/// also after another was restored in that one's place.
pub const DEPLOYMENT_NAME: &str = "DEPLOYMENT_NAME";
pub const TABLE_NAME: &str = "TABLE_NAME";
/// Name of the bucket for raw mail, files and long bodies.
pub const MAIL_BUCKET: &str = "MAIL_BUCKET";
/// SES configuration set every mail is sent with: its events settle sends whose answer was lost.
pub const SES_CONFIGURATION_SET: &str = "SES_CONFIGURATION_SET";
/// The KMS key that data keys for secrets come from: its id or ARN.
pub const SECRETS_KEY: &str = "SECRETS_KEY";
/// Where this deployment is reached from outside, for the links in approval mails: `https://mail.example.com`.
pub const PUBLIC_URL: &str = "PUBLIC_URL";
/// Who may make the one workspace by `POST /v1/auth/bootstrap`: `token` (whoever has [`BOOTSTRAP_TOKEN`]), `off`
/// (nobody), or `open` (whoever comes first), which is for one machine.
pub const BOOTSTRAP: &str = "BOOTSTRAP";
/// How many requests are taken in a minute: `reads=60,writes=20,sign_ins=10` (the first two of one key, the third of
/// one address without a key), or `off`.
pub const RATE_LIMITS: &str = "RATE_LIMITS";
/// What a workspace may use: `builder_pack`, `pro`, `agency` or `unlimited`.
pub const PLAN: &str = "PLAN";
/// The AWS region. Lambda sets it.
pub const AWS_REGION: &str = "AWS_REGION";
/// Credentials of the function's role. Lambda sets all three.
pub const AWS_ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
/// See [`AWS_ACCESS_KEY_ID`].
pub const AWS_SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
/// See [`AWS_ACCESS_KEY_ID`].
pub const AWS_SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// DynamoDB elsewhere than at AWS: `http://127.0.0.1:8000`.
pub const AWS_ENDPOINT_URL_DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";
/// S3 elsewhere than at AWS; addressed path-style.
pub const AWS_ENDPOINT_URL_S3: &str = "AWS_ENDPOINT_URL_S3";
/// SQS elsewhere than at AWS.
pub const AWS_ENDPOINT_URL_SQS: &str = "AWS_ENDPOINT_URL_SQS";
/// SES v2 elsewhere than at AWS.
pub const AWS_ENDPOINT_URL_SESV2: &str = "AWS_ENDPOINT_URL_SESV2";
/// KMS elsewhere than at AWS.
pub const AWS_ENDPOINT_URL_KMS: &str = "AWS_ENDPOINT_URL_KMS";
/// `on` where webhooks may also lead to this machine and its network, and by http: for trying out. `off` when unset.
pub const LOCAL_WEBHOOKS: &str = "LOCAL_WEBHOOKS";
/// Who may make an account: `open`, `invite` or `off`; `off` when unset.
pub const SIGN_UP: &str = "SIGN_UP";
/// What the first owner shows to become one: a random text of at least 20 characters.
pub const BOOTSTRAP_TOKEN: &str = "BOOTSTRAP_TOKEN";
/// Where mail about accounts comes from, if not from a domain of the deployment's own workspace.
pub const ACCOUNT_MAIL_FROM: &str = "ACCOUNT_MAIL_FROM";
/// The deployment's own Slack app, for "Add to Slack": its client id.
pub const SLACK_CLIENT_ID: &str = "SLACK_CLIENT_ID";
pub const SLACK_CLIENT_SECRET: &str = "SLACK_CLIENT_SECRET";
/// What Slack signs its requests with.
pub const SLACK_SIGNING_SECRET: &str = "SLACK_SIGNING_SECRET";
/// Slack elsewhere than at `https://slack.com`.
pub const SLACK_API_URL: &str = "SLACK_API_URL";
/// Telegram's Bot API elsewhere than at `https://api.telegram.org`.
pub const TELEGRAM_API_URL: &str = "TELEGRAM_API_URL";
/// `webhook` where Telegram calls this deployment, which is the rule; `polled` where somebody asks it for updates.
pub const TELEGRAM_UPDATES: &str = "TELEGRAM_UPDATES";
/// Workspaces without limits, whatever they pay: their ids, with commas between.
pub const BETA_WORKSPACES: &str = "BETA_WORKSPACES";
/// A secret or restricted key of Stripe's; plans are paid for where it is set.
pub const STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY";
/// What each of Stripe's prices stands for: `pro=price_…,agency=price_…`.
pub const STRIPE_PRICES: &str = "STRIPE_PRICES";
/// What Stripe signs events with.
pub const STRIPE_WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";
/// Stripe elsewhere than at `https://api.stripe.com`.
pub const STRIPE_API_URL: &str = "STRIPE_API_URL";
/// The DNS server to ask, `127.0.0.1:5353`, instead of the system's.
pub const DNS_SERVER: &str = "DNS_SERVER";

/// What a template gives every function, beside the URLs of the queues; the rest comes from Lambda or is set only off AWS.
const OWN: [&str; 10] = [
    DEPLOYMENT_NAME,
    TABLE_NAME,
    MAIL_BUCKET,
    SECRETS_KEY,
    SES_CONFIGURATION_SET,
    PUBLIC_URL,
    BOOTSTRAP,
    RATE_LIMITS,
    PLAN,
    BETA_WORKSPACES,
];

/// What a template gives every function.
pub fn from_template() -> impl Iterator<Item = &'static str> {
    OWN.into_iter().chain(Queue::ALL.map(Queue::url_variable))
}
