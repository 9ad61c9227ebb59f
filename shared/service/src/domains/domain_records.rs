//! The five records of a domain: which they are, and whether what DNS answers is what they should be. Pure.

use actionlayer_domain::{
    DomainName, WorkspaceId,
    public_suffix::registered_domain,
    sending_domain::{DnsRecord, RecordPurpose, RecordType},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// What SES wants to see in an SPF record.
const SPF_INCLUDE: &str = "include:amazonses.com";
/// The preference of the inbound MX record.
const MX_PREFERENCE: u16 = 10;
/// The most records of one name and type that are kept to be shown.
const MAX_FOUND: usize = 20;
/// The most of one record that is kept.
const MAX_FOUND_BYTES: usize = 1_024;

/// What makes the records of one domain its own.
#[derive(Debug, Clone, Copy)]
pub struct RecordInputs<'a> {
    pub domain: &'a DomainName,
    /// The workspace that claims it.
    pub workspace_id: WorkspaceId,
    /// Random; proves that whoever publishes it got it from us.
    pub ownership_token: &'a str,
    pub dkim_selector: &'a str,
    /// The public key: `SubjectPublicKeyInfo` in DER, base64 (RFC 6376, section 3.6.1).
    pub dkim_public_key: &'a str,
    /// The AWS region that receives the mail.
    pub region: &'a str,
}

/// What DNS answered under a record's name and type: `None` when nobody answered.
pub type Found = Option<Vec<String>>;

/// The five records, none of them found yet.
pub fn records(inputs: RecordInputs<'_>) -> Vec<DnsRecord> {
    let RecordInputs { domain, workspace_id, ownership_token, dkim_selector, dkim_public_key, region } = inputs;
    let record = |record_type, purpose, name: String, value: String, priority| DnsRecord {
        record_type,
        registrar_name: registrar_name(&name),
        name,
        value,
        priority,
        purpose,
        verified: false,
        found: Vec::new(),
    };
    let txt = |purpose, name, value| record(RecordType::Txt, purpose, name, value, None);
    vec![
        txt(
            RecordPurpose::Ownership,
            format!("_novacore.{domain}"),
            format!("novacore-verification={ownership_token}"),
        ),
        txt(RecordPurpose::Spf, domain.to_string(), merged_spf(&[])),
        txt(
            RecordPurpose::Dkim,
            format!("{dkim_selector}._domainkey.{domain}"),
            format!("v=DKIM1; k=rsa; p={dkim_public_key}"),
        ),
        txt(RecordPurpose::SesVerification, format!("_amazonses.{domain}"), ses_token(domain, workspace_id)),
        record(
            RecordType::Mx,
            RecordPurpose::Inbound,
            domain.to_string(),
            format!("inbound-smtp.{region}.amazonaws.com"),
            Some(MX_PREFERENCE),
        ),
    ]
}

/// SES's API has no token for `_amazonses` any more (its proof is the DKIM key); the published contract has the record,
/// so it carries a token of ours: the same for ever for one domain in one workspace.
fn ses_token(domain: &DomainName, workspace_id: WorkspaceId) -> String {
    STANDARD.encode(Sha256::digest(format!("amazonses\n{workspace_id}\n{domain}")))
}

/// The name without the registered domain: many registrars append it by themselves.
fn registrar_name(name: &str) -> String {
    // The list knows no labels that begin with an underscore, but it is only asked about the end of the name.
    match registered_domain(name) {
        Some(registered) if name == registered => "@".to_owned(),
        Some(registered) => name.strip_suffix(registered).map_or(name, |head| head.trim_end_matches('.')).to_owned(),
        None => name.to_owned(),
    }
}

/// Whether a name is one under which the public registers names, such as `co.uk`: nobody can own its mail.
pub fn is_public_suffix(domain: &DomainName) -> bool {
    registered_domain(domain.as_str()).is_none()
}

/// Judges one record by what was found, and adapts the value it proposes. No answer changes nothing, so that it can
/// neither verify a record nor undo one.
pub fn judge(record: &mut DnsRecord, found: Found) {
    let Some(found) = found else { return };
    match record.purpose {
        RecordPurpose::Ownership | RecordPurpose::SesVerification => {
            record.verified = found.iter().any(|text| text.trim() == record.value);
        }
        RecordPurpose::Spf => {
            let existing: Vec<&str> = found.iter().map(String::as_str).filter(|text| is_spf(text)).collect();
            // Two SPF records are a permanent error to every receiver (RFC 7208, section 4.5).
            record.verified = matches!(existing.as_slice(), [only] if includes_ses(only));
            record.value = merged_spf(&existing);
            // The other texts of the name belong to others.
            let existing = existing.into_iter().map(str::to_owned).collect();
            record.found = shown(existing);
            return;
        }
        RecordPurpose::Dkim => {
            let expected = dkim_key(&record.value);
            record.verified = found.iter().any(|text| dkim_key(text) == expected);
        }
        RecordPurpose::Inbound => {
            let (ours, others): (Vec<_>, Vec<_>) =
                found.iter().filter_map(|mx| parse_mx(mx)).partition(|(_, host)| *host == record.value);
            let best = ours.iter().map(|(preference, _)| *preference).min();
            // Another host with the same or a better preference would get the mail.
            record.verified = best.is_some_and(|best| others.iter().all(|(preference, _)| *preference > best));
        }
    }
    record.found = shown(found);
}

/// What was found, as much of it as is worth keeping: the zone is a stranger's.
fn shown(mut found: Vec<String>) -> Vec<String> {
    found.sort_unstable();
    found.truncate(MAX_FOUND);
    for text in &mut found {
        text.truncate(text.floor_char_boundary(MAX_FOUND_BYTES));
    }
    found
}

/// An MX record as one text, the way `found` lists it.
pub fn mx_text(preference: u16, host: &str) -> String {
    format!("{preference} {host}")
}

fn parse_mx(text: &str) -> Option<(u16, &str)> {
    let (preference, host) = text.split_once(' ')?;
    Some((preference.parse().ok()?, host))
}

/// A subdomain to use instead, when the name receives mail elsewhere already.
pub fn suggestion(domain: &DomainName, records: &[DnsRecord]) -> Option<String> {
    let inbound = records.iter().find(|record| record.purpose == RecordPurpose::Inbound)?;
    let elsewhere = inbound.found.iter().filter_map(|mx| parse_mx(mx)).any(|(_, host)| host != inbound.value);
    elsewhere.then(|| format!("ai.{domain}"))
}

fn is_spf(text: &str) -> bool {
    let version = text.split_ascii_whitespace().next().unwrap_or_default();
    version.eq_ignore_ascii_case("v=spf1")
}

fn includes_ses(spf: &str) -> bool {
    spf.split_ascii_whitespace().any(|term| term.trim_start_matches('+').eq_ignore_ascii_case(SPF_INCLUDE))
}

/// One SPF record that says what the existing ones say and lets SES send.
fn merged_spf(existing: &[&str]) -> String {
    if let [only] = existing
        && includes_ses(only)
    {
        return (*only).to_owned();
    }
    let mut mechanisms: Vec<&str> = Vec::new();
    // `all` and modifiers such as `redirect=` must come last (RFC 7208, sections 5.1 and 6).
    let (mut all, mut modifiers): (Option<&str>, Vec<&str>) = (None, Vec::new());
    for term in existing.iter().flat_map(|spf| spf.split_ascii_whitespace().skip(1)) {
        let bare = term.trim_start_matches(['+', '-', '~', '?']);
        if bare.eq_ignore_ascii_case("all") {
            all = all.or(Some(term));
        } else if bare.eq_ignore_ascii_case(SPF_INCLUDE) {
        } else if bare.split_once('=').is_some_and(|(name, _)| !name.contains([':', '/'])) {
            if !modifiers.contains(&term) {
                modifiers.push(term);
            }
        } else if !mechanisms.contains(&term) {
            mechanisms.push(term);
        }
    }
    let redirects = modifiers.iter().any(|modifier| modifier.to_ascii_lowercase().starts_with("redirect="));
    // With a redirect, `all` would hide the record it leads to.
    let all = all.or(if redirects { None } else { Some("~all") });
    let terms = ["v=spf1"].into_iter().chain(mechanisms).chain([SPF_INCLUDE]).chain(all).chain(modifiers);
    terms.collect::<Vec<_>>().join(" ")
}

/// The `p=` of a DKIM record, without the blanks registrars put into it; `None` when it has none or is revoked.
fn dkim_key(text: &str) -> Option<String> {
    let (_, value) = text.split(';').filter_map(|tag| tag.split_once('=')).find(|(name, _)| name.trim() == "p")?;
    let key: String = value.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(domain: &str) -> Vec<DnsRecord> {
        records(RecordInputs {
            domain: &domain.parse().unwrap(),
            workspace_id: WorkspaceId::from_bytes([7; 16]),
            ownership_token: "0123",
            dkim_selector: "al1",
            dkim_public_key: "QUJD",
            region: "eu-west-1",
        })
    }

    fn of(purpose: RecordPurpose) -> DnsRecord {
        all("ai.example.com").into_iter().find(|record| record.purpose == purpose).unwrap()
    }

    fn judged(purpose: RecordPurpose, found: &[&str]) -> DnsRecord {
        let mut record = of(purpose);
        judge(&mut record, Some(found.iter().map(|text| (*text).to_owned()).collect()));
        record
    }

    #[test]
    fn five_records_named_as_registrars_want_them() {
        let names = |domain: &str| all(domain).into_iter().map(|r| (r.name, r.registrar_name)).collect::<Vec<_>>();
        let own = |pairs: [(&str, &str); 5]| pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        assert_eq!(
            names("ai.example.co.uk"),
            own([
                ("_novacore.ai.example.co.uk", "_novacore.ai"),
                ("ai.example.co.uk", "ai"),
                ("al1._domainkey.ai.example.co.uk", "al1._domainkey.ai"),
                ("_amazonses.ai.example.co.uk", "_amazonses.ai"),
                ("ai.example.co.uk", "ai"),
            ])
        );
        assert_eq!(names("example.test")[1].1, "@");
        assert_eq!(of(RecordPurpose::Inbound).value, "inbound-smtp.eu-west-1.amazonaws.com");
        assert!(is_public_suffix(&"co.uk".parse().unwrap()));
        assert!(!is_public_suffix(&"example.test".parse().unwrap()));
    }

    #[test]
    fn tokens_differ_between_workspaces() {
        let domain = "example.com".parse().unwrap();
        let token = |byte| ses_token(&domain, WorkspaceId::from_bytes([byte; 16]));
        assert_eq!(token(1), token(1));
        assert_ne!(token(1), token(2));
    }

    #[test]
    fn an_existing_spf_record_is_kept_and_extended() {
        for (existing, merged) in [
            (&[][..], "v=spf1 include:amazonses.com ~all"),
            (&["google-site-verification=x"], "v=spf1 include:amazonses.com ~all"),
            (&["v=spf1 include:_spf.google.com -all"], "v=spf1 include:_spf.google.com include:amazonses.com -all"),
            (&["v=spf1 mx redirect=_spf.example.org"], "v=spf1 mx include:amazonses.com redirect=_spf.example.org"),
            (&["v=spf1 a", "V=SPF1 mx ?all"], "v=spf1 a mx include:amazonses.com ?all"),
            (&["v=spf1 -include:amazonses.com ~all"], "v=spf1 include:amazonses.com ~all"),
            (
                &["v=spf1 ip4:192.0.2.0/24 Include:AmazonSES.com ~all"],
                "v=spf1 ip4:192.0.2.0/24 Include:AmazonSES.com ~all",
            ),
        ] {
            assert_eq!(judged(RecordPurpose::Spf, existing).value, merged);
        }
    }

    #[test]
    fn what_verifies_and_what_does_not() {
        use RecordPurpose::{Dkim, Inbound, Ownership, Spf};
        let ours = "inbound-smtp.eu-west-1.amazonaws.com";
        for (purpose, found, verified) in [
            (Ownership, &["novacore-verification=0123"][..], true),
            (Ownership, &["novacore-verification=9999"], false),
            (Ownership, &[], false),
            (Spf, &["v=spf1 include:amazonses.com -all"], true),
            (Spf, &["v=spf1 include:amazonses.com -all", "v=spf1 mx"], false),
            (Spf, &["v=spf10 include:amazonses.com"], false),
            (Dkim, &["p=QUJD"], true),
            (Dkim, &["v=DKIM1; k=rsa; p=QU JD;"], true),
            (Dkim, &["v=DKIM1; p="], false),
            (Dkim, &["v=DKIM1; p=QUJE"], false),
            (Inbound, &[&*format!("10 {ours}")], true),
            (Inbound, &[&*format!("10 {ours}"), "20 mx.example.org"], true),
            (Inbound, &[&*format!("10 {ours}"), "10 mx.example.org"], false),
            (Inbound, &["1 mx.example.org"], false),
        ] {
            assert_eq!(judged(purpose, found).verified, verified, "{purpose:?} {found:?}");
        }
    }

    #[test]
    fn no_answer_neither_verifies_nor_undoes() {
        let mut record = of(RecordPurpose::Ownership);
        judge(&mut record, None);
        assert!(!record.verified);
        let right = record.value.clone();
        judge(&mut record, Some(vec![right]));
        judge(&mut record, None);
        assert!(record.verified);
        judge(&mut record, Some(Vec::new()));
        assert!(!record.verified);
    }

    #[test]
    fn a_name_that_receives_mail_elsewhere_gets_a_suggestion() {
        let domain = "example.com".parse().unwrap();
        let mut records = all("example.com");
        assert_eq!(suggestion(&domain, &records), None);
        judge(&mut records[4], Some(vec!["10 inbound-smtp.eu-west-1.amazonaws.com".to_owned()]));
        assert_eq!(suggestion(&domain, &records), None);
        judge(&mut records[4], Some(vec!["1 aspmx.l.google.com".to_owned()]));
        assert_eq!(suggestion(&domain, &records), Some("ai.example.com".to_owned()));
    }
}
