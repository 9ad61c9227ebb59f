//! Shapes that the inputs of several use cases have in common.
//!
//! The input of a use case is one type: HTTP parses and documents it, and tools of agents publish its schema. It says
//! what form a wish has; what of it cannot be carried out, the use case says, all at once and by field.

use std::ops::Deref;

use actionlayer_domain::EmailAddress;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, OneOfBuilder, RefOr, Schema},
};

/// For `#[serde(default, deserialize_with = "nullable")]` on an `Option<Option<T>>`: tells a field that is `null` (clear
/// it) from one that is not there (leave it).
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Addresses in a request: a list, or one alone. Only their shape is checked here; the use case says which of them
/// cannot be mailed, all at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses(pub Vec<String>);

impl Deref for Addresses {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl PartialSchema for Addresses {
    fn schema() -> RefOr<Schema> {
        let one = EmailAddress::schema;
        OneOfBuilder::new().item(one()).item(ArrayBuilder::new().items(one())).into()
    }
}

impl ToSchema for Addresses {}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Addresses;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an e-mail address or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Addresses, E> {
                Ok(Addresses(vec![text.to_owned()]))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Addresses, E> {
                Ok(Addresses::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut addresses: A) -> Result<Addresses, A::Error> {
                let mut all = Vec::new();
                while let Some(address) = addresses.next_element()? {
                    all.push(address);
                }
                Ok(Addresses(all))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
