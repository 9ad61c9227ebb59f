//! An engine, and the product on a table of its own beside it, where nobody else reads or writes.
#![allow(dead_code, reason = "the tests and the benchmark share it, and each uses its own part")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actionlayer_domain::{
    ApiKeySecret, Clock as _, Draft, DraftBody, DraftId, DraftStatus, Entropy, HeaderText, Identity, Message,
    MessageBody, MessageId, SendingDomain, Thread, ThreadId, Timestamp,
    message::{Authentication, Direction, Verdict},
    rate::RateClass,
    thread::ThreadStatus,
    work::Queue,
};
use actionlayer_local::{
    engine::{Engine, EngineOptions, REGION},
    template::{TEMPLATE, Template},
};
use actionlayer_runtime::{Config, Credentials, OsEntropy, connect, variable};
use actionlayer_service::{
    App, Caller, Ports,
    domains::{create_domain::create_domain, verify_domain::verify_domain},
    identities::create_identity::{NewIdentity, create_identity},
    inbound::receive_mail::{ReceivedMail, receive_mail},
    workspace::{authenticate::authenticate, bootstrap_workspace::bootstrap_workspace},
};
use actionlayer_store::{BlobKey, Transaction, schema};

/// The name of the table of its own.
pub(crate) const TABLE: &str = "Costs";
const DOMAIN: &str = "costs.test";
/// The identity everything is sent to and from.
pub(crate) const ADDRESS: &str = "support@costs.test";

pub(crate) struct World {
    pub(crate) engine: Engine,
    /// A caller of the engine's own product, on the engine's own table.
    pub(crate) engine_caller: Caller,
    /// The product on the table of its own.
    pub(crate) app: Arc<App>,
    pub(crate) secret: ApiKeySecret,
    pub(crate) caller: Caller,
    pub(crate) identity: Identity,
    /// The settings of the product on the table of its own, as environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// Where the engine keeps its files.
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start(EngineOptions::on_free_ports(folder.path())).await.unwrap();
        Self::on(engine, folder).await
    }

    /// The same in the middle of a month: the last 30 days are of two months, so that what has a partition for each costs the
    /// same whenever it is counted.
    pub(crate) async fn start_in_mid_month() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start(EngineOptions::on_free_ports(folder.path())).await.unwrap();
        let now = engine.clock().now();
        let days = (0..31).map(|days| Duration::from_hours(24 * days));
        let mut wait = days.filter(|wait| now.after(*wait).date().ends_with("-15"));
        engine.clock().advance(wait.next().unwrap()).await.unwrap();
        Self::on(engine, folder).await
    }

    async fn on(engine: Engine, folder: tempfile::TempDir) -> Self {
        let (engine_caller, domain) = verified_domain(&engine).await;
        let environment = own_table(&engine).await;
        let ports = Ports { clock: engine.clock().clone(), entropy: Arc::new(NeverDue(OsEntropy)) };
        let config = Config::from_pairs(environment.clone()).unwrap();
        let app = Arc::new(connect(&config, ports));
        let (_, _, secret) = bootstrap_workspace(&app, HeaderText::sanitize("Costs"), None).await.unwrap();
        let caller = authenticate(&app, secret.expose(), RateClass::Write).await.unwrap().0;
        let domain = SendingDomain { workspace_id: caller.workspace_id, ..domain };
        let mut transaction = Transaction::new();
        transaction.create(&domain).unwrap();
        app.store.commit(transaction).await.unwrap();
        let identity = create_identity(&app, &caller, support(&domain)).await.unwrap();
        Self { engine, engine_caller, app, secret, caller, identity, environment, folder }
    }

    /// Receives a mail as the ingest function would.
    pub(crate) async fn receive(&self, ses_message_id: &str, raw: String) {
        self.put_raw(ses_message_id, raw).await;
        receive_mail(&self.app, &self.received(ses_message_id)).await.unwrap();
    }

    /// Puts a mail where SES would.
    pub(crate) async fn put_raw(&self, ses_message_id: &str, raw: String) {
        let key = BlobKey::inbound(ses_message_id).unwrap();
        self.app.store.put_blob(&key, raw.into_bytes(), "message/rfc822").await.unwrap();
    }

    pub(crate) fn received(&self, ses_message_id: &str) -> ReceivedMail {
        let pass = Verdict::Pass;
        ReceivedMail {
            ses_message_id: ses_message_id.to_owned(),
            envelope_from: Some("dana@customer.example".to_owned()),
            recipients: vec![ADDRESS.to_owned()],
            authentication: Authentication { spf: pass, dkim: pass, dmarc: pass, spam: pass, virus: pass },
            received_at: self.app.now(),
        }
    }

    /// Fills the table with threads of a message and a sent draft each, older than anything that comes.
    pub(crate) async fn seed(&self, count: usize) {
        // Three items of one family each; 33 families fit into a transaction.
        let batches: Vec<Vec<usize>> = (0..count).collect::<Vec<_>>().chunks(33).map(<[usize]>::to_vec).collect();
        for batch in batches {
            let mut transaction = Transaction::new();
            for i in batch {
                self.seed_thread(i, &mut transaction).await;
            }
            self.app.store.commit(transaction).await.unwrap();
        }
    }

    async fn seed_thread(&self, i: usize, transaction: &mut Transaction) {
        let (workspace_id, entropy) = (self.caller.workspace_id, self.app.entropy());
        let at = Timestamp::from_unix_ms(1_700_000_000_000 + i64::try_from(i).unwrap() * 1_000);
        let id = ThreadId::generate(at, entropy);
        let message_id = MessageId::generate_in(id.family(), at, entropy);
        let status = [ThreadStatus::Open, ThreadStatus::Waiting, ThreadStatus::Closed][i % 3];
        let subject = format!("Question {i} about the price of the larger plan");
        let thread = Thread {
            primary_contact_email: Some("dana@customer.example".parse().unwrap()),
            status,
            needs_review: status == ThreadStatus::Open,
            last_inbound_message_id: Some(message_id),
            message_count: 1,
            snippet: "Hello, could you tell me what the larger plan costs for a team of twelve?".to_owned(),
            ..Thread::start(id, workspace_id, self.identity.id, &subject, at, at)
        };
        let from_email = "dana@customer.example".to_owned();
        let message = Message {
            from_name: Some("Dana".to_owned()),
            subject: thread.subject.clone(),
            snippet: thread.snippet.clone(),
            message_id_header: Some(format!("{i}@customer.example")),
            received_at: Some(at),
            ..Message::start(message_id, id, workspace_id, self.identity.id, Direction::Inbound, from_email, at)
        };
        let text = Some(thread.snippet.repeat(8));
        let body = MessageBody { text: text.clone(), extracted_text: text, ..MessageBody::default() };
        let draft_id = DraftId::generate_in(id.family(), at, entropy);
        let agent = self.caller.actor();
        let draft = Draft {
            based_on_message_id: Some(message_id),
            status: DraftStatus::Sent,
            ..Draft::start(draft_id, &thread, HeaderText::sanitize(&thread.subject), agent, at)
        };
        let draft_body = DraftBody { text: body.text.clone(), html: None, sender: None };
        transaction.create(&thread).unwrap();
        transaction.create_with_body(&self.app.store, &message, &body).await.unwrap();
        transaction.create_with_body(&self.app.store, &draft, &draft_body).await.unwrap();
    }
}

/// Random, but for what happens every so often by chance: that never does, so that each run costs the same.
#[derive(Debug)]
struct NeverDue(OsEntropy);

impl Entropy for NeverDue {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }

    fn next_u64(&self) -> u64 {
        // Odd, and the last of a thousand.
        self.0.next_u64() / 1_000_000 * 1_000 + 999
    }
}

/// A domain that the engine's SES sends for, with an identity of the engine's own product on it.
async fn verified_domain(engine: &Engine) -> (Caller, SendingDomain) {
    let app = engine.app();
    let (_, _, secret) = bootstrap_workspace(app, HeaderText::sanitize("Engine"), None).await.unwrap();
    let caller = authenticate(app, secret.expose(), RateClass::Write).await.unwrap().0;
    let pending = create_domain(app, &caller, DOMAIN.parse().unwrap()).await.unwrap();
    let url = format!("{}/local/dns/publish", engine.addresses().url());
    let publish = reqwest::Client::builder().no_proxy().build().unwrap().post(url);
    publish.json(&serde_json::json!({ "domain": DOMAIN })).send().await.unwrap().error_for_status().unwrap();
    let domain = verify_domain(app, &caller, pending.id).await.unwrap();
    create_identity(app, &caller, support(&domain)).await.unwrap();
    (caller, domain)
}

fn support(domain: &SendingDomain) -> NewIdentity {
    NewIdentity {
        domain_id: domain.id,
        local_part: "support".parse().unwrap(),
        display_name: HeaderText::sanitize("Support"),
        assistant_id: None,
        reply_to_email: None,
        signature_text: Some("Your support team".to_owned()),
        signature_html: None,
        thread_history_depth: None,
        approval_channel: None,
        can_send_cold: Some(true),
        auto_approve_replies: Some(false),
    }
}

/// Makes a table and queues of its own; gives the settings of a product that works with them.
async fn own_table(engine: &Engine) -> BTreeMap<String, String> {
    let addresses = engine.addresses();
    let template = Template::parse(TEMPLATE).unwrap();
    schema::create_table(&dynamodb(&addresses.dynamodb), TABLE).await.unwrap();
    let sqs = sqs(&addresses.sqs);
    let queue = async |name: &str| sqs.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let mut queues = Vec::new();
    for known in Queue::ALL {
        queues.push((known.url_variable().to_owned(), queue(&format!("Costs{known:?}")).await));
    }
    let bucket = template.bucket.to_ascii_lowercase();
    let dns = addresses.dns.to_string();
    let variables = BTreeMap::from([
        (variable::DEPLOYMENT_NAME, TABLE),
        (variable::TABLE_NAME, TABLE),
        (variable::MAIL_BUCKET, bucket.as_str()),
        (variable::SES_CONFIGURATION_SET, template.configuration_set.as_str()),
        (variable::PUBLIC_URL, "https://costs.test"),
        (variable::BOOTSTRAP, "open"),
        (variable::PLAN, "unlimited"),
        (variable::LOCAL_WEBHOOKS, "on"),
        // Counted as in production, and more than a benchmark reaches.
        (variable::RATE_LIMITS, "reads=1000000,writes=1000000,sign_ins=1000000"),
        (variable::AWS_REGION, REGION),
        (variable::AWS_ENDPOINT_URL_DYNAMODB, addresses.dynamodb.as_str()),
        (variable::AWS_ENDPOINT_URL_S3, addresses.s3.as_str()),
        (variable::AWS_ENDPOINT_URL_SQS, addresses.sqs.as_str()),
        (variable::AWS_ENDPOINT_URL_SESV2, addresses.sesv2.as_str()),
        (variable::AWS_ENDPOINT_URL_KMS, addresses.kms.as_str()),
        (variable::SECRETS_KEY, template.secrets_key.as_str()),
        (variable::DNS_SERVER, dns.as_str()),
        (variable::SLACK_API_URL, addresses.slack.as_str()),
        (variable::TELEGRAM_API_URL, addresses.telegram.as_str()),
    ]);
    let pairs = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.chain(queues).collect()
}

pub(crate) fn dynamodb(url: &str) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
    let credentials = {
        let local = Credentials::local();
        let secret = local.secret_access_key.expose().clone();
        aws_sdk_dynamodb::config::Credentials::new(local.access_key_id, secret, None, None, "local")
    };
    let config = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new(REGION));
    aws_sdk_dynamodb::Client::from_conf(config.endpoint_url(url).credentials_provider(credentials).build())
}

fn sqs(url: &str) -> aws_sdk_sqs::Client {
    use aws_sdk_sqs::config::{BehaviorVersion, Config, Region};
    let credentials = {
        let local = Credentials::local();
        let secret = local.secret_access_key.expose().clone();
        aws_sdk_sqs::config::Credentials::new(local.access_key_id, secret, None, None, "local")
    };
    let config = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new(REGION));
    aws_sdk_sqs::Client::from_conf(config.endpoint_url(url).credentials_provider(credentials).build())
}
