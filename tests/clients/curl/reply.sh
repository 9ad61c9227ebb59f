# Reply on an existing thread without a draft.
. "$(dirname "$0")/world.sh"

IDENTITY_ID=$(new_identity mia false)
ACTIONLAYER_API_KEY=$(new_key automation)
mail_in "$CUSTOMER" "Tuesday" "Shall we meet on Tuesday?"
first_thread() { owner "$API/threads" | field data.0.id; }
THREAD_ID=$(wait_for "the thread" first_thread)

# ---- As published, but for the base URL.

STATUS=$(curl -s -o "$WORK/reply" -w '%{http_code}' -X POST "$API/emails/reply" \
  -H "Authorization: Bearer $ACTIONLAYER_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "thread_id": "'"$THREAD_ID"'",
    "identity_id": "'"$IDENTITY_ID"'",
    "body_text": "Confirmed — see you Tuesday."
  }')

# ---- What the pages promise.

[ "$STATUS" = 202 ] || fail "$STATUS $(cat "$WORK/reply")"
text_of "$(wait_for "the reply" mails_to "$CUSTOMER")" >"$WORK/mail"
grep -qF "Confirmed — see you Tuesday." "$WORK/mail" || fail "$(cat "$WORK/mail")"
grep -qF "In-Reply-To: <" "$WORK/mail" || fail "it answers nothing"
