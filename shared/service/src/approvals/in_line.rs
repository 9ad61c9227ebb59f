//! Places in line, where a provider asked to wait: nothing new is posted past what waits already.

use actionlayer_clients::{slack::SlackError, telegram::TelegramError};
use actionlayer_domain::{
    WorkspaceId,
    channel::ChannelKind,
    channel_line::{ChannelLine, Turn},
};
use actionlayer_store::{Transaction, keys};

use super::trouble::Trouble;
use crate::{App, ServiceError, contention::until_settled};

/// A channel or chat, by its id.
pub(crate) type Place<'a> = (ChannelKind, &'a str);

/// Something that is to be told, as the lines know it.
pub(crate) struct InLine<'a> {
    app: &'a App,
    workspace: WorkspaceId,
    subject: String,
    /// The lines as they were moments ago.
    seen: Vec<ChannelLine>,
}

impl<'a> InLine<'a> {
    /// Looks at the lines of these places: all that is read where no provider asked to wait of late. Where they cannot be
    /// read people are told all the same, and the provider says itself if it is too soon.
    pub(crate) async fn look(app: &'a App, workspace: WorkspaceId, subject: String, places: &[Place<'_>]) -> Self {
        let mut distinct: Vec<Place<'_>> = Vec::with_capacity(places.len());
        for place in places {
            if place.0 != ChannelKind::Email && !distinct.contains(place) {
                distinct.push(*place);
            }
        }
        let seen = app.store.channel_lines(workspace, &distinct).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the lines of channels could not be read");
            Vec::new()
        });
        Self { app, workspace, subject, seen }
    }

    fn seen(&self, (channel, place): Place<'_>) -> Option<&ChannelLine> {
        let here = |line: &&ChannelLine| line.channel == channel && line.place == place;
        self.seen.iter().find(here).filter(|line| !line.is_free(self.app.now()))
    }

    /// How long a message that stands there must wait to be written again. It needs no place in the line: what it says is
    /// true whenever it is written.
    pub(crate) fn held(&self, place: Place<'_>) -> Option<u32> {
        self.seen(place).map(|line| line.held_seconds(self.app.now())).filter(|seconds| *seconds > 0)
    }

    /// Whether it may be posted there now. If not it has a place in the line.
    pub(crate) async fn arrive(&self, place: Place<'_>) -> Result<Turn, ServiceError> {
        if self.seen(place).is_none() {
            return Ok(Turn::Now);
        }
        self.change(place, |line| line.arrive(&self.subject, self.app.now())).await
    }

    /// The provider asked to wait so long; gives the seconds until it is tried again.
    pub(crate) async fn refused(&self, place: Place<'_>, retry_after_seconds: u32) -> Result<u32, ServiceError> {
        self.change(place, |line| line.refused(&self.subject, retry_after_seconds, self.app.now())).await
    }

    /// It was posted there, or never can be: the next one's turn. Where this cannot be written those behind wait until it
    /// counts as lost; what was posted is to be recorded all the same.
    pub(crate) async fn told(&self, place: Place<'_>) {
        if self.seen(place).is_none() {
            return;
        }
        if let Err(error) = self.change(place, |line| line.told(&self.subject, self.app.now())).await {
            tracing::warn!(%error, "a place in line could not be given up");
        }
    }

    /// It has nothing to be posted there any more.
    pub(crate) async fn leave(&self, place: Place<'_>) -> Result<(), ServiceError> {
        if self.seen(place).is_none() {
            return Ok(());
        }
        self.change(place, |line| line.leave(&self.subject)).await
    }

    async fn change<T>(&self, place: Place<'_>, step: impl Fn(&mut ChannelLine) -> T) -> Result<T, ServiceError> {
        let (channel, name) = place;
        let key = keys::channel_line(self.workspace, channel, name);
        until_settled(self.app, || async {
            let row = self.app.store.get::<ChannelLine>(&key).await?;
            let start = || ChannelLine::start(self.workspace, channel, name.to_owned(), self.app.now());
            let mut line = row.as_ref().map_or_else(start, |row| row.value.clone());
            let outcome = step(&mut line);
            let mut transaction = Transaction::new();
            match &row {
                Some(row) if row.value == line => return Ok(outcome),
                Some(row) => transaction.replace(row, &line)?,
                None => transaction.create(&line)?,
            };
            self.app.store.commit(transaction).await?;
            Ok(outcome)
        })
        .await
    }
}

/// What is said of a place where it must wait for others: the provider's word, as if it had been asked.
pub(crate) fn wait(channel: ChannelKind, retry_after_seconds: u32) -> Trouble {
    match channel {
        ChannelKind::Telegram => TelegramError::RateLimited { retry_after_seconds }.into(),
        ChannelKind::Email | ChannelKind::Slack => SlackError::RateLimited { retry_after_seconds }.into(),
    }
}
