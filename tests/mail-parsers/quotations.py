"""What talon and quotequail expect to be new in a mail, and what we find: quotations.py <folder> <parse_json>

Their own tests say what they expect. They run here with stand-ins for what they import, so that each comparison they make
is noted instead of made. Only letters and digits are compared: what is kept counts, not how it is laid out. A difference
that differences.json does not explain fails.
"""

import collections
import email.message
import email.policy
import importlib.util
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import types

from corpora import fetch

HERE = pathlib.Path(__file__).parent
SOURCES = [
    ("talon", "talon-1.4.4.tar.gz", "263d122609747691e9f75726ea565f5da8a40146a7a81eb5883e51b8224b0e5c"),
    ("quotequail", "quotequail-0.5.4.tar.gz", "675e3e93fc7696a49fb08ba25ebd1291983c10b0bbae8a0512b2d745e9c0016a"),
]
# Stands where talon's tests expect an answer of talon's.
ANSWER = "\ue000answer\ue000"

Case = collections.namedtuple("Case", "name kind content expected")


def unpack(folder):
    for project, name, sha256 in SOURCES:
        with tarfile.open(fileobj=io.BytesIO(fetch(project, name, sha256))) as archive:
            archive.extractall(folder, filter="data")


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


def run(path, package=None):
    name = f"{package}.{path.stem}" if package else path.stem
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=None)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


class TalonTests:
    """Runs talon's tests and keeps what they ask and what they expect."""

    def __init__(self, root):
        self.root, self.cases, self.test, self.asked = root, [], None, None

    def ask(self, kind):
        def extract(content):
            self.asked = (kind, content.decode() if isinstance(content, bytes) else content)
            return ANSWER

        return extract

    def expect(self, one, other, *_):
        expected = [value for value in (one, other) if ANSWER not in value]
        if ANSWER in one + other and len(expected) == 1 and self.asked:
            self.cases.append(Case(self.name(), *self.asked, expected[0]))

    def name(self):
        number = sum(case.name.split("#")[0] == self.test for case in self.cases)
        return f"{self.test}#{number + 1}" if number else self.test

    def collect(self):
        nothing = lambda *_, **__: lambda test: test
        quotations = module("talon.quotations", extract_from_plain=self.ask("plain"), extract_from_html=self.ask("html"))
        html_to_text = lambda html: types.SimpleNamespace(decode=lambda _: html)
        utils = module("talon.utils", html_to_text=html_to_text, get_delimiter=None)
        module("talon", init=lambda: None, quotations=quotations, utils=utils)
        patch = types.SimpleNamespace(object=nothing)
        module("mock", patch=patch, Mock=lambda **_: None)
        ignore = lambda *_: None
        module("nose")
        module("nose.tools", eq_=self.expect, ok_=ignore, assert_false=ignore, assert_equal=ignore)
        moves = module("six.moves", range=range)
        module("six", text_type=str, StringIO=io.StringIO, moves=moves)
        for package in ["tests", "tests.fixtures"]:
            path = self.root / package.replace(".", "/") / "__init__.py"
            spec = importlib.util.spec_from_file_location(package, path, submodule_search_locations=[str(path.parent)])
            sys.modules[package] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[package])
        for file in ["text_quotations_test.py", "html_quotations_test.py"]:
            tests = run(self.root / "tests" / file, "tests")
            for name in [name for name in vars(tests) if name.startswith("test_")]:
                self.test, self.asked = f"talon/{name}", None
                try:
                    for check, expected, answer, about in vars(tests)[name]() or []:
                        self.test = f"talon/{pathlib.PurePath(about.split(' for ')[-1]).name}"
                        check(expected, answer)
                except (AttributeError, TypeError, ValueError):
                    pass  # It asks something of talon's insides.
        return self.cases


def quotequail_cases(root):
    """The cases of its parametrized tests: with the line that introduces a quote taken for a part of it."""
    cases = []

    def parametrize(_, table):
        return lambda test: cases.extend(
            Case(f"quotequail/{test.__name__}#{number + 1}", "html" if "html" in test.__name__ else "plain", row[0],
                 " ".join(text for is_new, text in row[2] if is_new))
            for number, row in enumerate(table)
        )

    module("pytest", mark=types.SimpleNamespace(parametrize=parametrize))
    module("quotequail", quote=None, quote_html=None, unwrap_html=None)
    for file in ["test_quote.py", "test_quote_html.py"]:
        run(root / "tests" / file)
    return cases


def letters(text):
    text = re.sub(r"<(style|script|title).*?</\1>|<!--.*?-->|<[^<>]*>", " ", text, flags=re.DOTALL)
    return "".join(re.findall(r"\w", text))


def reply(case):
    """The case as the mail it is: an answer."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["Subject"], mail["In-Reply-To"] = "ada@example.com", "Re: Lunch", "<1@example.com>"
    mail.set_content(case.content, subtype=case.kind, charset="utf-8", cte="base64")
    return mail.as_bytes()


def main(folder, parse_json):
    unpack(folder)
    os.chdir(folder / "talon-1.4.4")
    cases = TalonTests(folder / "talon-1.4.4").collect() + quotequail_cases(folder / "quotequail-0.5.4")
    paths = []
    for number, case in enumerate(cases):
        path = folder / f"{number:03}.eml"
        path.write_bytes(reply(case))
        paths.append(str(path))
    answers = subprocess.run([parse_json], input="\n".join(paths), capture_output=True, text=True, check=True)
    explained = {name: why for why, names in json.loads((HERE / "differences.json").read_text()).items() for name in names}
    same, failed = collections.Counter(), False
    for case, line in zip(cases, answers.stdout.splitlines(), strict=True):
        project, found = case.name.split("/")[0], json.loads(line)["new"]
        if letters(found) == letters(case.expected):
            same[project] += 1
            if case.name in explained:
                print(f"explained, but agreed on by now: {case.name}")
        elif case.name not in explained:
            failed = True
            print(f"\nUNEXPLAINED {case.name}\n  expected {json.dumps(case.expected, ensure_ascii=False)[:400]}")
            print(f"  found    {json.dumps(found, ensure_ascii=False)[:400]}")
    for project in same:
        total = sum(case.name.startswith(f"{project}/") for case in cases)
        print(f"{project}: {same[project]} of {total} replies as it expects them")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()) else 1)
