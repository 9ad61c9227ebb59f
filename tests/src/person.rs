//! Somebody with a browser: a session's cookie, pages, and forms posted as they stand in the pages.

use std::fmt::Write as _;

use actionlayer_domain::{
    Clock as _, HeaderText, UserId, WorkspaceId,
    account::{MemberRole, PasswordHash, Session, SessionToken, User},
};
use actionlayer_runtime::{OsEntropy, SystemClock};
use actionlayer_store::Transaction;
use reqwest::{Client, Method, header::LOCATION, redirect::Policy};

use crate::{Browser, Engine, World};

/// Somebody who is signed in. Redirects are followed, as a browser does it: by a GET.
#[derive(Debug, Clone)]
pub struct Person {
    client: Client,
    base: String,
    cookie: String,
}

/// A page as it was answered, after the redirects.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is: path and query.
    pub path: String,
    pub status: u16,
    pub html: String,
    /// The policy that came with it.
    pub policy: String,
}

/// A form of a page: its fields as they stand there, to be filled in and posted.
#[derive(Debug, Clone)]
pub struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Person {
    /// A member of the world's workspace with this role, who is signed in.
    pub async fn member(world: &World, name: &str, role: MemberRole) -> Self {
        let workspace = world.owner.get("/v1/workspace").await.expect(200);
        let workspace: WorkspaceId = workspace["id"].as_str().unwrap().parse().unwrap();
        Self::signed_in(&world.engine, workspace, name, role).await
    }

    /// The same in any workspace. Written into the table: how somebody gets there is for the tests of accounts.
    pub async fn signed_in(engine: &Engine, workspace: WorkspaceId, name: &str, role: MemberRole) -> Self {
        let now = SystemClock.now();
        let user = User {
            id: UserId::generate(now, &OsEntropy),
            email: format!("{}@team.test", name.to_lowercase()).parse().unwrap(),
            name: HeaderText::sanitize(name),
            password: PasswordHash::nobodys(),
            password_version: 1,
            email_verified_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        let token = SessionToken::generate(user.id, &OsEntropy);
        let mut transaction = Transaction::new();
        transaction.create(&user).unwrap();
        transaction.create(&user.member_of(workspace, role, now)).unwrap();
        transaction.create(&Session::begin(&token, &user, Some(workspace), "a test", now)).unwrap();
        engine.store().commit(transaction).await.expect("they are new");
        Self {
            client: Client::builder().redirect(Policy::none()).build().expect("a client"),
            base: engine.http.clone(),
            cookie: format!("session={}", token.expose()),
        }
    }

    /// A browser with the same session, which is shown redirects as they are.
    pub fn browser(&self) -> Browser {
        let browser = Browser::new(&self.base);
        let (name, value) = self.cookie.split_once('=').expect("a cookie has a name");
        browser.plant(name, value);
        browser
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) -> Page {
        self.ask(Method::GET, path, None).await
    }

    /// Opens a page that is there.
    pub async fn see(&self, path: &str) -> Page {
        let page = self.open(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page
    }

    /// Posts a form, and sees where it leads.
    pub async fn post(&self, form: &Form) -> Page {
        let fields: Vec<_> =
            form.fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.ask(Method::POST, &form.action, Some(fields.join("&"))).await
    }

    async fn ask(&self, method: Method, path: &str, form: Option<String>) -> Page {
        let (mut method, mut path, mut form) = (method, path.to_owned(), form);
        let mut notice = String::new();
        for _ in 0..5 {
            let url = if path.starts_with("http") { path.clone() } else { format!("{}{path}", self.base) };
            let mut request = self.client.request(method.clone(), url).header("accept", "text/html");
            request = request.header("cookie", format!("{}{notice}", self.cookie));
            if let Some(form) = form.take() {
                request = request.header("content-type", "application/x-www-form-urlencoded");
                request = request.header("sec-fetch-site", "same-origin").body(form);
            }
            let response = request.send().await.expect("an answer");
            let header = |name: &str| {
                let value = response.headers().get(name).and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            if let Some(said) = header("set-cookie").strip_prefix("notice=") {
                notice = format!("; notice={}", said.split(';').next().unwrap_or_default());
            }
            if response.status().is_redirection() {
                let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                let to = to.expect("a redirect leads somewhere");
                path = to.split('#').next().unwrap_or_default().to_owned();
                method = Method::GET;
                continue;
            }
            let (status, policy) = (response.status().as_u16(), header("content-security-policy"));
            let html = String::from_utf8_lossy(&response.bytes().await.expect("a body")).into_owned();
            return Page { path, status, html, policy };
        }
        panic!("{path}: redirects without end");
    }
}

impl Page {
    /// The page without its markup, for messages and for words that are looked for.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<main").map_or(self.html.as_str(), |(_, main)| main);
        let mut text = String::new();
        let mut inside = true;
        for c in body.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        let text = text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&");
        text.replace("&#60;", "<").replace("&#62;", ">").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless the page says this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{}: {words}: {}", self.path, self.text());
        self
    }

    /// Whether the page has a form that is posted there.
    pub fn offers(&self, action: &str) -> bool {
        self.html.contains(&format!("action=\"{action}\""))
    }

    /// The form that is posted there, with its hidden fields and what stands in the others.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let start = self.html.find(&format!("action=\"{action}\"")).unwrap_or_else(|| {
            panic!("{}: no form for {action}: {}", self.path, self.text());
        });
        let form = &self.html[start..];
        let form = form.split_once("</form>").map_or(form, |(form, _)| form);
        let mut fields: Vec<(String, String)> = Vec::new();
        // The list whose options follow, and whether one of them is chosen.
        let mut list: Option<bool> = None;
        for part in form.split('<') {
            let (tag, text) = part.split_once('>').unwrap_or((part, ""));
            let name = attribute(tag, "name");
            if tag.starts_with("input ") {
                let is_box = ["checkbox", "radio"].contains(&attribute(tag, "type").as_str());
                if !name.is_empty() && (!is_box || tag.ends_with(" checked")) {
                    fields.push((name, attribute(tag, "value")));
                }
            } else if tag.starts_with("textarea ") {
                // The first line break is markup.
                fields.push((name, unescaped(text.strip_prefix('\n').unwrap_or(text))));
            } else if tag.starts_with("select ") {
                fields.push((name, String::new()));
                list = Some(false);
            } else if tag.starts_with("option ")
                && let (Some(has_chosen), Some((_, value))) = (&mut list, fields.last_mut())
                && (tag.ends_with(" selected") || (!*has_chosen && value.is_empty()))
            {
                *has_chosen = tag.ends_with(" selected");
                *value = attribute(tag, "value");
            } else if tag == "/select" {
                list = None;
            }
        }
        Form { action: action.to_owned(), fields }
    }

    /// The end of the first link that begins so.
    #[track_caller]
    pub fn link(&self, beginning: &str) -> String {
        let found = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let mut found = found.filter(|link| link.starts_with(beginning) && link.len() > beginning.len());
        found.next().unwrap_or_else(|| panic!("{}: no link {beginning}: {}", self.path, self.text())).to_owned()
    }
}

/// As a form is posted.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

/// The value of an attribute in a tag, unescaped.
fn attribute(tag: &str, name: &str) -> String {
    let value =
        tag.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
    unescaped(value)
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

impl Form {
    /// Fills a field in, or presses the button with that name and value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Fills in the field of that name which comes at this place among those of the name.
    #[must_use]
    pub fn with_at(mut self, name: &str, at: usize, value: &str) -> Self {
        let mut fields = self.fields.iter_mut().filter(|(known, _)| known == name);
        let (_, field) = fields.nth(at).unwrap_or_else(|| panic!("no {name} at {at}"));
        value.clone_into(field);
        self
    }
}
