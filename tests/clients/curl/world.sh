# What surrounds a client program: a workspace, a domain with its DNS, an identity, people who write and who approve.
# Everything goes through public interfaces: the API, SMTP, the page behind an approval link, and the engine's own
# `/local` routes for DNS and for looking at what left. Sourced by the programs beside it.
set -eu

BASE=$ACTIONLAYER_BASE_URL
API=$BASE/v1
CUSTOMER=ada@customer.test
APPROVER=dana@approvers.test
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

fail() {
  echo "$1" >&2
  exit 1
}

# field PATH: a value of the JSON on stdin, such as data.0.id; nothing when it is not there.
field() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
try:
    for step in sys.argv[1].split("."):
        value = value[int(step) if isinstance(value, list) else step]
except (KeyError, IndexError):
    sys.exit()
print(value if isinstance(value, str) else json.dumps(value))' "$1"
}

# wait_for WHAT COMMAND...: until the command prints something, which is printed.
wait_for() {
  what=$1
  shift
  tries=0
  while [ $tries -lt 200 ]; do
    found=$("$@")
    if [ -n "$found" ]; then
      printf '%s\n' "$found"
      return
    fi
    tries=$((tries + 1))
    sleep 0.1
  done
  fail "waited 20 s for $what"
}

owner() { curl -sS --fail-with-body -H "Authorization: Bearer $OWNER_KEY" -H "Content-Type: application/json" "$@"; }

# new_key ROLE
new_key() { owner "$API/api-keys" -d "{\"name\": \"$1\", \"role\": \"$1\"}" | field key; }

# new_identity LOCAL_PART CAN_SEND_COLD
new_identity() {
  owner "$API/identities" -d "{
    \"domain_id\": \"$DOMAIN_ID\", \"local_part\": \"$1\", \"display_name\": \"Mia (AI Assistant)\",
    \"approval_channel\": {\"type\": \"email\", \"to\": [\"$APPROVER\"]}, \"can_send_cold\": $2}" | field id
}

OWNER_KEY=$(curl -sS --fail-with-body "$API/auth/bootstrap" -H "Content-Type: application/json" \
  -d '{"workspace_name": "Novacore"}' | field api_key)
DOMAIN_ID=$(owner "$API/domains" -d '{"domain": "ai.novacore.test"}' | field id)
curl -sS --fail-with-body "$BASE/local/dns/publish" -H "Content-Type: application/json" \
  -d '{"domain": "ai.novacore.test"}' >/dev/null
[ "$(owner -X POST "$API/domains/$DOMAIN_ID/verify" | field status)" = verified ] || fail "the domain is not verified"

# mail_in SENDER SUBJECT TEXT
MAILS=0
mail_in() {
  MAILS=$((MAILS + 1))
  printf 'From: Ada <%s>\r\nTo: mia@ai.novacore.test\r\nSubject: %s\r\nMessage-ID: <%s.%s@customer.test>\r\n\r\n%s\r\n' \
    "$1" "$2" "$$" "$MAILS" "$3" |
    curl -sS "smtp://$ACTIONLAYER_SMTP" --mail-from "$1" --mail-rcpt mia@ai.novacore.test --upload-file -
}

# mails_to RECIPIENT: the addresses under which what left for somebody can be had, newest first, one a line.
mails_to() {
  curl -sS --fail-with-body "$BASE/local/outbox" | python3 -c '
import json, sys, urllib.parse
for row in json.load(sys.stdin)["data"]:
    if sys.argv[1] in row["envelope_to"]:
        print(urllib.parse.urljoin(sys.argv[2], row["raw_url"]))' "$1" "$BASE"
}

# text_of URL: the headers and the text of a mail.
text_of() {
  curl -sS --fail-with-body "$1" | python3 -c '
import email, email.policy, sys
mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
for name, value in mail.items():
    print(f"{name}: {value}")
print()
print(mail.get_body(("plain",)).get_content())'
}

# approval_link TEXT: the link of the approval mail that shows this draft.
approval_link() {
  for mail in $(mails_to "$APPROVER"); do
    text_of "$mail" >"$WORK/mail"
    if grep -qF "$1" "$WORK/mail"; then
      grep -oE -m 1 'https?://[^ ]+/callbacks/email/[A-Za-z0-9_-]+' "$WORK/mail"
      return
    fi
  done
}
