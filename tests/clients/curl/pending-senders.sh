# Unknown senders wait until somebody decides about them.
. "$(dirname "$0")/world.sh"

new_identity mia false >/dev/null
ACTIONLAYER_API_KEY=$OWNER_KEY
owner -X PATCH "$API/workspace" -d '{"settings": {"sender_trust_gating": true}}' >/dev/null

# ---- As published, but for the base URL.

pending() {
  curl -s "$API/inbound/pending" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY"
}
approve() {
  curl -s --fail-with-body -X POST "$API/inbound/pending/$PENDING_ID/approve" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY"
}
block() {
  curl -s --fail-with-body -X POST "$API/inbound/pending/$PENDING_ID/block" \
    -H "Authorization: Bearer $ACTIONLAYER_API_KEY"
}

# ---- What the pages promise.

first_pending() { pending | field data.0.id; }
first_thread() { owner "$API/threads" | field data.0.subject; }

mail_in friend@known.test "Hello" "It is me."
PENDING_ID=$(wait_for "the held mail" first_pending)
[ -z "$(first_thread)" ] || fail "held mail became a thread"
approve >/dev/null
[ "$(wait_for "the thread" first_thread)" = Hello ] || fail "another thread"
[ -z "$(first_pending)" ] || fail "approved mail is still held"

mail_in seller@spam.test "Offer" "Buy this."
PENDING_ID=$(wait_for "the held offer" first_pending)
block >/dev/null
[ -z "$(first_pending)" ] || fail "blocked mail is still held"
mail_in seller@spam.test "Offer 2" "Buy that."
mail_in friend@known.test "Again" "Me again."
second_thread() { owner "$API/threads" | field data.1.subject; }
wait_for "the friend's second mail" second_thread >/dev/null
[ -z "$(first_pending)" ] || fail "a blocked sender's mail is held"
