"""Stripe as it is played on one machine, asked by Stripe's own library; and our callback, given what Stripe signs."""

import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

import stripe

ENGINE = os.environ["ACTIONLAYER_BASE_URL"]
SECRET = "whsec_local0stripe0signs0with0this"
client = stripe.StripeClient("sk_test_local", base_addresses={"api": os.environ["ACTIONLAYER_STRIPE"]})


def ask(method, url, body=None, **headers):
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def api(method, path, body=None, key=None):
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    status, text = ask(method, ENGINE + path, json.dumps(body).encode() if body is not None else None, **headers)
    assert status < 300, (path, status, text)
    return json.loads(text)


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def press(url, **form):
    opener = urllib.request.build_opener(Stay)
    try:
        return opener.open(url, urllib.parse.urlencode(form).encode()).status
    except urllib.error.HTTPError as error:
        return error.code


def eventually(what, probe):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what)


# What Stripe's library makes of what is played here.
customer = client.v1.customers.create({"name": "Acme", "metadata": {"of": "a test"}})
assert client.v1.customers.retrieve(customer.id).metadata["of"] == "a test"
try:
    client.v1.checkout.sessions.create({"mode": "subscription", "customer": "cus_nobody", "success_url": "http://here.test/",
                                        "line_items": [{"price": "price_local_pro", "quantity": 1}]})
    raise AssertionError("a customer who is not there was taken")
except stripe.InvalidRequestError as error:
    assert error.code == "resource_missing" and error.param == "customer", error
session = client.v1.checkout.sessions.create({
    "mode": "subscription", "customer": customer.id, "success_url": "http://here.test/", "cancel_url": "http://here.test/",
    "line_items": [{"price": "price_local_pro", "quantity": 1}], "client_reference_id": "mine",
    "subscription_data": {"metadata": {"workspace_id": "mine"}},
}, {"idempotency_key": "one wish"})
assert session.status == "open" and session.payment_status == "unpaid", session
assert press(session.url, card="works") == 303
paid = client.v1.checkout.sessions.retrieve(session.id)
assert paid.status == "complete" and paid.url is None, paid
found = client.v1.subscriptions.list({"customer": customer.id}).data
assert [one.status for one in found] == ["active"] and found[0].metadata["workspace_id"] == "mine", found
item = found[0]["items"].data[0]
assert item.price.unit_amount == 2900 and item.current_period_end > item.current_period_start, item
portal = client.v1.billing_portal.sessions.create({"customer": customer.id, "return_url": "http://here.test/"})
assert ask("GET", portal.url)[0] == 200
assert client.v1.subscriptions.cancel(found[0].id).status == "canceled"
assert client.v1.subscriptions.list({"customer": customer.id}).data == []
try:
    stripe.StripeClient("sk_test_wrong", base_addresses={"api": os.environ["ACTIONLAYER_STRIPE"]}).v1.customers.create()
    raise AssertionError("a wrong key was taken")
except stripe.AuthenticationError:
    pass

# A workspace pays, and its plan follows; its events are signed as Stripe's library expects.
key = api("POST", "/v1/auth/bootstrap", {"workspace_name": "Acme"})["api_key"]
page = api("POST", "/v1/billing/checkout", {"plan": "pro"}, key)["url"]
assert press(page, card="works") == 303
eventually("the plan", lambda: api("GET", "/v1/billing/subscription", key=key)["plan"] == "pro")
state = api("GET", "/local/stripe/state")
assert any(event["kind"] == "customer.subscription.created" for event in state["events"]), state

# Our callback takes what Stripe's library would take, and refuses what it would refuse.
body = json.dumps({"id": "evt_of_the_library", "object": "event", "type": "customer.subscription.updated",
                   "data": {"object": {"object": "subscription", "customer": state["customers"][-1]["id"]}}}).encode()


def signed(at, secret=SECRET, scheme="v1"):
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},{scheme}={digest}"


now = int(time.time())
for header, taken in [
    (signed(now), True),
    (signed(now) + ",v0=00", True),
    (signed(now - 299), True),
    (signed(now - 301), False),
    (signed(now, "whsec_other"), False),
    (signed(now, scheme="v0"), False),
    (f"t={now}", False),
    ("", False),
]:
    try:
        client.construct_event(body, header, SECRET)
        theirs = True
    except stripe.SignatureVerificationError:
        theirs = False
    ours = ask("POST", ENGINE + "/callbacks/stripe", body, **{"stripe-signature": header})[0]
    assert (theirs, ours) == (taken, 200 if taken else 401), (header, theirs, ours)
print("Stripe's library for Python: customers, checkout, portal, subscriptions, signatures")
