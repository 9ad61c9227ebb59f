//! The order in which things start: state, then servers, then functions and what invokes them ([`super::deployment`]), then
//! what takes work from outside.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use axum::Router;

use super::{
    Addresses, Arc, CancellationToken, Destinations, DnsServer, ENGINE_PARAMETERS, Engine, EngineError, EngineOptions,
    JoinSet, LocalClock, REGION, Relay, Scope, SocketAddr, TcpListener, Template,
    domain_records::DomainRecords,
    queues,
    serve::{ANY_LOOPBACK, serve, serve_on_loopback},
    sinks::EventQueue,
};
use crate::{
    calls::{self, Calls},
    dns::Zones,
    dynamodb::{DynamoDb, Front},
    faults::Faults,
    gateway::{self, Gateway, Routes},
    in_process::InProcess,
    kms::Kms,
    local_routes::{self, LocalRoutes},
    outbox::Outbox,
    s3::Expiry,
    ses::{Events, Identities, Ses, SesSettings},
    smtp::{self, SmtpLimits, Verdicts},
    sqs::{ACCOUNT_ID, Sqs},
    state::State,
    telegram,
    template::TEMPLATE,
};

pub(super) async fn start(options: EngineOptions) -> Result<Engine, EngineError> {
    let folder = options.data.as_path();
    std::fs::create_dir_all(folder).map_err(|source| EngineError::Folder { folder: folder.to_owned(), source })?;
    let mut base = Base::open(folder, options.calls.as_deref()).await?;
    check_parameters(&base.template, &options.parameters)?;
    // The addresses next: one that is taken is noticed before anything else begins.
    let http = listen(options.http).await?;
    let smtp = listen(options.smtp).await?;
    let local_listener = if options.http.ip().is_loopback() { None } else { Some(listen(ANY_LOOPBACK).await?) };
    let (http_address, smtp_address) = (local_address(&http)?, local_address(&smtp)?);

    let storage = base.storage().await?;
    let kms = Kms::open(folder, base.template.secrets_key.as_str(), base.faults.clone())?;
    let kms = base.on_loopback(kms.router()).await?;
    let queues = base.queues().await?;
    let zones = Zones::open(base.state.clone())?;
    let dns = DnsServer::start(zones.clone(), ANY_LOOPBACK).await?;
    let mail = base.mail(&queues, &zones, options.relay)?;

    let mut scope = base.scope(&queues.urls, http_address);
    // One person's machine counts nobody's requests, unless asked to.
    scope.refs.insert("RateLimits".to_owned(), "off".to_owned());
    // Nor does it ask who deployed it: the loopback interface is reached by whoever is on the machine.
    scope.refs.insert("Bootstrap".to_owned(), "open".to_owned());
    let providers = base.providers(&mut scope, http_address).await?;
    // The real one does not reach this machine.
    if options.parameters.contains_key("TelegramApi") {
        scope.refs.insert("TelegramUpdates".to_owned(), "polled".to_owned());
    }
    scope.refs.extend(options.parameters);
    let code = base.functions(&scope, &storage, &queues, &kms, dns.address(), &mail.ses).await?;
    let sweep = base.event_sources(&storage, &queues, &code.functions)?;
    let receiver = base.receiving(&storage, &queues, &code.functions, &mail)?;

    let Mail { verdicts, events, outbox, .. } = mail;
    base.workers.spawn(async move { events.publish().await });
    let local = local_routes::router(
        LocalRoutes {
            outbox: outbox.clone(),
            receiver: receiver.clone(),
            verdicts,
            zones,
            records: Arc::new(DomainRecords(code.app.clone())),
            faults: base.faults.clone(),
            clock: base.clock.clone(),
            sweep,
            slack: providers.slack,
            telegram: providers.telegram,
            stripe: providers.stripe,
            app: code.app.clone(),
        },
        options.local_token,
    );
    if scope.refs.get("TelegramUpdates").is_some_and(|how| how == "polled") {
        base.workers.spawn(telegram::poll(telegram::Polling {
            app: code.app.clone(),
            http: reqwest::Client::new(),
            api_url: scope.refs.get("TelegramApi").cloned().unwrap_or_default(),
            own_url: format!("http://{http_address}"),
        }));
    }
    let returning = receiver.clone();
    base.workers.spawn(async move { outbox.deliver(&returning).await });
    base.workers.spawn(smtp::serve(smtp, receiver, SmtpLimits::default()));
    let routes = Routes::new(&base.template.routes)?;
    let gateway = Gateway { routes, functions: code.functions.clone(), clock: base.clock.clone() };
    let mut public = local_routes::health().merge(gateway::router(gateway));
    // What shows approval links is never where others can reach it.
    let local_routes_address = match local_listener {
        None => {
            public = local.merge(public);
            http_address
        }
        Some(listener) => {
            let address = local_address(&listener)?;
            base.intake.spawn(serve(listener, local, base.stop.clone()));
            address
        }
    };
    base.intake.spawn(serve(http, public, base.stop.clone()));

    Ok(Engine {
        addresses: Addresses {
            http: http_address,
            local: local_routes_address,
            smtp: smtp_address,
            dns: dns.address(),
            dynamodb: storage.dynamodb_url,
            s3: storage.s3_url,
            sqs: queues.url,
            sesv2: code.ses_url,
            kms,
            slack: scope.refs.get("SlackApi").cloned().unwrap_or_default(),
            telegram: scope.refs.get("TelegramApi").cloned().unwrap_or_default(),
            stripe: scope.refs.get("StripeApi").cloned().unwrap_or_default(),
        },
        app: code.app,
        functions: code.functions,
        clock: base.clock,
        dns,
        _servers: base.servers,
        stop: base.stop,
        intake: base.intake,
        workers: base.workers,
    })
}

/// Refuses a parameter that neither the template nor this engine has.
fn check_parameters(template: &Template, given: &BTreeMap<String, String>) -> Result<(), EngineError> {
    let known = || template.parameters.keys().map(String::as_str).chain(ENGINE_PARAMETERS);
    match given.keys().find(|name| known().all(|known| known != name.as_str())) {
        None => Ok(()),
        Some(name) => Err(EngineError::Parameter { name: name.clone(), known: known().collect::<Vec<_>>().join(", ") }),
    }
}

/// What everything else is built on.
pub(super) struct Base {
    /// The data folder.
    pub(super) folder: PathBuf,
    pub(super) template: Template,
    /// What `CloudFormation` would name the bucket; such a name has no capitals.
    pub(super) bucket: String,
    pub(super) state: State,
    pub(super) clock: Arc<LocalClock>,
    pub(super) faults: Arc<Faults>,
    calls: Option<Arc<Calls>>,
    pub(super) servers: InProcess,
    pub(super) stop: CancellationToken,
    pub(super) intake: JoinSet<()>,
    pub(super) workers: JoinSet<()>,
}

/// The table and the bucket.
pub(super) struct Storage {
    pub(super) dynamodb: Arc<DynamoDb>,
    pub(super) expiry: Arc<Expiry>,
    pub(super) dynamodb_url: String,
    pub(super) s3_url: String,
}

/// The queues.
pub(super) struct Queues {
    pub(super) sqs: Arc<Sqs>,
    pub(super) url: String,
    pub(super) client: aws_sdk_sqs::Client,
    urls: Arc<BTreeMap<String, String>>,
}

impl Queues {
    pub(super) fn url_of(&self, queue: &str) -> Result<String, EngineError> {
        self.urls.get(queue).cloned().ok_or(EngineError::Lacks("such queue"))
    }

    pub(super) fn destinations(&self) -> Destinations {
        Destinations::new(self.client.clone(), self.urls.clone())
    }
}

/// Mail in and out.
pub(super) struct Mail {
    pub(super) identities: Identities,
    pub(super) verdicts: Verdicts,
    events: Arc<Events>,
    outbox: Arc<Outbox>,
    ses: Arc<Ses>,
}

impl Base {
    async fn open(folder: &Path, calls: Option<&Path>) -> Result<Self, EngineError> {
        let template = Template::parse(TEMPLATE)?;
        let bucket = template.bucket.to_ascii_lowercase();
        let names = || calls::Names {
            functions: template.functions.values().map(|function| function.name.clone()).collect(),
            bucket: (bucket.clone(), template.bucket.clone()),
            configuration_set: template.configuration_set.clone(),
        };
        let calls = calls.map(|folder| Calls::open(folder, names())).transpose().map_err(EngineError::Calls)?;
        // A second engine on the same folder ends here.
        let state = State::open(&folder.join("engine.sqlite"))?;
        Ok(Self {
            folder: folder.to_owned(),
            bucket,
            template,
            clock: LocalClock::open(state.clone()).await?,
            state,
            faults: Arc::default(),
            calls,
            servers: InProcess::default(),
            stop: CancellationToken::new(),
            intake: JoinSet::new(),
            workers: JoinSet::new(),
        })
    }

    /// Serves one of AWS's services, to this process and on loopback, until the engine itself ends: whatever stops needs them to the last.
    pub(super) async fn on_loopback(&mut self, router: Router) -> Result<String, EngineError> {
        let router = match &self.calls {
            Some(calls) => calls.watch(router),
            None => router,
        };
        let served = serve_on_loopback(router.clone(), CancellationToken::new(), &mut self.workers).await;
        let url = served.map_err(|source| EngineError::Listen { address: ANY_LOOPBACK, source })?;
        self.servers.add(&url, router);
        Ok(url)
    }

    async fn storage(&mut self) -> Result<Storage, EngineError> {
        let dynamodb = DynamoDb::open(&self.folder.join("dynamodb.sqlite"), &self.template.table).await?;
        let front = Front { dynamodb: dynamodb.clone(), faults: self.faults.clone() };
        let dynamodb_url = self.on_loopback(crate::dynamodb::router(front)).await?;
        let (state, clock, faults) = (self.state.clone(), self.clock.clone(), self.faults.clone());
        let signers = self.template.functions.values().map(|function| function.name.clone());
        let bucket = crate::s3::router(state, clock, &self.folder.join("s3"), &self.bucket, signers, faults).await?;
        let rules = self.template.expirations.clone();
        let (state, clock) = (self.state.clone(), self.clock.clone());
        let expiry = Expiry::open(state, clock, &self.folder.join("s3"), &self.bucket, rules).await?;
        Ok(Storage { dynamodb, expiry: Arc::new(expiry), dynamodb_url, s3_url: self.on_loopback(bucket).await? })
    }

    async fn queues(&mut self) -> Result<Queues, EngineError> {
        let sqs = Sqs::open(self.state.clone(), self.clock.clone(), self.faults.clone(), REGION)?;
        let url = self.on_loopback(sqs.router()).await?;
        let client = crate::clients::sqs(&url, Some(&self.servers));
        let urls = Arc::new(queues::make(&client, &sqs, &self.template.queues).await?);
        Ok(Queues { sqs, url, client, urls })
    }

    fn mail(&self, queues: &Queues, zones: &Zones, relay: Option<Relay>) -> Result<Mail, EngineError> {
        let state = &self.state;
        let event_queue = EventQueue { client: queues.client.clone(), url: queues.url_of(&self.template.event_queue)? };
        let identities = Identities::open(state.clone(), zones.clone())?;
        let events = Arc::new(Events::open(state.clone(), Arc::new(event_queue))?);
        let outbox = Arc::new(Outbox::open(state.clone(), self.clock.clone(), events.clone(), relay)?);
        let settings = SesSettings {
            region: REGION.to_owned(),
            account_id: ACCOUNT_ID.to_owned(),
            configuration_sets: vec![self.template.configuration_set.clone()],
        };
        let ses = Ses::open(
            state.clone(),
            self.clock.clone(),
            self.faults.clone(),
            identities.clone(),
            outbox.clone(),
            events.clone(),
            settings,
        )?;
        Ok(Mail { identities, verdicts: Verdicts::open(state.clone())?, events, outbox, ses })
    }

    /// What the template's names mean here. Resources are called by their logical ids.
    fn scope(&self, queue_urls: &BTreeMap<String, String>, http: SocketAddr) -> Scope {
        let template = &self.template;
        let mut scope = Scope::default();
        for id in [&template.table.id, &template.configuration_set, &template.secrets_key] {
            scope.refs.insert(id.clone(), id.clone());
        }
        scope.refs.insert(template.bucket.clone(), self.bucket.clone());
        scope.refs.extend(queue_urls.clone());
        scope.refs.extend(template.parameters.clone());
        scope.refs.insert("AWS::Region".to_owned(), REGION.to_owned());
        scope.refs.insert("AWS::AccountId".to_owned(), ACCOUNT_ID.to_owned());
        scope.refs.insert("AWS::Partition".to_owned(), "aws".to_owned());
        scope.attributes.extend(self.arns());
        scope.refs.insert("PublicUrl".to_owned(), format!("http://{http}"));
        scope
    }

    /// What `!GetAtt` gives of the resources that roles name.
    fn arns(&self) -> impl Iterator<Item = (String, String)> {
        let template = &self.template;
        let arn = |service: &str, resource: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}");
        let mut arns = vec![
            (template.table.id.clone(), arn("dynamodb", &format!("table/{}", template.table.id))),
            (template.bucket.clone(), format!("arn:aws:s3:::{}", self.bucket)),
            (template.secrets_key.clone(), crate::kms::key_arn(&template.secrets_key)),
            (template.logs.clone(), arn("logs", &format!("log-group:{}", template.logs))),
        ];
        arns.extend(template.queues.iter().map(|queue| (queue.id.clone(), arn("sqs", &queue.id))));
        arns.into_iter().map(|(id, arn)| (format!("{id}.Arn"), arn))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, EngineError> {
    TcpListener::bind(address).await.map_err(|source| EngineError::Listen { address, source })
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, EngineError> {
    listener.local_addr().map_err(|source| EngineError::Listen { address: ANY_LOOPBACK, source })
}
