"""The functions' programs, and the template that names them: what `sam build` makes.

The quick form does what `sam build` does with programs that were built for tests: it zips each as `bootstrap`,
without debugging information, and lets `CodeUri` name the zip. Nothing else of the template changes; what does is printed.
"""

import difflib
import re
import subprocess
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
# A function of the template: what its program is called, and where its code is.
FUNCTION = re.compile(r"Binary: (?P<binary>\w+) \} \}\n    Properties:\n      CodeUri: (?P<folder>functions/\w+)\n")


def functions(template: Path = TEMPLATE) -> dict[str, str]:
    """The folder of each program's code."""
    text = template.read_text()
    found = {match["binary"]: match["folder"] for match in FUNCTION.finditer(text)}
    assert len(found) == text.count("Type: AWS::Serverless::Function"), sorted(found)
    return found


def quick(programs: Path, into: Path, template: Path = TEMPLATE) -> Path:
    """The template with the programs in that folder as its functions. Returns where it is."""
    into.mkdir()
    text = original = template.read_text()
    named = functions(template)
    for binary, folder in named.items():
        stripped = into / binary
        subprocess.run(["strip", "--strip-all", "-o", stripped, programs / binary], check=True)
        # Zipped here, since SAM would take three times as long for a tenth less.
        with zipfile.ZipFile(into / f"{binary}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            bootstrap = zipfile.ZipInfo("bootstrap")
            bootstrap.external_attr, bootstrap.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(bootstrap, stripped.read_bytes(), compresslevel=1)
        stripped.unlink()
        text = text.replace(f"CodeUri: {folder}\n", f"CodeUri: {binary}.zip\n")
    built = into / "template.yaml"
    built.write_text(text)
    changed = [line for line in difflib.ndiff(original.splitlines(), text.splitlines()) if line[0] in "+-"]
    assert len(changed) == 2 * len(named) and all("CodeUri: " in line for line in changed), changed
    print(f"template.yaml, but for the {len(named)} places of the functions' code:")
    print("\n".join(f"  {line}" for line in changed[:2]), "\n  …", flush=True)
    return built


def whole(sam: str, into: Path) -> Path:
    """The template that `sam build` makes of ours, as README says, for this machine's processor."""
    command = [sam, "build", "--template", TEMPLATE, "--build-dir", into, "--parameter-overrides", "Architecture=x86_64"]
    subprocess.run(command, check=True, cwd=ROOT)
    return into / "template.yaml"
