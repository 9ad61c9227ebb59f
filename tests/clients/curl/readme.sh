# The commands of README.md, as they stand there: set up, a customer writes, the agent's five calls, what left.
set -eu
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# A reader takes their time between a step and the next; here the steps that need it wait for what came before.
python3 - "$(dirname "$0")/../../../README.md" >"$WORK/readme.sh" <<'PYTHON'
import os, re, sys

readme = open(sys.argv[1], encoding="utf-8").read()
section = re.search(r"^## The loop, with curl\n(.*?)^## ", readme, re.S | re.M).group(1)
loop = re.findall(r"```sh\n(.*?)```", section, re.S)
assert len(loop) == 4, "set-up, a customer writes, five calls, what left"
setup, customer, calls, left = loop
assert calls.count("\napi ") + calls.count("(api ") + calls.startswith("api ") == 5, "five calls"
wait = "for _ in $(seq 200); do %s && break; sleep 0.1; done\n"
script = "\n".join([
    setup,
    customer,
    wait % "api $API/threads | grep -q last_inbound",
    calls,
    wait % "curl -s http://127.0.0.1:8787/local/outbox | grep -q ada@example.org",
    left,
])
base, smtp = os.environ["ACTIONLAYER_BASE_URL"], os.environ["ACTIONLAYER_SMTP"]
print(script.replace("http://127.0.0.1:8787", base).replace("127.0.0.1:2525", smtp))
PYTHON

(cd "$WORK" && sh -eu readme.sh >out 2>&1) || { cat "$WORK/out" >&2; exit 1; }
for wanted in '"status":"verified"' '"subject":"Opening hours"' '"When do you open?' '"status":"approved"' \
  '"send_state":"queued"' 'To: ada@example.org' 'We open at nine.' 'Subject: Re: Opening hours'; do
  grep -qF "$wanted" "$WORK/out" || { echo "missing: $wanted" >&2; cat "$WORK/out" >&2; exit 1; }
done
