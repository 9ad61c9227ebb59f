"""Prints how GMime reads each mail named on standard input, as a line of JSON each. Needs PyGObject and GMime's typelib."""

import json
import sys

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402

GMime.init()


def leaves(part):
    if isinstance(part, GMime.Multipart):
        for index in range(part.get_count()):
            yield from leaves(part.get_part(index))
    elif part is not None:
        yield part


def first(addresses):
    """The first mailbox of a list, groups opened."""
    for index in range(addresses.length() if addresses else 0):
        address = addresses.get_address(index)
        if isinstance(address, GMime.InternetAddressMailbox):
            return address
        found = first(address.get_members())
        if found:
            return found
    return None


def emails(addresses):
    found = []
    for index in range(addresses.length() if addresses else 0):
        address = addresses.get_address(index)
        if isinstance(address, GMime.InternetAddressMailbox):
            found.append(address.get_addr())
        else:
            found.extend(emails(address.get_members()))
    return found


def size(part):
    content = part.get_content() if isinstance(part, GMime.Part) else None
    if content is None:
        return None
    stream = GMime.StreamMem.new()
    content.write_to_stream(stream)
    return stream.length()


def read(raw: bytes) -> dict:
    mail = GMime.Parser.new_with_stream(GMime.StreamMem.new_with_buffer(raw)).construct_message(None)
    if mail is None:
        return {"error": "no message"}
    author = first(mail.get_from())
    references = GMime.References.parse(None, mail.get_header("References") or "")
    texts, html, files = [], None, []
    for part in leaves(mail.get_mime_part()):
        attached = (part.get_disposition() or "").lower() == "attachment"
        if isinstance(part, GMime.TextPart) and not (attached or part.get_filename()) and part.get_content_type().is_type("text", "plain"):
            texts.append(part.get_text() or "")
        elif isinstance(part, GMime.TextPart) and not attached and part.get_content_type().is_type("text", "html"):
            html = html or part.get_text()
        else:
            files.append({"name": part.get_filename() if isinstance(part, GMime.Part) else None, "bytes": size(part)})
    return {
        "from": author.get_addr() if author else None,
        "from_name": (author.get_name() if author else None) or None,
        "to": emails(mail.get_to()),
        "subject": mail.get_subject() or "",
        "message_id": mail.get_message_id(),
        "references": [references.get_message_id(index) for index in range(references.length())],
        "text": "\n".join(texts) if texts else None,
        "html": html,
        "files": files,
    }


for line in sys.stdin:
    path = line.rstrip("\n")
    try:
        with open(path, "rb") as file:
            found = read(file.read())
    except Exception as error:  # What it cannot read is part of the comparison.
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"path": path, **found}))
