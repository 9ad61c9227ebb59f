"""What Schemathesis cannot know: a request repeated with its Idempotency-Key gets the first answer again, also when what that
made was deleted since. It would take such an answer for something made just now. So every valid key is used once; that the
first answer is given again, the end-to-end tests show."""

import itertools

import schemathesis

NUMBERS = itertools.count()


@schemathesis.hook
def before_call(_context, case, _kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 1 <= len(key) <= 200 and key.isascii() and key.isprintable():
        case.headers["Idempotency-Key"] = f"{key}-{next(NUMBERS)}"
