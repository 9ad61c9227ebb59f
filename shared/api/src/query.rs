//! Query strings, strictly: parameters are asked for by name, and what nobody asked for is refused.

use std::{fmt::Display, str::FromStr};

use actionlayer_service::FieldError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::{
    Deserialize,
    de::{IntoDeserializer as _, value::StrDeserializer},
};

use crate::ApiError;

/// The parameters of a request. A handler takes the ones it knows and then calls [`Query::finish`].
#[derive(Debug)]
pub struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        let left = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { left, known: Vec::new(), errors: Vec::new() }
    }

    /// The value of a parameter, if it is there.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let (mine, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.left).into_iter().partition(|(n, _)| n == name);
        self.left = left;
        let mut values = mine.into_iter().map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            self.refuse(name, "must be given only once");
            return None;
        }
        first
    }

    /// A parameter that parses.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.convert(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// A parameter that is one of an enum's names.
    pub fn choice<T: for<'de> Deserialize<'de>>(&mut self, name: &'static str) -> Option<T> {
        self.convert(name, |text| {
            let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            T::deserialize(text).map_err(|error| {
                let error = error.to_string();
                error.split_once(", expected ").map_or(error.clone(), |(_, expected)| format!("must be {expected}"))
            })
        })
    }

    /// `true` or `false`, in any case: Python says `True`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.convert(name, |text| match text {
            _ if text.eq_ignore_ascii_case("true") => Ok(true),
            _ if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err("must be `true` or `false`".to_owned()),
        })
    }

    /// A parameter that `convert` takes, or refuses with what would be right.
    pub fn convert<T>(&mut self, name: &'static str, convert: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match convert(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(name, message);
                None
            }
        }
    }

    /// A time that `convert` takes. The plus of an offset, pasted as it stands, comes as a blank, which stands nowhere in
    /// a time of RFC 3339.
    pub fn time<T>(&mut self, name: &'static str, convert: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.convert(name, |text| {
            let is_offset = |rest: &str| rest.len() == "02:00".len() && rest.as_bytes().get(2) == Some(&b':');
            match text.rsplit_once(' ') {
                Some((time, offset)) if is_offset(offset) && time.contains(':') => convert(&format!("{time}+{offset}")),
                _ => convert(text),
            }
        })
    }

    /// Records that a parameter cannot be taken.
    pub fn refuse(&mut self, name: &'static str, message: impl Display) {
        self.errors.push(FieldError::new(name, message));
    }

    /// Refuses what was wrong and what nobody asked for.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in &self.left {
            let name: String = name.chars().take(64).collect();
            if self.errors.iter().any(|error| error.field == name) {
                continue;
            }
            let known: Vec<_> = self.known.iter().map(|known| format!("`{known}`")).collect();
            let message = match known.as_slice() {
                [] => "is not a parameter of this route, which takes none".to_owned(),
                _ => format!("is not a parameter of this route, which takes {}", known.join(", ")),
            };
            self.errors.push(FieldError::new(name, message));
        }
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::validation(self.errors)) }
    }
}

/// No parameters at all.
#[derive(Debug, Clone, Copy)]
pub struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::parse(parts.uri.query().unwrap_or_default()).finish().map(|()| Self)
    }
}
