"""How long Python's email takes to parse the same mails."""
import email, email.policy, json, sys, time

rounds = int(sys.argv[1])
mails = [open(path, "rb").read() for path in sys.argv[2:]]
best = float("inf")
for _ in range(rounds):
    start = time.perf_counter()
    for raw in mails:
        email.message_from_bytes(raw, policy=email.policy.default)
    best = min(best, time.perf_counter() - start)
print(json.dumps({"name": f"Python email ({sys.version.split()[0]})", "mails": len(mails), "us_per_mail": round(best * 1e6 / len(mails), 2)}))
