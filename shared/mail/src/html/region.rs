//! Which parts of an HTML mail are what its author wrote: mail clients mark quotes, signatures and forwards by names.

use super::Tag;

/// What a piece of a mail is by the elements around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Region {
    /// Nothing says that it is anything but new.
    #[default]
    New,
    /// A block quote that nothing marks as a quoted mail: the author's own quotation or indent.
    Indent,
    /// A quoted mail.
    Quote,
    /// The line above a quote.
    Attribution,
    /// In an element that holds the line above a quote, the quotes, and answers between them.
    LeadIn,
    /// In an element that holds history as a whole.
    History,
    /// After a mark below which all is history.
    Rest,
    /// Under a rule as Outlook draws it above its header block.
    Divider,
    /// A forwarded mail.
    Forward,
    Signature,
}

struct Open {
    name: String,
    count: usize,
    region: Region,
    /// It holds the line above a quote, quotes, and answers between them.
    holds_quotes: bool,
}

/// Marked elements within marked elements followed at most.
const MAX_OPEN: usize = 32;

/// Follows the tags of a document and says what stands where.
#[derive(Default)]
pub(crate) struct Regions {
    open: Vec<Open>,
    rest: bool,
    /// Outlook's end of what was written was just seen.
    append_on_send: bool,
}

impl Regions {
    /// What text here is.
    pub(crate) fn current(&self) -> Region {
        if self.rest { Region::Rest } else { self.open.last().map_or(Region::New, |open| open.region) }
    }

    /// Notes that text was shown here.
    pub(crate) fn text(&mut self) {
        self.append_on_send = false;
    }

    /// Takes the next tag.
    pub(crate) fn tag(&mut self, tag: &Tag<'_>) {
        if self.rest {
            return;
        }
        if tag.is_end {
            self.close(&tag.name);
            return;
        }
        let current = self.current();
        let settled = matches!(current, Region::Quote | Region::History | Region::Forward);
        if tag.name == "hr" {
            self.rest |= !settled && (self.append_on_send || tag.attribute("id") == Some("stopSpelling"));
            return;
        }
        if tag.is_void() || tag.name == "p" {
            return;
        }
        let region =
            if settled || !(tag.has_attributes() || tag.name == "blockquote") { None } else { self.region_of(tag) };
        match region {
            Some(Region::Rest) => self.rest = true,
            Some(region) if self.open.len() < MAX_OPEN => {
                let holds_quotes = region == Region::LeadIn;
                self.open.push(Open { name: tag.name.clone().into_owned(), count: 1, region, holds_quotes });
            }
            _ => {
                // Its end is not the end of the marked element of that name, also from within another one.
                if let Some(open) = self.open.iter_mut().rev().find(|open| open.name == tag.name) {
                    open.count += 1;
                }
            }
        }
    }

    fn close(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else { return };
        let Some(open) = self.open.get_mut(at) else { return };
        open.count -= 1;
        if open.count > 0 {
            return;
        }
        let quoted = open.region == Region::Quote;
        self.open.truncate(at);
        if let Some(around) = self.open.last_mut().filter(|around| quoted && around.region == Region::LeadIn) {
            // Below the first quote stand answers.
            around.region = Region::New;
        }
    }

    fn region_of(&mut self, tag: &Tag<'_>) -> Option<Region> {
        // Outlook on the web renames what it quotes.
        let id = tag.attribute("id").map(|id| id.strip_prefix("x_").unwrap_or(id)).unwrap_or_default();
        match id {
            // Outlook on the web and on phones.
            "divRplyFwdMsg" | "mail-editor-reference-message-container" => return Some(Region::Rest),
            "appendonsend" => self.append_on_send = true,
            // Outlook for Mac; NetEase.
            "OLK_SRC_BODY_SECTION" | "isReplyContent" => return Some(Region::History),
            "Signature" | "ms-outlook-mobile-signature" => return Some(Region::Signature),
            _ if id.contains("yahoo_quoted") => return Some(Region::History),
            _ => {}
        }
        match tag.attribute("name") {
            // GMX and WEB.DE; Spark.
            Some("quote") => return Some(Region::History),
            Some("messageReplySection") => return Some(Region::LeadIn),
            Some("messageSignatureSection") => return Some(Region::Signature),
            _ => {}
        }
        let classes = tag.attribute("class").unwrap_or_default();
        if tag.name == "blockquote" {
            // A bar on its left is drawn by clients and by authors, and Gmail gives both the same class: within what a
            // client marks it is the client's.
            let within = || self.open.iter().any(|open| open.holds_quotes);
            let marked = is_mail_quote(tag, classes) || ((has_bar(tag) || is_of_gmail(classes)) && within());
            return Some(if marked { Region::Quote } else { Region::Indent });
        }
        let style = || tag.attribute("style").unwrap_or_default();
        classes
            .split_ascii_whitespace()
            .find_map(region_of_class)
            .or_else(|| (tag.name == "div" && style().contains("border-top:solid")).then_some(Region::Divider))
    }
}

fn region_of_class(class: &str) -> Option<Region> {
    Some(match class {
        "OutlookMessageHeader" | "mail-editor-reference-message-container" | "GroupwiseReplyHeader" => Region::Rest,
        "yahoo_quoted" => Region::History,
        "moz-forward-container" => Region::Forward,
        "gmail_attr" | "moz-cite-prefix" => Region::Attribution,
        "gmail_signature"
        | "gmail_signature_prefix"
        | "moz-signature"
        | "protonmail_signature_block"
        | "front-signature"
        | "hs_signature"
        | "missive_signature"
        | "signature"
        | "sh-signature" => Region::Signature,
        "gmail_quote"
        | "gmail_quote_container"
        | "protonmail_quote"
        | "zmail_extra"
        | "tutanota_quote"
        | "missive_quote" => Region::LeadIn,
        _ => return None,
    })
}

/// Whether a block quote says that it is a quoted mail.
fn is_mail_quote(tag: &Tag<'_>, classes: &str) -> bool {
    tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"))
        || bare(classes).any(|class| QUOTE_CLASSES.contains(&class))
}

fn is_of_gmail(classes: &str) -> bool {
    bare(classes).any(|class| class == "gmail_quote")
}

/// Classes without the prefixes that Outlook on the web and Yahoo put before those of what they show.
fn bare(classes: &str) -> impl Iterator<Item = &str> {
    classes.split_ascii_whitespace().map(|class| {
        let class = class.trim_start_matches("x_");
        class.strip_prefix("yiv").map_or(class, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}

/// The classes that clients give the block quote around an earlier mail. A site's own (`wp-block-quote`) are not among
/// them.
const QUOTE_CLASSES: [&str; 14] = [
    "protonmail_quote",
    "tutanota_quote",
    "spark_quote",
    "missive_quote",
    "front-blockquote",
    "freshdesk_quote",
    "zmail_quote",
    "hs_quote",
    "mailbird_quote",
    "yahoo_quoted",
    "iw_quote",
    "clean_bq",
    "quote",
    "cite",
];

fn has_bar(tag: &Tag<'_>) -> bool {
    let style = tag.attribute("style").unwrap_or_default();
    style.contains("border-left") && !style.contains("border-left:none") && !style.contains("border-left:0")
}

#[cfg(test)]
mod tests {
    use super::super::{Token, Tokenizer};
    use super::*;

    fn regions(html: &str) -> Vec<(String, Region)> {
        let mut regions = Regions::default();
        let mut found = Vec::new();
        for token in Tokenizer::new(html) {
            match token {
                Token::Tag(tag) => regions.tag(&tag),
                Token::Text(text) => found.push((text.trim().to_owned(), regions.current())),
            }
        }
        found
    }

    #[test]
    fn answers_between_the_quotes_of_gmail_are_new() {
        let found = regions(
            "a<div class=gmail_quote><div>b<div class=gmail_attr>On</div></div><blockquote class=gmail_quote>q<blockquote>\
             r</blockquote></blockquote>c<blockquote class=gmail_quote>s</blockquote>d</div>e",
        );
        let words: Vec<(&str, Region)> = found.iter().map(|(text, region)| (text.as_str(), *region)).collect();
        assert_eq!(
            words,
            [
                ("a", Region::New),
                ("b", Region::LeadIn),
                ("On", Region::Attribution),
                ("q", Region::Quote),
                ("r", Region::Quote),
                ("c", Region::New),
                ("s", Region::Quote),
                ("d", Region::New),
                ("e", Region::New),
            ]
        );
    }

    #[test]
    fn elements_within_a_quote_do_not_end_what_is_around_it() {
        let found =
            regions("<div class=gmail_quote><blockquote type=cite><div>q</div>r<div>s</div></blockquote>c</div>e");
        let words: Vec<(&str, Region)> = found.iter().map(|(text, region)| (text.as_str(), *region)).collect();
        assert_eq!(
            words,
            [("q", Region::Quote), ("r", Region::Quote), ("s", Region::Quote), ("c", Region::New), ("e", Region::New)]
        );
    }

    #[test]
    fn below_the_mark_of_outlook_all_is_history() {
        let found = regions("a<div id=appendonsend></div><hr><div>b</div>");
        assert_eq!(found.last().map(|(_, region)| *region), Some(Region::Rest));
        let found = regions("a<hr>b<div id=x_divRplyFwdMsg>c</div>d");
        let kinds: Vec<Region> = found.iter().map(|(_, region)| *region).collect();
        assert_eq!(kinds, [Region::New, Region::New, Region::Rest, Region::Rest]);
    }

    #[test]
    fn an_indent_is_no_quote() {
        for (html, region) in [
            ("<blockquote>x", Region::Indent),
            ("<blockquote style='margin:0 0 0 40px;border:none;padding:0px'>x", Region::Indent),
            ("<blockquote style='border-left:1px solid #ccc'>x", Region::Indent),
            ("<blockquote class=wp-block-quote>x", Region::Indent),
            ("<div class=zmail_extra><blockquote style='border-left:1px solid #ccc'>x", Region::Quote),
            ("<blockquote class=gmail_quote>x", Region::Indent),
            ("<div class=gmail_quote><blockquote class='x_gmail_quote'>x", Region::Quote),
            ("<BLOCKQUOTE TYPE=CITE>x", Region::Quote),
        ] {
            assert_eq!(regions(html)[0].1, region, "{html}");
        }
    }
}
