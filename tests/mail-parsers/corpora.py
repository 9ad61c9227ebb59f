"""Fetches mail that real programs wrote, and that other projects keep as the cases they met: corpora.py <folder>

Source distributions on PyPI, each held by its SHA-256. Only mails are unpacked, as <folder>/<project>/<file>; a mailbox
becomes a file a mail, and the line mbox puts before a mail ("From …") is left out: no mail that arrives has it.
"""

import fnmatch
import hashlib
import io
import json
import pathlib
import re
import sys
import tarfile
import urllib.parse
import urllib.request

INDEX = "https://pypi.org/simple"

# Project, source distribution, its SHA-256, the mails in it, what they are.
SOURCES = [
    # Replies of the phones, programs and web mailers people write with.
    ("talon", "talon-1.4.4.tar.gz", "263d122609747691e9f75726ea565f5da8a40146a7a81eb5883e51b8224b0e5c", ["*/fixtures/standard_replies/*.eml", "*/fixtures/*.eml"]),
    # The same letter from Apple Mail and Thunderbird, with every kind of attachment.
    ("products-listen", "Products.listen-0.7.1.tar.gz", "67eb85a0ea5284185295d6bf5e968bd52c2997fd3101181c957ffba8716f37a2", ["*/tests/corpus/*.eml"]),
    # Bounces of some forty mail servers.
    ("flufl-bounce", "flufl_bounce-6.0.0.tar.gz", "a1df16b9d1877ae4536f7d76c00d8421fcefbe694f80f5285d05c45a2547b1bc", ["*/tests/data/*.txt"]),
    # What broke mailing lists, their archives and help desks.
    ("mailman", "mailman-3.3.10.tar.gz", "0de478fcf326f25d931938c3744e61c5cd67596b46e5b1e3bb2abf99d5445632", ["*/tests/data/*.eml", "*/tests/*.eml"]),
    ("hyperkitty", "hyperkitty-1.3.12.tar.gz", "deb582937ec5bc9ea9c1d5d86bfb76a4da429b60e1fea6fd6964e7c667cf161d", ["*/tests/testdata/*.txt"]),
    ("django-mailman3", "django_mailman3-1.3.15.tar.gz", "f9916b269cb9c5d5ba61d7bf5c4bf1a0037cf934907622343df8d9edb1c6d11b", ["*/tests/testdata/*.txt"]),
    ("django-mailbox", "django-mailbox-4.10.1.tar.gz", "9060a4ddc81d16aa699e266649c12eaf4f29671b5266352e2fad3043a6832b52", ["*/tests/messages/*.eml"]),
    ("perceval", "perceval-1.6.1.tar.gz", "592b07d34ae0b382188d3b72c2fc7191091b94b56973dab2aef3221e0bd9721e", ["*/tests/data/mbox/*.mbox", "*/tests/data/hyperkitty/*.mbox"]),
    # Unwanted mail, and what spam filters took apart.
    ("lamson", "lamson-1.3.4.tar.gz", "253edf385ae54606579b6b717adf5edcd9df47f9a1d488aa61b9e9f42587d37d", ["*/tests/spam", "*/tests/*.msg"]),
    ("mail-parser", "mail_parser-4.8.0.tar.gz", "602e659b159652d378b0f9cce2d682bee692bedae72687786e2b2e52eaeb9afc", ["*/tests/mails/mail_*"]),
    ("mailpile", "mailpile-0.4.0.dev20141126.tar.gz", "3b9e3a30e5ed9172ba468fe9376317361ca6655553690fe05af33bc58cdce95e", ["*/tests/data/Maildir/cur/*"]),
]


def fetch(project, name, sha256):
    request = urllib.request.Request(f"{INDEX}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        url = next(file["url"] for file in json.load(answer)["files"] if file["filename"] == name)
    with urllib.request.urlopen(urllib.parse.urljoin(request.full_url, url), timeout=60) as answer:
        archive = answer.read()
    found = hashlib.sha256(archive).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name} has SHA-256 {found}, not {sha256}")
    return archive


def mails(content):
    """The mails of a file: one, or those of a mailbox."""
    if not content.startswith(b"From "):
        return [content]
    # A line that begins a mail says when it was delivered; one without a year is a sentence.
    return re.split(rb"(?:\A|(?<=\n\n))From [^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\n", content)[1:]


def main(folder):
    for project, name, sha256, patterns in SOURCES:
        (folder / project).mkdir(parents=True, exist_ok=True)
        seen = set()
        with tarfile.open(fileobj=io.BytesIO(fetch(project, name, sha256))) as archive:
            for member in archive.getmembers():
                if not member.isfile() or not any(fnmatch.fnmatch(member.name, pattern) for pattern in patterns):
                    continue
                found = mails(archive.extractfile(member).read())
                for number, mail in enumerate(found):
                    digest = hashlib.sha256(mail).digest()
                    if b":" not in mail[:1000] or digest in seen:
                        continue
                    seen.add(digest)
                    stem = re.sub(r"[^\w.-]+", "-", pathlib.PurePath(member.name).name)
                    (folder / project / (stem if len(found) == 1 else f"{stem}-{number:02}")).write_bytes(mail)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
