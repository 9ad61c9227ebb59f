# Cold send: the only call that starts a thread.
. "$(dirname "$0")/world.sh"

ACTIONLAYER_API_KEY=$(new_key automation)

# ---- As published, but for the base URL and the id.

cold_send() {
  curl -s -o "$WORK/answer" -w '%{http_code}' -X POST "$API/emails/send" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY" \
    -H "Content-Type: application/json" \
    -d '{
      "identity_id": "'"$IDENTITY_ID"'",
      "to": ["recipient@example.com"],
      "subject": "Quick intro",
      "body_text": "Hi — wanted to introduce myself."
    }'
}

# ---- What the pages promise.

IDENTITY_ID=$(new_identity shy false)
[ "$(cold_send)" = 422 ] || fail "$(cat "$WORK/answer")"
[ "$(field error <"$WORK/answer")" = cold_send_blocked ] || fail "$(cat "$WORK/answer")"

IDENTITY_ID=$(new_identity mia true)
[ "$(cold_send)" = 202 ] || fail "$(cat "$WORK/answer")"
text_of "$(wait_for "the mail" mails_to recipient@example.com)" | grep -qF "wanted to introduce myself" || fail "another text"
