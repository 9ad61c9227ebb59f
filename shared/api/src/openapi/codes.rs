//! Every code an error can have.

/// Code, status, and what it means. The only place that knows which status a code comes under in the document.
pub(super) const CODES: &[(&str, u16, &str)] = &[
    ("invalid_json", 400, "The body is not JSON."),
    ("unauthorized", 401, "No API key, or one that is not valid."),
    ("plan_limit_reached", 402, "The plan allows no more; see `upgrade_url`."),
    ("forbidden", 403, "The key's role, or its identities, do not allow this."),
    ("approval_required", 403, "A person must approve the draft first."),
    ("not_found", 404, "There is no such object in this workspace."),
    ("conflict", 409, "It collides with what is there; `message` says with what."),
    ("stale_draft", 409, "Newer mail arrived in the thread after the draft was written."),
    ("draft_not_pending", 409, "Somebody decided already, or the draft expired."),
    ("already_sent", 409, "The draft was sent."),
    ("send_in_progress", 409, "The draft is on its way."),
    ("workspace_exists", 409, "This deployment has its workspace already."),
    ("idempotency_in_flight", 409, "The first request with this `Idempotency-Key` is not answered yet."),
    ("payload_too_large", 413, "The body is over 6 MB."),
    ("unsupported_media_type", 415, "The body is not declared as JSON."),
    ("validation_error", 422, "Fields or parameters cannot be taken; see `details`."),
    ("idempotency_key_reused", 422, "This `Idempotency-Key` came with another body before."),
    ("cold_send_blocked", 422, "The identity may not start threads."),
    ("domain_not_verified", 422, "Records of the domain are missing; see `details`."),
    ("identity_suspended", 422, "The identity is suspended."),
    ("recipient_suppressed", 422, "Nothing is sent to this address any more, since it bounced or complained."),
    ("billing_not_configured", 422, "This deployment has no payment provider; its operator sets the plan."),
    ("rate_limited", 429, "Too many requests; see `Retry-After`."),
    ("internal_error", 500, "Something went wrong on our side."),
    ("unavailable", 503, "A service this needs did not answer. Nothing was promised."),
];

/// The status a code comes under, and what it means; none for a code that is not in the table.
pub(super) fn look_up(code: &str) -> Option<(u16, &'static str)> {
    CODES.iter().find(|(name, _, _)| *name == code).map(|(_, status, meaning)| (*status, *meaning))
}
