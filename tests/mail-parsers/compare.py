"""Compares how four other parsers read the corpora with how we do, and how all five read what we build.

    compare.py agreement <folder>    ours.jsonl and <reader>.jsonl of the corpora
    compare.py built <folder>        ours.jsonl, <reader>.jsonl of built mails, and NN.json beside each mail

A disagreement that explained.json does not explain fails; so does a mail we read otherwise than the others agree on, if there
are many. One that is explained and gone, as after a new version of a parser, is only named.
"""

import json
import pathlib
import re
import sys
import unicodedata

READERS = ["python", "gmime", "postal-mime", "mailparser"]
FIELDS = ["from", "subject", "message_id", "references", "text"]
GOAL = 0.99


def lines(path):
    if not path.exists():
        return None
    with open(path, encoding="utf-8", errors="surrogatepass") as file:
        return {found["path"]: found for found in map(json.loads, file)}


def plain(value):
    """One form for what is written the same: no invisible differences, one kind of blank."""
    value = unicodedata.normalize("NFC", value or "")
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029\ufeff]", " ", value).split())


def identifier(value):
    return plain(value).strip("<> ,").replace(" ", "")


def field(mail, name):
    value = mail.get(name)
    if name == "from":
        return plain(value).lower().strip("<>")
    if name == "message_id":
        return identifier(value)
    if name == "references":
        joined = " ".join(value or [])
        ids = re.findall(r"<([^<>]*)>", joined) if "<" in joined else joined.split()
        return [identifier(reference) for reference in ids if identifier(reference)]
    if name == "text":
        # Line breaks are each parser's own business, joined flowed lines with their quote marks included.
        return re.sub(r"[\s>]+", "", plain(value))
    return plain(value)


def short(path):
    parts = pathlib.Path(path).parts
    return "/".join(parts[-3:])


def agreement(folder):
    ours = lines(folder / "ours.jsonl")
    explained = json.loads((pathlib.Path(__file__).parent / "explained.json").read_text())
    foreign = {name: found for name in READERS if (found := lines(folder / f"{name}.jsonl")) is not None}
    unexplained, used = [], set()
    print(f"{len(ours)} mails")
    print("| | " + " | ".join(FIELDS) + " |\n|---|" + "---:|" * len(FIELDS))
    total_same = total = 0
    for reader, found in foreign.items():
        cells = []
        for name in FIELDS:
            same = compared = 0
            for path, mail in ours.items():
                other = found[path]
                # What a parser refuses, and text that it does not make from HTML, cannot be compared.
                if "error" in other or (name == "text" and not comparable_text(path, foreign, other)):
                    continue
                compared += 1
                if field(mail, name) == field(other, name):
                    same += 1
                    continue
                key = explanation(explained, short(path), name, reader)
                used.add(key)
                if key is None:
                    unexplained.append((short(path), name, reader, field(mail, name), field(other, name)))
            cells.append(f"{same}/{compared} ({100 * same / max(compared, 1):.1f} %)")
            total_same, total = total_same + same, total + compared
        print(f"| {reader} | " + " | ".join(cells) + " |")
    print(f"together {total_same}/{total} ({100 * total_same / total:.2f} %)")
    same, compared = consensus(ours, foreign)
    print(f"where the others agree with each other: {same}/{compared} ({100 * same / compared:.2f} %)")
    if same / compared < GOAL:
        unexplained.append(("all", "all", "all of them", "", ""))
    for name, reader_field, reader, mine, theirs in unexplained:
        print(f"\nUNEXPLAINED {name}: {reader_field} by {reader}\n  ours   {clip(mine)}\n  theirs {clip(theirs)}")
    here = {short(path) for path in ours}
    for file, key in sorted({(file, key) for file, why in explained.items() if file in here for key in why} - used):
        if key.split()[-1] in foreign:
            print(f"explained, but agreed on by now: {key}, {file}")
    return not unexplained


def consensus(ours, foreign):
    """How often we read a field as the others do, of the fields that at least two of them read and all read alike."""
    same = compared = 0
    for path, mail in ours.items():
        for name in FIELDS:
            read = [
                field(found[path], name)
                for found in foreign.values()
                if "error" not in found[path] and (name != "text" or comparable_text(path, foreign, found[path]))
            ]
            if len(read) > 1 and all(value == read[0] for value in read):
                compared += 1
                same += field(mail, name) == read[0]
    return same, compared


def comparable_text(path, foreign, other):
    """Only where there is a plain text body: the others do not read HTML, or each in its own way."""
    if other.get("text") is None:
        return False
    judge = foreign.get("python", foreign.get("gmime"))
    return judge is None or judge[path].get("text") is not None


def explanation(explained, file, name, reader):
    why = explained.get(file, {})
    for key in (f"{name} {reader}", name):
        if key in why:
            return (file, key)
    return None


def clip(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else text[:200] + " … " + text[-90:]


def built(folder):
    good = True
    for reader in ["ours", *READERS]:
        found = lines(folder / f"{reader}.jsonl")
        if found is None:
            print(f"{reader}: not there, not compared")
            continue
        wrong = 0
        for path, mail in sorted(found.items()):
            expected = json.loads(pathlib.Path(path).with_suffix(".json").read_text())
            problems = differences(reader, expected, mail)
            wrong += bool(problems)
            for problem in problems:
                print(f"{reader} {short(path)}: {problem}")
        print(f"{reader}: {len(found) - wrong} of {len(found)} built mails read as they were written")
        good &= wrong == 0 and len(found) > 0
    return good


def differences(reader, expected, mail):
    if "error" in mail:
        return [mail["error"]]
    problems = []
    for name in ["from", "message_id", "subject", "from_name"]:
        wanted, got = plain(expected[name]), plain(mail[name] or "").strip("<>")
        if name == "from_name" and reader == "python":
            # Before 3.13 it keeps the blank between two encoded words of a name (its issue 92081).
            wanted, got = wanted.replace(" ", ""), got.replace(" ", "")
        if wanted != got:
            problems.append(f"{name} is {mail[name]!r}, not {expected[name]!r}")
    if expected["to"] != mail["to"]:
        problems.append(f"to is {mail['to']}")
    if expected["references"] != field(mail, "references"):
        problems.append(f"references are {mail['references']}")
    if not plain(mail["text"]).startswith(plain(expected["text"])):
        problems.append(f"text is {clip(mail['text'])}, not {clip(expected['text'])}")
    if expected["has_html"] and plain(expected["html"]) not in plain(mail["html"]):
        problems.append(f"html is {clip(mail['html'])}")
    files = [(file["name"], file["bytes"]) for file in mail["files"]]
    # Ours makes names safe to save under.
    if len(files) != len(expected["files"]):
        problems.append(f"files are {files}")
    for (name, size), wanted in zip(files, expected["files"]):
        names = {wanted["name"], safe(wanted["name"])}
        if plain(name) not in {plain(n) for n in names} or size not in (None, wanted["bytes"]):
            problems.append(f"file is {name!r} of {size} bytes, not {wanted}")
    return problems


def safe(name):
    return re.sub(r'[<>:"|?*]', "_", re.split(r"[\\/]", name)[-1])


if __name__ == "__main__":
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    sys.exit(0 if {"agreement": agreement, "built": built}[what](folder) else 1)
