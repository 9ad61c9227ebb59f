//! The screens of signing up and in, and of a workspace's users.

use actionlayer_channels::legible::moment;
use actionlayer_domain::{
    Timestamp,
    account::{AccountLink, AuditEntry, LinkPurpose, MemberRole, Membership, Session},
};
use askama::Template;

use super::Frame;

/// A screen with one form, for whoever is at the door: signing in, signing up, and the links of mails.
#[derive(Debug, Clone, Template)]
#[template(path = "door.html")]
pub struct Door {
    /// What stands around it.
    pub frame: Frame,
    /// What it is about.
    pub headline: String,
    /// What is to be known first.
    pub sentences: Vec<String>,
    /// What was wrong with what was sent.
    pub problems: Vec<String>,
    /// The form; none where there is nothing to do.
    pub form: Option<DoorForm>,
    /// Where else to go: paths and words.
    pub links: Vec<(String, String)>,
}

/// Its form.
#[derive(Debug, Clone, Default)]
pub struct DoorForm {
    /// Where it posts.
    pub action: String,
    /// What goes along unseen: names and values.
    pub hidden: Vec<(&'static str, String)>,
    /// What is typed.
    pub fields: Vec<Field>,
    /// The button's words.
    pub button: String,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// What it asks for.
    pub label: &'static str,
    /// `text`, `email` or `password`.
    pub kind: &'static str,
    /// What a browser fills in.
    pub autocomplete: &'static str,
    /// What was typed before. Never a password.
    pub value: String,
    /// A word of help.
    pub hint: &'static str,
}

impl Field {
    pub fn email(value: impl Into<String>) -> Self {
        let (name, label, kind, autocomplete) = ("email", "E-mail", "email", "username");
        Self { name, label, kind, autocomplete, value: value.into(), hint: "" }
    }

    /// A password that is checked.
    pub fn password() -> Self {
        let (name, label, kind, autocomplete) = ("password", "Password", "password", "current-password");
        Self { name, label, kind, autocomplete, value: String::new(), hint: "" }
    }

    /// A password that is chosen.
    pub fn new_password(name: &'static str) -> Self {
        let hint = "At least 10 characters. Several words are easy to remember.";
        let (label, kind, autocomplete) = ("Password", "password", "new-password");
        Self { name, label, kind, autocomplete, value: String::new(), hint }
    }

    /// What somebody is called.
    pub fn name(value: impl Into<String>) -> Self {
        let (name, label, kind, autocomplete) = ("name", "Your name", "text", "name");
        Self { name, label, kind, autocomplete, value: value.into(), hint: "Others see it with what you decide." }
    }

    /// What a workspace is called.
    pub fn workspace(value: impl Into<String>) -> Self {
        let (name, label, kind, autocomplete) = ("workspace_name", "Workspace", "text", "organization");
        Self { name, label, kind, autocomplete, value: value.into(), hint: "The name of your company or project." }
    }
}

/// The users of a workspace.
#[derive(Debug, Clone, Template)]
#[template(path = "users.html")]
pub struct Users {
    /// What stands around it.
    pub frame: Frame,
    /// Which of the settings it is.
    pub tab: &'static str,
    /// The users.
    pub members: Vec<Membership>,
    /// Which of them looks at it.
    pub own_id: String,
    /// Whether that one may change anything.
    pub may_manage: bool,
    /// Invitations that are open.
    pub invitations: Vec<AccountLink>,
    /// A link to be handed on, shown this once.
    pub link: Option<String>,
    /// Where mail about accounts comes from; none where none can be sent.
    pub mail_from: Option<String>,
    /// Whether those who are invited may make an account.
    pub allows_new_accounts: bool,
}

impl Users {
    #[allow(clippy::unused_self, reason = "asked by the template")]
    fn roles(&self) -> [MemberRole; 3] {
        MemberRole::ALL
    }

    /// Whom an invitation is for, as what.
    #[allow(clippy::unused_self, reason = "asked by the template")]
    fn invited(&self, link: &AccountLink) -> (String, &'static str) {
        match &link.purpose {
            LinkPurpose::Invitation { email, role, .. } => (email.to_string(), role.as_str()),
            LinkPurpose::SignUp { .. }
            | LinkPurpose::VerifyEmail { .. }
            | LinkPurpose::ResetPassword { .. }
            | LinkPurpose::FirstOwner => (String::new(), ""),
        }
    }
}

/// One's sessions and password.
#[derive(Debug, Clone, Template)]
#[template(path = "sessions.html")]
pub struct Sessions {
    /// What stands around it.
    pub frame: Frame,
    /// Which of the settings it is.
    pub tab: &'static str,
    /// The sessions that stand.
    pub sessions: Vec<Session>,
    /// Which of them looks at it.
    pub own_sha256: String,
    /// One's address.
    pub email: String,
    /// Whether it is proven.
    pub is_proven: bool,
    /// What was wrong with what was sent.
    pub problems: Vec<String>,
}

impl Sessions {
    #[allow(clippy::unused_self, reason = "asked by the template")]
    fn browser(&self, session: &Session) -> String {
        browser(&session.browser)
    }
}

/// A browser as people call it, from what it says of itself; that, where it is none of the usual ones.
fn browser(said: &str) -> String {
    let among =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| said.contains(part)).map(|(_, name)| *name);
    // Most say that they are others as well: the rarest first.
    let name = among(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = among(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if said.is_empty() => "Unknown".to_owned(),
        _ => said.to_owned(),
    }
}

/// Who did what.
#[derive(Debug, Clone, Template)]
#[template(path = "audit.html")]
pub struct Audit {
    /// What stands around it.
    pub frame: Frame,
    /// Which of the settings it is.
    pub tab: &'static str,
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where older ones are.
    pub older: Option<String>,
}

/// One's workspaces.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces.html")]
pub struct Workspaces {
    /// What stands around it.
    pub frame: Frame,
    /// The workspaces: id, name, role, whether it is looked at.
    pub workspaces: Vec<(String, String, &'static str, bool)>,
    /// Whether another may be made.
    pub may_create: bool,
}

macro_rules! tells_times {
    ($($screen:ident),+) => {$(
        impl $screen {
            /// A time as people read it.
            #[allow(clippy::unused_self, reason = "asked by the template")]
            fn moment(&self, at: impl std::borrow::Borrow<Timestamp>) -> String {
                moment(*at.borrow())
            }
        }
    )+};
}

tells_times!(Users, Sessions, Audit);

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_called_by_its_name() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/148.0")), "Edge on Linux");
        assert_eq!(browser("curl/8"), "curl/8");
        assert_eq!(browser(""), "Unknown");
    }
}
