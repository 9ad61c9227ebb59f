//! What Telegram sends to a webhook. See "Getting updates", core.telegram.org/bots/api.

use serde::Deserialize;

/// An update, as far as it is for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// A button was pressed.
    Pressed(CallbackQuery),
    /// Something was written.
    Message(ChatMessage),
    /// A group became a supergroup and has another id now.
    Migrated {
        /// The id it had.
        from_chat_id: i64,
        to_chat_id: i64,
    },
    /// Nothing that is for us.
    Other,
}

/// A pressed button.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackQuery {
    /// To answer it by, within some seconds.
    pub id: String,
    /// What the button carries, still to be believed.
    pub data: String,
    pub user: User,
    pub chat_id: i64,
    /// Below which message.
    pub message_id: i64,
    /// In which topic.
    pub message_thread_id: Option<i64>,
}

/// Somebody wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who, if it was not a channel or an anonymous administrator.
    pub user: Option<User>,
    pub chat_id: i64,
    pub message_id: i64,
    /// What it answers.
    pub reply_to_message_id: Option<i64>,
    /// The text, without markup.
    pub text: Option<String>,
}

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    /// Their name, as Telegram gives it.
    pub name: String,
}

actionlayer_domain::debug_without_content!(CallbackQuery, ChatMessage, User);

/// Why a body is no update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not an update")]
pub struct UpdateError;

#[derive(Deserialize)]
struct Raw {
    callback_query: Option<RawQuery>,
    message: Option<RawMessage>,
}

#[derive(Deserialize)]
struct RawQuery {
    id: String,
    from: Option<RawUser>,
    message: Option<RawMessage>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct RawMessage {
    message_id: i64,
    message_thread_id: Option<i64>,
    from: Option<RawUser>,
    chat: RawChat,
    text: Option<String>,
    reply_to_message: Option<RawReplied>,
    migrate_to_chat_id: Option<i64>,
}

#[derive(Deserialize)]
struct RawReplied {
    message_id: i64,
}

#[derive(Deserialize)]
struct RawChat {
    id: i64,
}

#[derive(Deserialize)]
struct RawUser {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    first_name: String,
    last_name: Option<String>,
    username: Option<String>,
}

impl RawUser {
    /// A person; a bot does not decide.
    fn person(self) -> Option<User> {
        let full = [Some(self.first_name.as_str()), self.last_name.as_deref()];
        let full = full.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ");
        let name = if full.is_empty() { self.username.unwrap_or_else(|| self.id.to_string()) } else { full };
        (!self.is_bot).then_some(User { id: self.id, name })
    }
}

/// Reads the body of a request whose secret was checked.
pub fn parse_update(body: &[u8]) -> Result<Update, UpdateError> {
    let update: Raw = serde_json::from_slice(body).map_err(|_| UpdateError)?;
    if let Some(query) = update.callback_query {
        // Without a person, a message or data nobody can be held to have pressed anything: fail closed.
        let (Some(user), Some(message), Some(data)) = (query.from.and_then(RawUser::person), query.message, query.data)
        else {
            return Ok(Update::Other);
        };
        return Ok(Update::Pressed(CallbackQuery {
            id: query.id,
            data,
            user,
            chat_id: message.chat.id,
            message_id: message.message_id,
            message_thread_id: message.message_thread_id,
        }));
    }
    let Some(message) = update.message else { return Ok(Update::Other) };
    if let Some(to_chat_id) = message.migrate_to_chat_id {
        return Ok(Update::Migrated { from_chat_id: message.chat.id, to_chat_id });
    }
    Ok(Update::Message(ChatMessage {
        user: message.from.and_then(RawUser::person),
        chat_id: message.chat.id,
        message_id: message.message_id,
        reply_to_message_id: message.reply_to_message.map(|replied| replied.message_id),
        text: message.text,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    use super::*;
    use serde_json::{Value, json};

    fn parse(update: Value) -> Update {
        parse_update(update.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_press_is_somebodys() {
        let press = |from: Value| {
            json!({"update_id": 1, "callback_query": {"id": "9", "from": from, "data": "abc", "chat_instance": "1",
                "message": {"message_id": 5, "date": 0, "chat": {"id": -100, "type": "supergroup"}}}})
        };
        let Update::Pressed(query) =
            parse(press(json!({"id": 7, "is_bot": false, "first_name": "Dana", "last_name": "Scully"})))
        else {
            panic!("a press");
        };
        assert_eq!(
            (query.user.id, query.user.name.as_str(), query.chat_id, query.message_id),
            (7, "Dana Scully", -100, 5)
        );
        assert_eq!(parse(press(json!({"id": 7, "is_bot": true, "first_name": "Bot"}))), Update::Other);
        assert_eq!(parse(press(Value::Null)), Update::Other);
    }

    #[test]
    fn a_reply_names_what_it_answers() {
        let Update::Message(message) = parse(json!({"update_id": 2, "message": {"message_id": 6, "date": 1,
            "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": false, "first_name": "Dana"},
            "text": "too long", "reply_to_message": {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}}}}))
        else {
            panic!("a message");
        };
        assert_eq!((message.reply_to_message_id, message.text.as_deref()), (Some(5), Some("too long")));
    }

    #[test]
    fn what_is_not_for_us_is_let_go() {
        assert_eq!(parse(json!({"update_id": 3, "my_chat_member": {}})), Update::Other);
        let migrated = json!({"update_id": 4, "message": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"},
            "migrate_to_chat_id": -1005}});
        assert_eq!(parse(migrated), Update::Migrated { from_chat_id: -5, to_chat_id: -1005 });
        assert!(parse_update(b"{").is_err() && parse_update(b"[]").is_err());
    }
}
