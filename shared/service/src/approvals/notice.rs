//! A notice: something that approvers or owners are to know, and about which there is nothing to press.

use actionlayer_channels::{slack, telegram};
use actionlayer_domain::{EmailAddress, HeaderText, Identity, channel::ApprovalChannel, message::SendOutcome};

use super::{
    approver_mail::ApproverMail,
    channel_status,
    trouble::Retry,
    voice::{Said, post},
};
use crate::{App, ServiceError};

/// What is to be known, as a mail and as a sentence.
pub(crate) struct Notice<'t> {
    /// What the mail is named after.
    pub(crate) name: String,
    /// What it is, for the sender's name.
    pub(crate) what: &'static str,
    pub(crate) subject: HeaderText,
    /// What the mail to each says.
    pub(crate) text: &'t (dyn Fn(&EmailAddress) -> String + Sync),
    pub(crate) sentence: String,
}

/// What came of giving it to some.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// A provider took it for one of them at least.
    pub(crate) taken: bool,
    /// The addresses, channels and chats for which there is nothing left to be done.
    pub(crate) settled: Vec<String>,
    /// The addresses, channels and chats for which a provider said "not now".
    pub(crate) later: Vec<String>,
    /// How long one of them asked to wait, if it said so.
    pub(crate) wait_seconds: Option<u32>,
}

impl Notice<'_> {
    /// Mails it to people, as the identity, and posts it in channels of the identity.
    pub(crate) async fn give<'a>(
        &self,
        app: &App,
        identity: &'a Identity,
        people: impl Iterator<Item = &'a EmailAddress>,
        channels: impl Iterator<Item = (&'a ApprovalChannel, &'a str)>,
    ) -> Result<Given, ServiceError> {
        let mut given = Given::default();
        for person in people {
            let mail = ApproverMail {
                name: self.name.clone(),
                what: self.what,
                subject: self.subject.clone(),
                text: &(self.text)(person),
                html: None,
                comments_on: None,
            };
            match mail.send(app, identity, person, app.now()).await {
                SendOutcome::RefusedForNow => given.later.push(person.as_str().to_owned()),
                outcome => {
                    given.taken |= matches!(outcome, SendOutcome::Accepted { .. });
                    given.settled.push(person.as_str().to_owned());
                }
            }
        }
        for (channel, place) in channels {
            let sentence = &self.sentence;
            let said = Said { slack: || slack::greeting_message(sentence), telegram: || telegram::greeting(sentence) };
            let posted = post(app, identity, channel, None, said).await?;
            channel_status::record_and_tell(app, identity, channel, posted.as_ref().err()).await?;
            given.taken |= posted.is_ok();
            match posted.err().and_then(|trouble| trouble.retry) {
                None => given.settled.push(place.to_owned()),
                Some(retry) => {
                    given.later.push(place.to_owned());
                    if let Retry::After(seconds) = retry {
                        given.wait_seconds = given.wait_seconds.max(Some(seconds));
                    }
                }
            }
        }
        Ok(given)
    }
}

/// The channels of an identity with a place to post to.
pub(crate) fn places(identity: &Identity) -> impl Iterator<Item = (&ApprovalChannel, &str)> {
    identity.approval_channels.iter().filter_map(|channel| Some((channel, channel.place()?)))
}
