//! The order in which things start: state, then servers, then functions, then what invokes them, then what takes work
//! from outside.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{
    Addresses, Arc, CancellationToken, Connections, Destinations, DnsServer, Engine, EngineError, EngineOptions,
    JoinSet, LocalClock, Path, QueueMapping, REGION, Scope, SesGate, SocketAddr, StreamMapping, Sweep, TcpListener,
    Template,
    async_invocations::{AsyncInvocations, Target},
    domain_records::DomainRecords,
    function_arn, queues,
    serve::{ANY_LOOPBACK, serve, serve_on_loopback},
    sinks::{EventQueue, Receipts},
};
use crate::{
    dns::Zones,
    dynamodb::{DynamoDb, Front},
    event_sources::Checkpoints,
    faults::Faults,
    gateway::{self, Gateway, Routes},
    invoke::{Code, Deployed, Functions},
    local_routes::{self, LocalRoutes},
    outbox::Outbox,
    ses::{Events, Identities, Ses, SesSettings},
    smtp::{self, Receiver, ReceiverSettings, SmtpLimits, Verdicts},
    sqs::{ACCOUNT_ID, Sqs},
    state::State,
    template::{TEMPLATE, Trigger},
};

pub(super) async fn start(options: EngineOptions) -> Result<Engine, EngineError> {
    let template = Template::parse(TEMPLATE)?;
    let folder = options.data.as_path();
    make_folder(folder)?;
    let stop = CancellationToken::new();
    let (mut intake, mut workers) = (JoinSet::new(), JoinSet::new());
    // Servers of AWS's services live until everything that uses them has ended.
    let services = CancellationToken::new();

    // What CloudFormation would name it; a bucket's name has no capitals.
    let bucket = template.bucket.to_ascii_lowercase();

    // Taken first: a second engine on the same folder ends here.
    let state = State::open(&folder.join("engine.sqlite"))?;
    let http = listen(options.http).await?;
    let smtp_listener = listen(options.smtp).await?;
    let http_address = local_address(&http)?;
    let smtp_address = local_address(&smtp_listener)?;
    let clock = LocalClock::open(state.clone()).await?;
    let faults = Arc::new(Faults::default());

    let dynamodb = DynamoDb::open(&folder.join("dynamodb.sqlite"), &template.table).await?;
    let bare = listen(ANY_LOOPBACK).await?;
    let front = Front {
        dynamodb: dynamodb.clone(),
        faults: faults.clone(),
        client: reqwest::Client::builder().no_proxy().build().unwrap_or_default(),
        server: format!("http://{}", local_address(&bare)?),
    };
    workers.spawn(dynamodb.clone().serve(bare, services.clone()));
    let mut on_loopback = async |router| {
        serve_on_loopback(router, services.clone(), &mut workers)
            .await
            .map_err(|source| EngineError::Listen { address: ANY_LOOPBACK, source })
    };
    let dynamodb_url = on_loopback(crate::dynamodb::router(front)).await?;
    let s3_url = on_loopback(crate::s3::router(&folder.join("s3"), &bucket, faults.clone())?).await?;
    let sqs = Sqs::open(state.clone(), clock.clone(), faults.clone(), REGION)?;
    let sqs_url = on_loopback(sqs.router()).await?;

    let sqs_client = crate::clients::sqs(&sqs_url);
    let queue_urls = Arc::new(queues::make(&sqs_client, &sqs, &template.queues).await?);
    let event_url = OnceLock::new();
    _ = event_url.set(queue_urls.get(&template.event_queue).ok_or(EngineError::Lacks("queue for SES events"))?.clone());
    let event_queue = EventQueue { client: sqs_client.clone(), url: event_url };

    let zones = Zones::open(state.clone())?;
    let dns = DnsServer::start(zones.clone(), ANY_LOOPBACK).await?;
    let identities = Identities::open(state.clone(), zones.clone())?;
    let verdicts = Verdicts::open(state.clone())?;
    let events = Arc::new(Events::open(state.clone(), Arc::new(event_queue))?);
    let outbox = Arc::new(Outbox::open(state.clone(), clock.clone(), events.clone(), options.relay)?);
    let ses = Ses::open(
        state.clone(),
        clock.clone(),
        faults.clone(),
        identities.clone(),
        outbox.clone(),
        events.clone(),
        SesSettings {
            region: REGION.to_owned(),
            account_id: ACCOUNT_ID.to_owned(),
            configuration_sets: vec![template.configuration_set.clone()],
        },
    )?;

    let mut scope = scope(&template, &bucket, &queue_urls, http_address);
    // One person's machine counts nobody's requests, unless asked to.
    scope.refs.insert("RateLimits".to_owned(), "off".to_owned());
    scope.refs.extend(options.parameters);
    let connections = Connections {
        template: &template,
        scope: &scope,
        dynamodb: &dynamodb_url,
        s3: &s3_url,
        sqs: &sqs_url,
        dns: dns.address(),
        clock: &clock,
    };
    let mut deployed = BTreeMap::new();
    let mut ses_url = String::new();
    let mut app = None;
    for (id, function) in &template.functions {
        // Each function reaches SES by a way of its own, so that it alone can be killed there.
        let gate = Arc::new(SesGate::default());
        ses_url = on_loopback(gate.wrap(crate::ses::router(ses.clone()))).await?;
        let connected = connections.connect(function, &ses_url)?;
        app.get_or_insert_with(|| connected.clone());
        deployed.insert(id.clone(), Deployed::new(function, Code::of(&function.name, connected)?, gate));
    }
    let app = app.ok_or(EngineError::Lacks("functions"))?;
    let functions = Arc::new(Functions { deployed, faults: faults.clone() });

    let destinations = Destinations::new(sqs_client.clone(), queue_urls.clone());
    let checkpoints = Checkpoints::open(state.clone())?;
    let mut sweep = None;
    for (id, function) in &template.functions {
        for trigger in &function.triggers {
            match trigger {
                Trigger::Queue { queue, batch_size, max_concurrency, reports_failures } => {
                    let mapping = QueueMapping {
                        client: sqs_client.clone(),
                        functions: functions.clone(),
                        function: id.clone(),
                        queue_url: queue_urls.get(queue).ok_or(EngineError::Lacks("such queue"))?.clone(),
                        queue_arn: sqs.arn(queue),
                        region: REGION.to_owned(),
                        batch_size: *batch_size,
                        max_concurrency: *max_concurrency,
                        reports_failures: *reports_failures,
                    };
                    intake.spawn(mapping.run(stop.clone()));
                }
                Trigger::Stream { batch_size, max_retries, bisect, reports_failures, on_failure } => {
                    let mapping = StreamMapping {
                        dynamodb: dynamodb.clone(),
                        functions: functions.clone(),
                        destinations: destinations.clone(),
                        checkpoints: checkpoints.clone(),
                        function: id.clone(),
                        batch_size: usize::try_from(*batch_size).unwrap_or(usize::MAX),
                        max_retries: *max_retries,
                        bisect: *bisect,
                        reports_failures: *reports_failures,
                        on_failure: on_failure.clone(),
                    };
                    intake.spawn(mapping.run(stop.clone()));
                }
                Trigger::Schedule { every_seconds } => {
                    let scheduled = Sweep {
                        functions: functions.clone(),
                        dynamodb: dynamodb.clone(),
                        clock: clock.clone(),
                        function: id.clone(),
                        every_seconds: *every_seconds,
                    };
                    workers.spawn(scheduled.clone().run());
                    sweep = Some(scheduled);
                }
            }
        }
    }
    let invocations = AsyncInvocations::open(state.clone(), clock.clone())?;
    let receiving = template.receiver().ok_or(EngineError::Lacks("function that receives mail"))?;
    let target = Target {
        function: template.receipt_rule.function.clone(),
        retries: receiving.async_retries,
        on_failure: receiving.on_failure.clone(),
    };
    workers.spawn(invocations.clone().work(functions.clone(), destinations, target));

    let receiver = Arc::new(Receiver::new(
        identities,
        verdicts.clone(),
        crate::clients::s3(&s3_url),
        Arc::new(Receipts(invocations)),
        clock.clone(),
        ReceiverSettings {
            bucket,
            key_prefix: template.receipt_rule.key_prefix.clone(),
            region: REGION.to_owned(),
            function_arn: function_arn(&template.receipt_rule.function),
        },
    ));
    workers.spawn(async move { events.publish().await });
    let local = local_routes::router(LocalRoutes {
        outbox: outbox.clone(),
        verdicts,
        zones,
        records: Arc::new(DomainRecords(app.clone())),
        faults,
        clock: clock.clone(),
        sweep: sweep.ok_or(EngineError::Lacks("schedule"))?,
    });
    let returning = receiver.clone();
    workers.spawn(async move { outbox.deliver(&returning).await });
    workers.spawn(smtp::serve(smtp_listener, receiver, SmtpLimits::default()));
    let routes = Routes::new(&template.routes)?;
    let gateway = gateway::router(Gateway { routes, functions, clock: clock.clone() });
    intake.spawn(serve(http, local.merge(gateway), stop.clone()));

    let addresses = Addresses {
        http: http_address,
        smtp: smtp_address,
        dns: dns.address(),
        dynamodb: dynamodb_url,
        s3: s3_url,
        sqs: sqs_url,
        sesv2: ses_url,
    };
    Ok(Engine { addresses, app, clock, dns, stop, intake, workers })
}

fn make_folder(folder: &Path) -> Result<(), EngineError> {
    std::fs::create_dir_all(folder).map_err(|source| EngineError::Folder { folder: folder.to_owned(), source })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, EngineError> {
    TcpListener::bind(address).await.map_err(|source| EngineError::Listen { address, source })
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, EngineError> {
    listener.local_addr().map_err(|source| EngineError::Listen { address: ANY_LOOPBACK, source })
}

/// What the template's names mean here. Resources are called by their logical ids.
fn scope(template: &Template, bucket: &str, queue_urls: &BTreeMap<String, String>, http: SocketAddr) -> Scope {
    let mut scope = Scope::default();
    for id in [&template.table.id, &template.configuration_set] {
        scope.refs.insert(id.clone(), id.clone());
    }
    scope.refs.insert(template.bucket.clone(), bucket.to_owned());
    scope.refs.extend(queue_urls.clone());
    scope.refs.extend(template.parameters.clone());
    scope.refs.insert("AWS::Region".to_owned(), REGION.to_owned());
    scope.refs.insert("AWS::AccountId".to_owned(), ACCOUNT_ID.to_owned());
    scope.refs.insert("PublicUrl".to_owned(), format!("http://{http}"));
    scope
}
