# The agent loop: list what needs review, read, draft, send after approval.
. "$(dirname "$0")/world.sh"

IDENTITY_ID=$(new_identity mia false)
ACTIONLAYER_API_KEY=$(new_key agent)
mail_in "$CUSTOMER" "Delivery" "When will it arrive?"

# ---- As published, but for the base URL.

needs_review() {
  curl -s "$API/threads?needs_review=true&limit=10" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY" | field data.0.id
}
THREAD_ID=$(wait_for "the thread" needs_review)

LAST_MESSAGE_ID=$(curl -s "$API/threads/$THREAD_ID" \
  -H "Authorization: Bearer $ACTIONLAYER_API_KEY" | field messages.0.id)

DRAFT_ID=$(curl -s -X POST "$API/drafts" \
  -H "Authorization: Bearer $ACTIONLAYER_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "thread_id": "'"$THREAD_ID"'",
    "identity_id": "'"$IDENTITY_ID"'",
    "based_on_message_id": "'"$LAST_MESSAGE_ID"'",
    "body_text": "It will arrive tomorrow.",
    "rationale": "The parcel is in the van."
  }' | field id)

send() {
  curl -s -o "$WORK/sent" -w '%{http_code}' -X POST "$API/drafts/$DRAFT_ID/send" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY"
}

# ---- What the pages promise.

[ "$(send)" = 403 ] || fail "an agent sent what nobody approved: $(cat "$WORK/sent")"
LINK=$(wait_for "the approval mail" approval_link "It will arrive tomorrow.")
curl -sS --fail-with-body "$LINK" | grep -qF "The parcel is in the van." || fail "the page lacks the rationale"
curl -sS --fail-with-body "$LINK" -d action=approve | grep -qF "You approved" || fail "not approved"
[ "$(send)" = 202 ] || fail "not accepted: $(cat "$WORK/sent")"

MAIL=$(wait_for "the answer" mails_to "$CUSTOMER")
text_of "$MAIL" >"$WORK/answer"
for wanted in "It will arrive tomorrow." "In-Reply-To: <" "References: <" "mia@ai.novacore.test" "Subject: Re: Delivery"; do
  grep -qF "$wanted" "$WORK/answer" || fail "the answer lacks: $wanted
$(cat "$WORK/answer")"
done
is_waiting() { owner "$API/threads/$THREAD_ID" | field status | grep -x waiting || true; }
wait_for "the thread to wait" is_waiting >/dev/null
[ "$(mails_to "$CUSTOMER" | wc -l)" -eq 1 ] || fail "more than one mail left"
