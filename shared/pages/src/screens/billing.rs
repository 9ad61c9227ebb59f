//! Billing: what the workspace pays for, and the plans there are.

use actionlayer_channels::legible::moment;
use actionlayer_domain::{Plan, Timestamp, billing::PaidSubscription, plan::PlanStatus};
use askama::Template;

use super::{Access, Problem, Screen, parts::Tabs};
use crate::dashboard::{Frame, Section, render};

/// What the workspace has and what it could have.
#[derive(Debug, Clone, Copy)]
pub struct Billing<'a> {
    /// What it may use.
    pub plan: Plan,
    /// Whether the operator lifted its limits.
    pub beta_override: bool,
    /// What is paid for, or was.
    pub paid: Option<&'a PaidSubscription>,
    /// Whether there is a portal to go to.
    pub has_customer: bool,
    /// The plans that can be subscribed to; none where nobody can be paid.
    pub for_sale: &'a [Plan],
    /// Whether the browser comes back from paying.
    pub returned: Option<Returned>,
    pub access: Access,
}

/// How a browser comes back from the page on which a plan is paid for. It proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// It was paid, says the address.
    Done,
    /// It was left.
    Left,
}

#[derive(Template)]
#[template(path = "screens/billing.html")]
struct Page<'a> {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    plan: &'static str,
    standing: Standing,
    beta_override: bool,
    has_customer: bool,
    /// The browser came back, and nothing is paid as far as anybody knows.
    returned: Option<Returned>,
    offers: Vec<Offer<'a>>,
    access: Access,
}

/// How it stands with paying, and a tag for it.
struct Standing {
    tag: &'static str,
    word: &'static str,
    sentence: String,
}

/// A plan and what it allows.
struct Offer<'a> {
    plan: &'a Plan,
    name: &'static str,
    mails_out: String,
    mails_in: String,
    identities: String,
    rules: String,
    domains: String,
    is_current: bool,
    /// Whether it can be subscribed to now.
    is_open: bool,
}

/// A plan, as people call it.
pub const fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::BuilderPack => "Builder Pack",
        Plan::Pro => "Pro",
        Plan::Agency => "Business",
        Plan::Unlimited => "Unlimited",
    }
}

/// Billing.
pub fn billing(billing: Billing<'_>, problem: Option<Problem>, now: Timestamp) -> Screen {
    let is_live = billing.paid.is_some_and(PaidSubscription::is_live);
    let offer = |plan| Offer {
        plan,
        name: plan_name(*plan),
        mails_out: counted(*plan, plan.limits().emails_per_period),
        mails_in: counted(*plan, plan.limits().inbound_per_period),
        identities: capped(plan.limits().max_identities),
        rules: capped(plan.limits().max_rules),
        domains: capped(plan.limits().max_domains),
        is_current: billing.plan == *plan,
        is_open: billing.access.administer && !is_live && billing.for_sale.contains(plan),
    };
    let is_shown = |plan: &&Plan| **plan != Plan::Unlimited && !billing.for_sale.is_empty();
    let page = Page {
        frame: Tabs,
        tab: "/billing",
        problem,
        plan: plan_name(billing.plan),
        standing: standing(&billing, now),
        beta_override: billing.beta_override,
        has_customer: billing.has_customer && billing.access.administer,
        returned: billing.returned.filter(|_| !is_live),
        offers: Plan::ALL.iter().filter(is_shown).map(offer).collect(),
        access: billing.access,
    };
    Screen::of(Section::Settings, "Billing", &page)
}

fn counted(plan: Plan, limit: Option<u64>) -> String {
    let Some(limit) = limit else { return "no limit".to_owned() };
    let period = if plan == Plan::BuilderPack { "in all" } else { "a month" };
    // 25000 is hard to read.
    let (thousands, rest) = (limit / 1_000, limit % 1_000);
    if thousands == 0 { format!("{rest} {period}") } else { format!("{thousands},{rest:03} {period}") }
}

fn capped(limit: Option<u32>) -> String {
    limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string())
}

fn standing(billing: &Billing<'_>, now: Timestamp) -> Standing {
    let say = |tag, word, sentence: String| Standing { tag, word, sentence };
    let Some(paid) = billing.paid else {
        let sentence = if billing.for_sale.is_empty() {
            "Nothing is paid here: who runs this deployment decides what a workspace may use."
        } else {
            "Nothing is paid for this workspace."
        };
        return say("good", "Active", sentence.to_owned());
    };
    let name = plan_name(paid.plan);
    let ends = paid.cancels_at.map(|at| format!("{name} was given up and ends on {}.", moment(at)));
    match paid.status {
        PlanStatus::Trialing => {
            let until = paid.trial_ends_at.map_or_else(String::new, |at| format!(" until {}", moment(at)));
            say("info", "Trial", ends.unwrap_or_else(|| format!("{name} costs nothing{until}.")))
        }
        PlanStatus::Active => {
            let renews = paid.renews_at.map_or_else(
                || format!("{name} is paid."),
                |at| format!("{name} is paid; the next payment is due on {}.", moment(at)),
            );
            if let Some(ends) = ends { say("warn", "Ends", ends) } else { say("good", "Active", renews) }
        }
        PlanStatus::PastDue => {
            let kept = paid.grace_ends_at.filter(|end| now < *end);
            let then = match kept {
                Some(end) => format!("{name} stays until {}", moment(end)),
                None => format!("{name} is suspended"),
            };
            say("bad", "Payment failed", format!("The last payment failed. {then}: change the card in the portal."))
        }
        PlanStatus::Canceled => {
            say("warn", "Canceled", format!("{name} has ended. What was made with it is still there."))
        }
    }
}

#[derive(Template)]
#[template(path = "leaving.html")]
struct Leaving<'a> {
    frame: Frame,
    url: &'a str,
}

/// A page that takes the browser to a page of Stripe's. A redirect would not: a browser holds the redirects after a form to
/// where its page may send forms, and where Stripe's pages are is for its account to say.
pub fn leaving(url: &str) -> String {
    render(&Leaving { frame: Frame::outside("On to Stripe"), url })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actionlayer_domain::Authority;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn paid(status: PlanStatus) -> PaidSubscription {
        PaidSubscription {
            id: "sub_1".to_owned(),
            plan: Plan::Pro,
            status,
            anchor: at("2026-04-15T00:00:00Z"),
            trial_ends_at: None,
            renews_at: Some(at("2026-05-15T00:00:00Z")),
            cancels_at: None,
            grace_ends_at: None,
        }
    }

    fn shown(paid: Option<&PaidSubscription>, authority: Authority, for_sale: &[Plan]) -> String {
        let view = Billing {
            plan: Plan::BuilderPack,
            beta_override: false,
            paid,
            has_customer: paid.is_some(),
            for_sale,
            returned: None,
            access: Access::of(authority),
        };
        billing(view, None, at("2026-05-01T00:00:00Z")).content
    }

    const SOLD: &[Plan] = &[Plan::Pro, Plan::Agency];

    #[test]
    fn plans_are_offered_to_owners_as_long_as_none_is_paid_for() {
        let offered = |content: &str| content.matches("/billing/checkout").count();
        assert_eq!(offered(&shown(None, Authority::Full, SOLD)), 2);
        assert_eq!(offered(&shown(Some(&paid(PlanStatus::Canceled)), Authority::Full, SOLD)), 2);
        assert_eq!(offered(&shown(None, Authority::Approver, SOLD)), 0);
        assert_eq!(offered(&shown(Some(&paid(PlanStatus::Active)), Authority::Full, SOLD)), 0);
        let own = shown(None, Authority::Full, &[]);
        assert!(offered(&own) == 0 && own.contains("Nothing is paid here"), "{own}");
    }

    #[test]
    fn it_says_how_it_stands() {
        let failed = PaidSubscription { grace_ends_at: Some(at("2026-05-22T00:00:00Z")), ..paid(PlanStatus::PastDue) };
        let given_up = PaidSubscription { cancels_at: Some(at("2026-05-15T00:00:00Z")), ..paid(PlanStatus::Active) };
        for (paid, words) in [
            (paid(PlanStatus::Active), "next payment is due on"),
            (given_up, "was given up and ends on"),
            (failed, "Pro stays until"),
            (paid(PlanStatus::PastDue), "Pro is suspended"),
            (paid(PlanStatus::Canceled), "Pro has ended"),
        ] {
            let content = shown(Some(&paid), Authority::Full, SOLD);
            assert!(content.contains(words) && content.contains("/billing/portal"), "{words}: {content}");
        }
    }

    #[test]
    fn the_way_on_is_a_link_as_well() {
        let page = leaving("https://pay.example.com/c/cs_1?a=1&b=\"");
        assert!(page.contains(r#"content="0;url=https://pay.example.com/c/cs_1?a=1&#38;b=&#34;""#), "{page}");
        assert!(page.contains(r#"href="https://pay.example.com/c/cs_1?a=1&#38;b=&#34;""#));
    }
}
