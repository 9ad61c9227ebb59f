//! Asking people, and what they decide.

mod answer;
pub mod approval_page;
pub(crate) mod approver_mail;
pub(crate) mod channel_status;
pub mod connect;
pub mod decide_draft;
pub(crate) mod fan_out;
pub(crate) mod in_line;
pub(crate) mod notice;
pub mod notify;
pub(crate) mod notify_of_broken_channel;
pub(crate) mod notify_of_rule;
pub(crate) mod notify_of_switch_off;
mod press;
pub mod sender_page;
mod sender_press;
pub mod slack_callback;
pub mod slack_install;
pub mod telegram_callback;
pub(crate) mod trouble;
pub(crate) mod voice;
