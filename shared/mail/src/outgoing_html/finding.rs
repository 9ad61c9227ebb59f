//! What does not leave as it was written.

use crate::unseen::is_unseen;

/// Findings named of each sort.
const MAX_FINDINGS: usize = 20;

/// Characters of a finding that are repeated.
const MAX_EXCERPT_CHARS: usize = 80;

/// Something that does not leave as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// The thing itself, cut to some 80 characters.
    pub what: String,
}

actionlayer_domain::debug_without_content!(Finding);

/// Sorts of what does not leave as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A comment, conditions of Outlook among them: some clients show what is in it.
    Comment,
    /// `style`, or a `link` to one.
    StyleSheet,
    /// An element that runs, embeds or loads something.
    ActiveElement,
    /// A form or a part of one: its values are words that no text has.
    FormElement,
    /// An element whose content some clients show and others do not.
    UncertainElement,
    /// Words that a reader would not see.
    HiddenText,
    Picture,
    /// A link that is none of `https`, `http`, `mailto` and `tel`.
    LinkTarget,
    /// More nesting or character references than a page has.
    TooComplex,
    /// A character that has no shape, or turns what stands beside it around.
    UnseenCharacter,
    /// A declaration of a style outside what mail may use.
    Style,
    /// An attribute without a place in mail.
    Attribute,
    /// An element without a place in mail; its content stays.
    Element,
}

impl FindingKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::StyleSheet => "style_sheet",
            Self::ActiveElement => "active_element",
            Self::FormElement => "form_element",
            Self::UncertainElement => "uncertain_element",
            Self::HiddenText => "hidden_text",
            Self::Picture => "picture",
            Self::LinkTarget => "link_target",
            Self::TooComplex => "too_complex",
            Self::UnseenCharacter => "unseen_character",
            Self::Style => "style",
            Self::Attribute => "attribute",
            Self::Element => "element",
        }
    }

    /// What is wrong with it, for its author.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Comment => "comments cannot be sent: some mail programs show what is in them",
            Self::StyleSheet => "style sheets cannot be sent: use `style` attributes",
            Self::ActiveElement => "elements that run, embed or load something cannot be sent",
            Self::FormElement => "forms and their parts cannot be sent",
            Self::UncertainElement => "some mail programs show what is in this element and others do not",
            Self::HiddenText => "a reader would not see this text",
            Self::Picture => "pictures cannot be sent in the body: attach them as files",
            Self::LinkTarget => "links must be https, http, mailto or tel",
            Self::TooComplex => "there is more nesting, or there are more character references, than a mail may have",
            Self::UnseenCharacter => "this character cannot be seen",
            Self::Style => "this declaration is not among those that mail may use",
            Self::Attribute => "this attribute has no effect in mail",
            Self::Element => "this element has no effect in mail; its content stays",
        }
    }
}

pub(super) fn add(findings: &mut Vec<Finding>, kind: FindingKind, what: &str) {
    let text = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut excerpt: String = text.chars().filter(|c| !is_unseen(*c)).take(MAX_EXCERPT_CHARS).collect();
    if text.chars().nth(MAX_EXCERPT_CHARS).is_some() {
        excerpt.push('…');
    }
    let finding = Finding { kind, what: excerpt };
    if !findings.contains(&finding) && findings.iter().filter(|f| f.kind == kind).count() < MAX_FINDINGS {
        findings.push(finding);
    }
}
