//! What is asked of Stripe: a form whose names may have brackets, `line_items[0][price]`. A name nobody knows is refused, as
//! Stripe does.

use std::collections::BTreeMap;

use super::methods::Refusal;

/// The fields of a form or a query, by name.
pub(super) struct Asked(BTreeMap<String, String>);

impl Asked {
    pub(super) fn read(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    /// Refuses a name that is not one of these; one that ends with `[` stands for all that begin so.
    pub(super) fn only(self, known: &[&str]) -> Result<Self, Refusal> {
        let is_known =
            |name: &str| known.iter().any(|known| *known == name || (known.ends_with('[') && name.starts_with(known)));
        match self.0.keys().find(|name| !is_known(name)) {
            Some(name) => Err(Refusal::unknown(name)),
            None => Ok(self),
        }
    }

    pub(super) fn given(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    pub(super) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.given(name).ok_or_else(|| Refusal::missing_parameter(name))
    }

    /// What stands in brackets after a name: `metadata[plan]`.
    pub(super) fn map(&self, prefix: &str) -> BTreeMap<String, String> {
        let inner = |name: &str| Some(name.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
        self.0.iter().filter_map(|(name, value)| Some((inner(name)?, value.clone()))).collect()
    }
}
