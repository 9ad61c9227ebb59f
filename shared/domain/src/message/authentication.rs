//! What SES says about who sent a mail. Nothing inside the mail is believed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verdict of SES on a mail it received. See "Contents of notifications for Amazon SES email receiving" in the SES
/// developer guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// There was nothing to judge by.
    #[default]
    Gray,
    /// SES could not judge.
    ProcessingFailed,
}

impl Verdict {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Gray => "GRAY",
            Self::ProcessingFailed => "PROCESSING_FAILED",
        }
    }
}

/// SES's verdicts on a mail, and what follows for its author's address. Nothing inside the mail is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authentication {
    /// SPF of the envelope sender.
    pub spf: Verdict,
    pub dkim: Verdict,
    /// DMARC: SPF or DKIM passed for the very domain in `From`.
    pub dmarc: Verdict,
    /// Spam filter.
    pub spam: Verdict,
    /// Virus scanner.
    pub virus: Verdict,
}

impl Authentication {
    /// The same for a mail with one author or several: with several, DMARC passed for one of them at most, and nothing says for
    /// whom.
    #[must_use]
    pub fn of_authors(self, has_several: bool) -> Self {
        if has_several { Self { dmarc: Verdict::Fail, ..self } } else { self }
    }

    /// Whether anything speaks for the address in `From`, and DMARC does not speak against it.
    pub fn speaks_for_author(&self) -> bool {
        self.dmarc != Verdict::Fail && [self.spf, self.dkim, self.dmarc].contains(&Verdict::Pass)
    }

    /// Whether the address in `From` can be believed.
    pub fn aligned(&self) -> bool {
        self.dmarc == Verdict::Pass
    }
}
