"""Prints how Python's email package reads each mail named on standard input, as a line of JSON each."""

import email
import email.policy
import json
import sys


def texts(part):
    """The plain texts a reader sees: no files, nothing of attached mail."""
    if part.get_content_maintype() == "multipart":
        for child in part.iter_parts():
            yield from texts(child)
    elif part.get_content_type() == "text/plain" and not part.is_attachment() and not part.get_filename():
        yield part.get_content()


def read(raw: bytes) -> dict:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    one = lambda name: str(mail[name]) if mail[name] is not None else None
    people = lambda name: list(mail[name].addresses) if mail[name] is not None else []
    author = (people("from") or [None])[0]
    body = list(texts(mail))
    html = mail.get_body(preferencelist=("html",))
    return {
        "from": author.addr_spec if author else None,
        "from_name": author.display_name if author else None,
        "to": [to.addr_spec for to in people("to")],
        "subject": one("subject") or "",
        "message_id": one("message-id"),
        "references": (one("references") or "").split(),
        "text": "\n".join(body) if body else None,
        "html": html.get_content() if html is not None else None,
        "files": [
            {"name": part.get_filename(), "bytes": len(part.get_payload(decode=True) or b"")}
            for part in mail.iter_attachments()
        ],
    }


for line in sys.stdin:
    path = line.rstrip("\n")
    try:
        with open(path, "rb") as file:
            found = read(file.read())
    except Exception as error:  # What it cannot read is part of the comparison.
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"path": path, **found}))
