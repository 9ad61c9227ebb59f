//! The functions, each connected by its own role and variables, and what invokes them: queues, the stream, the schedule and
//! mail that arrives.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use actionlayer_runtime::{Config, Credentials, OsEntropy, connect_over, variable};
use actionlayer_service::{App, Ports};

use super::{
    EngineError, REGION, Sweep,
    async_invocations::{AsyncInvocations, Target},
    environment, function_arn,
    sinks::Receipts,
    start::{Base, Mail, Queues, Storage},
};
use crate::{
    clock::LocalClock,
    event_sources::{Checkpoints, QueueMapping, StreamMapping},
    in_process::InProcess,
    invoke::{Code, Deployed, Functions, SesGate},
    roles::Role,
    ses::Ses,
    smtp::{Receiver, ReceiverSettings},
    template::{Function, Scope, Template, Trigger},
};

/// The functions.
pub(super) struct Deployment {
    pub(super) functions: Arc<Functions>,
    pub(super) app: Arc<App>,
    pub(super) ses_url: String,
}

impl Base {
    pub(super) async fn functions(
        &mut self,
        scope: &Scope,
        storage: &Storage,
        queues: &Queues,
        kms: &str,
        dns: SocketAddr,
        ses: &Arc<Ses>,
    ) -> Result<Deployment, EngineError> {
        let mut deployed = BTreeMap::new();
        let mut first = None;
        for (id, function) in self.template.functions.clone() {
            // Each function reaches SES by a way of its own, so that it alone can be killed there.
            let gate = Arc::new(SesGate::default());
            let ses_url = self.on_loopback(gate.wrap(crate::ses::router(ses.clone()))).await?;
            let connections = Connections {
                data: &self.folder,
                template: &self.template,
                scope,
                dynamodb: &storage.dynamodb_url,
                s3: &storage.s3_url,
                sqs: &queues.url,
                sesv2: &ses_url,
                kms,
                dns,
                clock: &self.clock,
                servers: &self.servers,
            };
            let app = connections.connect(&function)?;
            deployed.insert(id, Deployed::new(&function, Code::of(&function.name, app)?, gate));
            if first.is_none() {
                first = Some((connections.connect_freely(&function)?, ses_url));
            }
        }
        let (app, ses_url) = first.ok_or(EngineError::Lacks("functions"))?;
        let functions = Arc::new(Functions { deployed, faults: self.faults.clone() });
        Ok(Deployment { functions, app, ses_url })
    }

    /// Starts what invokes functions; gives the schedule.
    pub(super) fn event_sources(
        &mut self,
        storage: &Storage,
        queues: &Queues,
        functions: &Arc<Functions>,
    ) -> Result<Sweep, EngineError> {
        let checkpoints = Checkpoints::open(self.state.clone())?;
        let mut sweep = None;
        let triggers = self
            .template
            .functions
            .iter()
            .flat_map(|(id, function)| function.triggers.iter().map(|trigger| (id.clone(), trigger)));
        for (function, trigger) in triggers {
            match trigger.clone() {
                Trigger::Queue { queue, batch_size, max_concurrency, reports_failures } => {
                    let mapping = QueueMapping {
                        client: queues.client.clone(),
                        functions: functions.clone(),
                        function,
                        queue_url: queues.url_of(&queue)?,
                        queue_arn: queues.sqs.arn(&queue),
                        region: REGION.to_owned(),
                        batch_size,
                        max_concurrency,
                        reports_failures,
                    };
                    self.intake.spawn(mapping.run(self.stop.clone()));
                }
                Trigger::Stream { batch_size, max_retries, bisect, reports_failures, on_failure, patterns } => {
                    let mapping = StreamMapping {
                        dynamodb: storage.dynamodb.clone(),
                        functions: functions.clone(),
                        destinations: queues.destinations(),
                        checkpoints: checkpoints.clone(),
                        function,
                        batch_size: usize::try_from(batch_size).unwrap_or(usize::MAX),
                        max_retries,
                        bisect,
                        reports_failures,
                        on_failure,
                        patterns,
                    };
                    self.intake.spawn(mapping.run(self.stop.clone()));
                }
                Trigger::Schedule { every_seconds } => {
                    let scheduled = Sweep {
                        functions: functions.clone(),
                        dynamodb: storage.dynamodb.clone(),
                        expiry: storage.expiry.clone(),
                        clock: self.clock.clone(),
                        function,
                        every_seconds,
                    };
                    self.workers.spawn(scheduled.clone().run());
                    sweep = Some(scheduled);
                }
            }
        }
        sweep.ok_or(EngineError::Lacks("schedule"))
    }

    /// SES's receiving side: into the bucket, then to the function.
    pub(super) fn receiving(
        &mut self,
        storage: &Storage,
        queues: &Queues,
        functions: &Arc<Functions>,
        mail: &Mail,
    ) -> Result<Arc<Receiver>, EngineError> {
        let rule = &self.template.receipt_rule;
        let function = self.template.receiver().ok_or(EngineError::Lacks("function that receives mail"))?;
        let target = Target {
            function: rule.function.clone(),
            retries: function.async_retries,
            on_failure: function.on_failure.clone(),
        };
        let invocations = AsyncInvocations::open(self.state.clone(), self.clock.clone())?;
        self.workers.spawn(invocations.clone().work(functions.clone(), queues.destinations(), target));
        Ok(Arc::new(Receiver::new(
            mail.identities.clone(),
            mail.verdicts.clone(),
            crate::clients::s3(&storage.s3_url, Some(&self.servers)),
            Arc::new(Receipts(invocations)),
            self.clock.clone(),
            ReceiverSettings {
                bucket: self.bucket.clone(),
                key_prefix: rule.key_prefix.clone(),
                region: REGION.to_owned(),
                function_arn: function_arn(&rule.function),
            },
        )))
    }
}

/// What a function is connected to.
struct Connections<'a> {
    /// The data folder.
    data: &'a Path,
    template: &'a Template,
    scope: &'a Scope,
    dynamodb: &'a str,
    s3: &'a str,
    sqs: &'a str,
    sesv2: &'a str,
    kms: &'a str,
    dns: SocketAddr,
    clock: &'a Arc<LocalClock>,
    servers: &'a InProcess,
}

impl Connections<'_> {
    /// Connects a function as in AWS: by its role and the template's variables, plus where the services are. The same
    /// variables are written down for whoever runs the function by hand.
    fn connect(&self, function: &Function) -> Result<Arc<App>, EngineError> {
        let Template { conditions, .. } = self.template;
        let role = Role::new(&function.name, &function.role, self.scope, conditions)?;
        let variables = self.variables(function)?;
        environment::write(self.data, &function.name, &variables).map_err(EngineError::Environment)?;
        self.connect_as(variables, Some(role))
    }

    /// Connects the engine itself, which is nobody's role.
    fn connect_freely(&self, like: &Function) -> Result<Arc<App>, EngineError> {
        self.connect_as(self.variables(like)?, None)
    }

    fn variables(&self, function: &Function) -> Result<BTreeMap<String, String>, EngineError> {
        let mut variables = self.template.environment(function, self.scope)?;
        let local = Credentials::local();
        variables.extend(
            [
                (variable::AWS_REGION, REGION),
                (variable::AWS_ENDPOINT_URL_DYNAMODB, self.dynamodb),
                (variable::AWS_ENDPOINT_URL_S3, self.s3),
                (variable::AWS_ENDPOINT_URL_SQS, self.sqs),
                (variable::AWS_ENDPOINT_URL_SESV2, self.sesv2),
                (variable::AWS_ENDPOINT_URL_KMS, self.kms),
                (variable::LOCAL_WEBHOOKS, "on"),
                // Who asks is seen by it, as in AWS by a role's session.
                (variable::AWS_ACCESS_KEY_ID, function.name.as_str()),
                (variable::AWS_SECRET_ACCESS_KEY, local.secret_access_key.expose()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (variable, parameter) in [
            (variable::SLACK_API_URL, "SlackApi"),
            (variable::TELEGRAM_API_URL, "TelegramApi"),
            (variable::TELEGRAM_UPDATES, "TelegramUpdates"),
            (variable::STRIPE_API_URL, "StripeApi"),
        ] {
            let value = self.scope.refs.get(parameter).cloned().unwrap_or_default();
            variables.insert(variable.to_owned(), value);
        }
        variables.insert(variable::DNS_SERVER.to_owned(), self.dns.to_string());
        Ok(variables)
    }

    fn connect_as(&self, variables: BTreeMap<String, String>, role: Option<Role>) -> Result<Arc<App>, EngineError> {
        let ports = Ports { clock: self.clock.clone(), entropy: Arc::new(OsEntropy) };
        let transport = match role {
            Some(role) => self.servers.client_of(Arc::new(role)),
            None => self.servers.client(),
        };
        Ok(Arc::new(connect_over(&Config::from_pairs(variables)?, ports, transport.clone(), transport)))
    }
}
