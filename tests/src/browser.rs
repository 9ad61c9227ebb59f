//! A browser, as far as pages without scripts need one: it keeps cookies, says where a form came from, and is shown redirects.

use std::{collections::BTreeMap, sync::Mutex};

use reqwest::{Client, Method, header::HeaderMap};

/// A browser with cookies of its own.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What it was shown.
#[derive(Debug, Clone)]
pub struct Page {
    asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    /// The HTML.
    pub text: String,
}

impl Browser {
    /// One that was never here.
    pub fn new(base: &str) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { client, base: base.to_owned(), cookies: Mutex::default() }
    }

    /// Another one that has the same cookies: what a thief of them has.
    #[must_use]
    pub fn copy(&self) -> Self {
        let cookies = Mutex::new(self.cookies());
        Self { client: self.client.clone(), base: self.base.clone(), cookies }
    }

    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().expect("no panic").clone()
    }

    /// The session it has; empty when it has none.
    pub fn session(&self) -> String {
        self.cookies().get("session").cloned().unwrap_or_default()
    }

    /// Sets a cookie by other means than an answer.
    pub fn plant(&self, name: &str, value: &str) {
        self.cookies.lock().expect("no panic").insert(name.to_owned(), value.to_owned());
    }

    /// Asks for a page, and is shown a redirect as it is.
    pub async fn get(&self, path: &str) -> Page {
        self.ask(Method::GET, path, &[], None).await
    }

    /// Asks for a page, and follows where it leads.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Sends a form of a page of ours, and is shown a redirect as it is.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.ask(Method::POST, path, &[("sec-fetch-site", "same-origin")], Some(fields)).await
    }

    /// Sends a form, and follows where it leads.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        self.follow(page).await
    }

    async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..5 {
            if !(300..400).contains(&page.status) {
                return page;
            }
            page = self.get(&page.location()).await;
        }
        panic!("{} leads in circles", page.asked)
    }

    /// Asks with headers of one's own.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        fields: Option<&[(&str, &str)]>,
    ) -> Page {
        let asked = format!("{method} {path}");
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request =
            self.client.request(method, url).header("accept", "text/html").header("user-agent", "Tests/1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(fields) = fields {
            let body = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.collect::<Vec<_>>().join("&"));
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer to {asked}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("text");
        self.keep(&headers);
        Page { asked, status, headers, text }
    }

    fn keep(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().expect("no panic");
        for cookie in headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()) {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            if value.is_empty() || cookie.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// As a form has it.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[allow(clippy::return_self_not_must_use, reason = "they say no by a panic")]
impl Page {
    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where it leads.
    pub fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// The page, which has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self
    }

    /// The page, which says this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.text.contains(words), "{} does not say {words:?}: {}", self.asked, self.text);
        self
    }

    /// The value of the first field of this name.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&begin).unwrap_or_else(|| panic!("{} has no {name}", self.asked));
        rest.split_once('"').map(|(value, _)| value.to_owned()).unwrap_or_default()
    }
}
