//! The settings of a deployment, by value: whoever starts the product says what it works with.

pub mod variable;

use std::{collections::BTreeMap, net::SocketAddr};

use actionlayer_domain::{
    EmailAddress, Plan, Secret, WorkspaceId,
    account::{Bootstrap, SignUp},
    rate::RateLimits,
    webhook::Reach,
    work::Queue,
};
use actionlayer_service::{BillingSettings, Settings, SlackApp, TelegramUpdates};

/// Why the process cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("environment variable {variable} is missing")]
    Missing { variable: &'static str },
    /// The variable has a value it cannot have. The value is not repeated: it may be a secret set in the wrong place.
    #[error("environment variable {variable} must be {expected}")]
    Malformed {
        variable: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

/// Keys that sign requests to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the key.
    pub access_key_id: String,
    /// Signs.
    pub secret_access_key: Secret<String>,
    /// Goes along when the key is temporary, as that of a role is.
    pub session_token: Option<Secret<String>>,
}

impl Credentials {
    /// Keys for servers that are not AWS and check no signature, or check it against these.
    pub fn local() -> Self {
        Self {
            access_key_id: "local".to_owned(),
            secret_access_key: Secret::new("local".to_owned()),
            session_token: None,
        }
    }
}

/// Where AWS services are, if not at AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    pub dynamodb: Option<String>,
    /// S3.
    pub s3: Option<String>,
    pub sqs: Option<String>,
    /// SES v2.
    pub sesv2: Option<String>,
    pub kms: Option<String>,
}

impl Endpoints {
    fn any(&self) -> bool {
        [&self.dynamodb, &self.s3, &self.sqs, &self.sesv2, &self.kms].into_iter().any(Option::is_some)
    }
}

/// Everything a process must be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this deployment is called, for good.
    pub deployment_name: String,
    pub table_name: String,
    /// Name of the bucket.
    pub mail_bucket: String,
    /// Where each queue is.
    pub queue_urls: BTreeMap<Queue, String>,
    pub ses_configuration_set: Option<String>,
    /// The KMS key that data keys for secrets come from: its id or ARN.
    pub secrets_key: String,
    /// What the use cases need to know.
    pub settings: Settings,
    /// Keys that sign requests.
    pub credentials: Credentials,
    /// Where AWS services are, if not at AWS.
    pub endpoints: Endpoints,
    /// The DNS server to ask instead of the system's.
    pub dns_server: Option<SocketAddr>,
    /// Where Slack is, if not at Slack.
    pub slack_api_url: Option<String>,
    /// Where Telegram is, if not at Telegram.
    pub telegram_api_url: Option<String>,
    /// Where Stripe is, if not at Stripe.
    pub stripe_api_url: Option<String>,
}

impl Config {
    /// Reads the settings from pairs of name and value, such as [`std::env::vars`]. Names it does not know are left
    /// alone: the environment belongs to others as well.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let variables = Variables(pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect());
        let endpoints = Endpoints {
            dynamodb: variables.url(variable::AWS_ENDPOINT_URL_DYNAMODB)?,
            s3: variables.url(variable::AWS_ENDPOINT_URL_S3)?,
            sqs: variables.url(variable::AWS_ENDPOINT_URL_SQS)?,
            sesv2: variables.url(variable::AWS_ENDPOINT_URL_SESV2)?,
            kms: variables.url(variable::AWS_ENDPOINT_URL_KMS)?,
        };
        let public_url =
            variables.url(variable::PUBLIC_URL)?.ok_or(ConfigError::Missing { variable: variable::PUBLIC_URL })?;
        Ok(Self {
            deployment_name: variables.required(variable::DEPLOYMENT_NAME)?,
            table_name: variables.required(variable::TABLE_NAME)?,
            mail_bucket: variables.required(variable::MAIL_BUCKET)?,
            queue_urls: Queue::ALL
                .into_iter()
                .map(|queue| Ok((queue, variables.required(queue.url_variable())?)))
                .collect::<Result<_, _>>()?,
            ses_configuration_set: variables.optional(variable::SES_CONFIGURATION_SET),
            secrets_key: variables.required(variable::SECRETS_KEY)?,
            settings: Settings {
                public_url: public_url.trim_end_matches('/').to_owned(),
                region: variables.required(variable::AWS_REGION)?,
                bootstrap: variables.bootstrap()?,
                sign_up: variables.sign_up()?,
                bootstrap_token: variables.bootstrap_token()?,
                account_mail_from: variables.account_mail_from()?,
                rate_limits: variables.rate_limits()?,
                webhook_reach: variables.webhook_reach()?,
                plan: variables.plan()?,
                beta_workspaces: variables.beta_workspaces()?,
                billing: variables.billing()?,
                slack_app: variables.slack_app()?,
                telegram_updates: variables.telegram_updates()?,
            },
            credentials: variables.credentials(&endpoints)?,
            endpoints,
            dns_server: variables.optional(variable::DNS_SERVER).map(|text| text.parse()).transpose().map_err(
                |_| ConfigError::Malformed { variable: variable::DNS_SERVER, expected: "an address and port" },
            )?,
            slack_api_url: variables.url(variable::SLACK_API_URL)?,
            telegram_api_url: variables.url(variable::TELEGRAM_API_URL)?,
            stripe_api_url: variables.url(variable::STRIPE_API_URL)?,
        })
    }
}

struct Variables(BTreeMap<String, String>);

impl Variables {
    fn optional(&self, name: &'static str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing { variable: name })
    }

    fn url(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(url) = self.optional(name) else { return Ok(None) };
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_some_and(|host| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control())) {
            return Ok(Some(url));
        }
        Err(ConfigError::Malformed { variable: name, expected: "a URL that begins with https:// or http://" })
    }

    fn webhook_reach(&self) -> Result<Reach, ConfigError> {
        let local = self.0.contains_key(variable::LOCAL_WEBHOOKS) && self.switch(variable::LOCAL_WEBHOOKS)?;
        Ok(if local { Reach::Anywhere } else { Reach::Public })
    }

    fn switch(&self, name: &'static str) -> Result<bool, ConfigError> {
        match self.required(name)?.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(ConfigError::Malformed { variable: name, expected: "`on` or `off`" }),
        }
    }

    fn sign_up(&self) -> Result<SignUp, ConfigError> {
        let malformed = ConfigError::Malformed { variable: variable::SIGN_UP, expected: "`open`, `invite` or `off`" };
        self.optional(variable::SIGN_UP).map_or(Ok(SignUp::Off), |text| text.parse().map_err(|_| malformed))
    }

    fn bootstrap(&self) -> Result<Bootstrap, ConfigError> {
        let malformed = ConfigError::Malformed { variable: variable::BOOTSTRAP, expected: "`token`, `off` or `open`" };
        self.required(variable::BOOTSTRAP)?.parse().map_err(|_| malformed)
    }

    /// One that could be guessed is none.
    fn bootstrap_token(&self) -> Result<Option<Secret<String>>, ConfigError> {
        const MIN_BYTES: usize = 20;
        match self.optional(variable::BOOTSTRAP_TOKEN) {
            Some(token) if token.len() < MIN_BYTES => Err(ConfigError::Malformed {
                variable: variable::BOOTSTRAP_TOKEN,
                expected: "a random text of at least 20 characters",
            }),
            token => Ok(token.map(Secret::new)),
        }
    }

    fn account_mail_from(&self) -> Result<Option<EmailAddress>, ConfigError> {
        let malformed =
            ConfigError::Malformed { variable: variable::ACCOUNT_MAIL_FROM, expected: "an address SES may send from" };
        self.optional(variable::ACCOUNT_MAIL_FROM).map(|text| text.parse().map_err(|_| malformed)).transpose()
    }

    fn rate_limits(&self) -> Result<Option<RateLimits>, ConfigError> {
        let malformed = ConfigError::Malformed {
            variable: variable::RATE_LIMITS,
            expected: "`off` or `reads=60,writes=20,sign_ins=10`",
        };
        let text = self.required(variable::RATE_LIMITS)?;
        if text == "off" {
            return Ok(None);
        }
        let mut parts = text.split(',');
        let mut next = |name: &str| {
            let number = parts.next()?.trim().strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok()?;
            (number > 0).then_some(number)
        };
        let limits = (next("reads"), next("writes"), next("sign_ins"));
        match (limits, parts.next()) {
            ((Some(reads), Some(writes), Some(sign_ins)), None) => Ok(Some(RateLimits { reads, writes, sign_ins })),
            _ => Err(malformed),
        }
    }

    /// All three of it, or none.
    fn slack_app(&self) -> Result<Option<SlackApp>, ConfigError> {
        let names = [variable::SLACK_CLIENT_ID, variable::SLACK_CLIENT_SECRET, variable::SLACK_SIGNING_SECRET];
        if names.iter().all(|name| !self.0.contains_key(*name)) {
            return Ok(None);
        }
        Ok(Some(SlackApp {
            client_id: self.required(names[0])?,
            client_secret: Secret::new(self.required(names[1])?),
            signing_secret: Secret::new(self.required(names[2])?),
        }))
    }

    fn telegram_updates(&self) -> Result<TelegramUpdates, ConfigError> {
        match self.optional(variable::TELEGRAM_UPDATES).as_deref() {
            None | Some("webhook") => Ok(TelegramUpdates::Webhook),
            Some("polled") => Ok(TelegramUpdates::Polled),
            Some(_) => {
                Err(ConfigError::Malformed { variable: variable::TELEGRAM_UPDATES, expected: "`webhook` or `polled`" })
            }
        }
    }

    fn plan(&self) -> Result<Plan, ConfigError> {
        self.required(variable::PLAN)?.parse().map_err(|_| ConfigError::Malformed {
            variable: variable::PLAN,
            expected: "`builder_pack`, `pro`, `agency` or `unlimited`",
        })
    }

    fn beta_workspaces(&self) -> Result<Vec<WorkspaceId>, ConfigError> {
        let malformed = ConfigError::Malformed {
            variable: variable::BETA_WORKSPACES,
            expected: "ids of workspaces with commas between",
        };
        let text = self.optional(variable::BETA_WORKSPACES).unwrap_or_default();
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| id.parse().map_err(|_| malformed.clone())).collect()
    }

    /// A key and prices, or neither.
    fn billing(&self) -> Result<Option<BillingSettings>, ConfigError> {
        let names = [variable::STRIPE_SECRET_KEY, variable::STRIPE_PRICES];
        if names.iter().all(|name| !self.0.contains_key(*name)) {
            return Ok(None);
        }
        let malformed = ConfigError::Malformed {
            variable: names[1],
            expected: "`pro=price_…,agency=price_…`, with ids of prices",
        };
        let price = |pair: &str| {
            let (plan, price) = pair.trim().split_once('=').filter(|(_, price)| !price.trim().is_empty())?;
            let plan = plan.trim().parse().ok().filter(|plan| [Plan::Pro, Plan::Agency].contains(plan))?;
            Some((plan, price.trim().to_owned()))
        };
        let prices: Option<Vec<(Plan, String)>> = self.required(names[1])?.split(',').map(price).collect();
        let prices = prices.ok_or(malformed)?;
        Ok(Some(BillingSettings {
            secret_key: Secret::new(self.required(names[0])?),
            webhook_secret: self.optional(variable::STRIPE_WEBHOOK_SECRET).map(Secret::new),
            prices,
        }))
    }

    /// Local keys only where an endpoint is overridden and no key is given: a function in AWS never starts without its
    /// role, and a test never reaches AWS with somebody's own keys.
    fn credentials(&self, endpoints: &Endpoints) -> Result<Credentials, ConfigError> {
        let Some(access_key_id) = self.optional(variable::AWS_ACCESS_KEY_ID) else {
            return if endpoints.any() {
                Ok(Credentials::local())
            } else {
                Err(ConfigError::Missing { variable: variable::AWS_ACCESS_KEY_ID })
            };
        };
        Ok(Credentials {
            access_key_id,
            secret_access_key: Secret::new(self.required(variable::AWS_SECRET_ACCESS_KEY)?),
            session_token: self.optional(variable::AWS_SESSION_TOKEN).map(Secret::new),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn complete() -> BTreeMap<&'static str, &'static str> {
        BTreeMap::from([
            (variable::DEPLOYMENT_NAME, "mine"),
            (variable::TABLE_NAME, "table"),
            (variable::MAIL_BUCKET, "bucket"),
            ("SEND_QUEUE_URL", "http://sqs/1/send"),
            ("NOTIFY_QUEUE_URL", "http://sqs/1/notify"),
            ("INDEX_QUEUE_URL", "http://sqs/1/index"),
            ("WEBHOOK_QUEUE_URL", "http://sqs/1/webhook"),
            ("RULES_QUEUE_URL", "http://sqs/1/rules"),
            (variable::SES_CONFIGURATION_SET, "events"),
            (variable::SECRETS_KEY, "alias/secrets"),
            (variable::PUBLIC_URL, "https://mail.example.com/"),
            (variable::BOOTSTRAP, "token"),
            (variable::RATE_LIMITS, "reads=60,writes=20,sign_ins=10"),
            (variable::PLAN, "pro"),
            (variable::BETA_WORKSPACES, "0197f3a0-5c1e-7d2a-9f00-1234567890ab"),
            (variable::AWS_REGION, "eu-central-1"),
            (variable::AWS_ACCESS_KEY_ID, "AKIA"),
            (variable::AWS_SECRET_ACCESS_KEY, "hush"),
            ("PATH", "/bin"),
        ])
    }

    fn read(variables: &BTreeMap<&'static str, &'static str>) -> Result<Config, ConfigError> {
        Config::from_pairs(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn what_lambda_and_the_template_set_is_enough() {
        let config = read(&complete()).unwrap();
        assert_eq!(config.settings.public_url, "https://mail.example.com");
        assert_eq!(config.settings.bootstrap, Bootstrap::Token);
        assert_eq!(config.settings.rate_limits, Some(RateLimits { reads: 60, writes: 20, sign_ins: 10 }));
        assert_eq!(config.settings.plan, Plan::Pro);
        assert_eq!(config.settings.webhook_reach, Reach::Public);
        assert_eq!(config.endpoints, Endpoints::default());
        assert_eq!(config.credentials.access_key_id, "AKIA");
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn each_missing_variable_is_named() {
        for variable in variable::from_template().chain([variable::AWS_REGION, variable::AWS_ACCESS_KEY_ID]) {
            for value in [None, Some(""), Some(" ")] {
                let mut variables = complete();
                match value {
                    None => variables.remove(variable),
                    Some(value) => variables.insert(variable, value),
                };
                match read(&variables) {
                    Ok(config) => {
                        let optional = [variable::SES_CONFIGURATION_SET, variable::BETA_WORKSPACES];
                        assert!(optional.contains(&variable), "{variable}");
                        assert!(variable != optional[0] || config.ses_configuration_set.is_none());
                    }
                    Err(error) => assert_eq!(error, ConfigError::Missing { variable }),
                }
            }
        }
    }

    #[test]
    fn a_malformed_variable_is_named_and_its_value_is_not() {
        for (variable, value) in [
            (variable::BOOTSTRAP, "yes"),
            (variable::LOCAL_WEBHOOKS, "yes"),
            (variable::RATE_LIMITS, "reads=7"),
            (variable::RATE_LIMITS, "reads=0,writes=20,sign_ins=10"),
            (variable::RATE_LIMITS, "reads=60,writes=20,sign_ins=10,more=1"),
            (variable::PLAN, "free"),
            (variable::BETA_WORKSPACES, "everybody"),
            (variable::STRIPE_PRICES, "price_1"),
            (variable::STRIPE_PRICES, "unlimited=price_1"),
            (variable::SIGN_UP, "yes"),
            (variable::BOOTSTRAP_TOKEN, "short"),
            (variable::ACCOUNT_MAIL_FROM, "nobody"),
            (variable::PUBLIC_URL, "mail.example.com"),
            (variable::PUBLIC_URL, "https://a b"),
            (variable::AWS_ENDPOINT_URL_S3, "127.0.0.1:9000"),
            (variable::DNS_SERVER, "localhost"),
        ] {
            let mut variables = complete();
            variables.insert(variable, value);
            let error = read(&variables).unwrap_err();
            assert!(matches!(&error, ConfigError::Malformed { variable: named, .. } if *named == variable), "{error}");
            assert!(!error.to_string().contains(value));
        }
    }

    #[test]
    fn plans_are_paid_for_where_there_is_a_key_and_a_price() {
        let mut variables = complete();
        assert!(read(&variables).unwrap().settings.billing.is_none());
        variables.insert(variable::STRIPE_SECRET_KEY, "sk_test_hush");
        let missing = ConfigError::Missing { variable: variable::STRIPE_PRICES };
        assert_eq!(read(&variables).unwrap_err(), missing);
        variables.insert(variable::STRIPE_PRICES, "pro=price_1, agency=price_2,pro=price_old");
        let config = read(&variables).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
        let billing = config.settings.billing.unwrap();
        assert_eq!((billing.price_of(Plan::Pro), billing.plan_of("price_old")), (Some("price_1"), Some(Plan::Pro)));
        assert_eq!(billing.for_sale(), [Plan::Pro, Plan::Agency]);
        assert_eq!(billing.plan_of("price_of_something_else"), None);
    }

    #[test]
    fn local_keys_take_an_endpoint_and_the_absence_of_real_ones() {
        let mut variables = complete();
        variables.insert(variable::AWS_ENDPOINT_URL_SQS, "http://127.0.0.1:1");
        assert_eq!(read(&variables).unwrap().credentials.access_key_id, "AKIA");
        variables.remove(variable::AWS_ACCESS_KEY_ID);
        assert_eq!(read(&variables).unwrap().credentials, Credentials::local());
        variables.remove(variable::AWS_ENDPOINT_URL_SQS);
        assert_eq!(read(&variables).unwrap_err(), ConfigError::Missing { variable: variable::AWS_ACCESS_KEY_ID });
    }
}
