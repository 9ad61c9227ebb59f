//! What a form or an address carries: names and values. A field that is not there is empty.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
};

/// The fields of a posted form.
#[derive(Clone)]
pub(crate) struct Form(Vec<(String, String)>);

/// The fields of the query of an address.
#[derive(Clone)]
pub(crate) struct Asked(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = StatusCode;

    async fn from_request(request: Request, state: &S) -> Result<Self, StatusCode> {
        let body = Bytes::from_request(request, state).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        // A browser ends the lines of a text with CR LF.
        let fields = form_urlencoded::parse(&body);
        Ok(Self(fields.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

fn first<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

impl Asked {
    /// A value without blanks around it.
    pub(crate) fn text(&self, name: &str) -> &str {
        first(&self.0, name).trim()
    }

    /// A value that was given.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

impl Form {
    /// These fields, as if they had been posted.
    #[cfg(test)]
    pub(crate) fn of(fields: Vec<(&str, String)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A value as it was typed.
    pub(crate) fn text(&self, name: &str) -> &str {
        first(&self.0, name)
    }

    /// A value without blanks around it; none when nothing was typed.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// Whether a box was checked.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// All values of one name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// A number; none when it is not one.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.given(name)?.parse().ok()
    }

    /// Several values in one field, parted by commas, semicolons, blanks or lines.
    pub(crate) fn several(&self, name: &str) -> Vec<String> {
        let parted = self.text(name).split([',', ';', '\n', ' ']).map(str::trim);
        parted.filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// The same, where a value may hold blanks.
    pub(crate) fn several_phrases(&self, name: &str) -> Vec<String> {
        let parted = self.text(name).split([',', '\n']).map(str::trim);
        parted.filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_are_parted() {
        let form = Form(vec![("to".to_owned(), "a@x.example, b@x.example\nc@x.example".to_owned())]);
        assert_eq!(form.several("to"), ["a@x.example", "b@x.example", "c@x.example"]);
        assert_eq!(form.given("cc"), None);
    }
}
