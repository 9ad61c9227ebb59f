"""Compares how four other parsers read the corpora with how we do, and how all five read what we build.

    compare.py agreement <folder>    ours.jsonl and <reader>.jsonl of the corpora
    compare.py built <folder>        ours.jsonl, <reader>.jsonl of built mails, and NN.json beside each mail

A disagreement fails that explained.json (reason -> "<mail> <field> [<reader>]") does not explain, unless the other says
itself that it could not read the field. So it fails when we read otherwise than most of them in more than 1 of 100 fields.
One that is explained and gone, as after a new version of a parser, is only named.
"""

import collections
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
    foreign = {name: found for name in READERS if (found := lines(folder / f"{name}.jsonl")) is not None}
    explained = {
        tuple(case.split(" ")): reason
        for reason, cases in json.loads((pathlib.Path(__file__).parent / "explained.json").read_text()).items()
        for case in cases
    }
    # By reader and field, and of all fields: how many are compared, and how many of them alike.
    compared, alike = collections.Counter(), collections.Counter()
    unexplained, used = [], set()
    for path, name, mine, theirs in readings(ours, foreign):
        for reader, value in theirs.items():
            compared[reader, name] += 1
            alike[reader, name] += value == mine
            if value == mine or unreadable(value, mine):
                continue
            case = next((case for case in [(short(path), name, reader), (short(path), name)] if case in explained), None)
            used.add(case)
            if case is None:
                unexplained.append((short(path), name, reader, mine, value))
        # No reading of this field could agree with more of them.
        alike["reachable"] += max(collections.Counter(map(str, theirs.values())).values())
        readable = [value for value in theirs.values() if not unreadable(value, mine)]
        most = [value for value in readable if readable.count(value) * 2 > len(readable)]
        if len(readable) > 1 and most:
            compared["most"] += 1
            alike["most"] += most[0] == mine
    print(f"{len(ours)} mails\n| | " + " | ".join(FIELDS) + " |\n|---|" + "---:|" * len(FIELDS))
    for reader in foreign:
        cells = [f"{share(alike[reader, name], compared[reader, name])}" for name in FIELDS]
        print(f"| {reader} | " + " | ".join(cells) + " |")
    pairs = [(reader, name) for reader in foreign for name in FIELDS]
    total = sum(compared[pair] for pair in pairs)
    print(f"together {share(sum(alike[pair] for pair in pairs), total)}")
    print(f"at most, for they differ among themselves: {share(alike['reachable'], total)}")
    for reader in foreign:
        print(f"{reader} with the other three: {among_themselves(ours, foreign, reader)}")
    print(f"where most of them read the same: {share(alike['most'], compared['most'])}")
    for name, reader_field, reader, mine, theirs in unexplained:
        print(f"\nUNEXPLAINED {name}: {reader_field} by {reader}\n  ours   {clip(mine)}\n  theirs {clip(theirs)}")
    here = {short(path) for path in ours}
    for case in sorted(case for case in set(explained) - used if case[0] in here and (case[2:] or READERS)[-1] in foreign):
        print(f"explained, but agreed on by now: {' '.join(case)}")
    return not unexplained and alike["most"] >= GOAL * compared["most"]


def readings(ours, foreign):
    """Every field of every mail: how we read it, and how those do who read it at all."""
    for path, mail in ours.items():
        for name in FIELDS:
            theirs = {
                reader: field(found[path], name)
                for reader, found in foreign.items()
                if "error" not in found[path] and (name != "text" or comparable_text(path, foreign, found[path]))
            }
            if theirs:
                yield path, name, field(mail, name), theirs


def unreadable(theirs, mine):
    """Whether a parser says itself, by replacement characters, that it cannot read what we can."""
    return "\ufffd" in theirs and "\ufffd" not in mine


def among_themselves(ours, foreign, reader):
    pairs = [
        value == theirs[reader]
        for _, _, _, theirs in readings(ours, foreign)
        for other, value in theirs.items()
        if reader in theirs and other != reader
    ]
    return share(sum(pairs), len(pairs))


def share(part, whole):
    return f"{part}/{whole} ({100 * part / max(whole, 1):.2f} %)"


def comparable_text(path, foreign, other):
    """Only where there is a plain text body: the others do not read HTML, or each in its own way."""
    if other.get("text") is None:
        return False
    judge = foreign.get("python", foreign.get("gmime"))
    return judge is None or judge[path].get("text") is not None


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
