"""Deploys template.yaml on an emulator and plays the loop there. See `run`."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import alarms
import bootstraps
import differences
import restore
import upgrade
from deployment import Deployment
from loop import Loop

BOOTSTRAP_TOKEN = "a-random-text-of-at-least-20-letters"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ministack", required=True)
    parser.add_argument("--sam", required=True)
    parser.add_argument("--programs", type=Path, help="where the functions and the stand-ins were built")
    parser.add_argument("--whole", action="store_true", help="let sam build the functions, for release")
    parser.add_argument("--from", dest="before", type=Path, help="a release to begin with: its sources, with `programs` in them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if arguments.whole:
            template = bootstraps.whole(arguments.sam, work / "build")
        else:
            template = bootstraps.quick(arguments.programs, work / "build")
        first = template
        if arguments.before:
            first = bootstraps.quick(arguments.before / "programs", work / "before", arguments.before / "template.yaml")
        deployment = Deployment(work, arguments.ministack, arguments.sam, str(arguments.programs / "stand-ins"))
        try:
            deployment.deploy(first, ReceiveMail="off", BootstrapToken=BOOTSTRAP_TOKEN, Architecture="x86_64", RateLimits="off")
            deployment.grant_batches()
            deployment.grant_keys()
            deployment.start_stand_ins()
            os.environ["SSL_CERT_FILE"] = deployment.certificate
            loop = Loop(deployment, BOOTSTRAP_TOKEN)
            if arguments.before:
                upgrade.play(deployment, loop, first, template)
            else:
                loop.whole()
                alarms.raise_all(deployment)
                differences.compare({"sqs": deployment.url("sqs"), "sesv2": deployment.url("ses")}, deployment)
            restore.restore(deployment, loop)
            deployment.tear_down()
        except BaseException:
            for name in ("emulator", "stand-ins"):
                log = work / f"{name}.log"
                if log.exists():
                    print(f"--- the end of {name}.log", file=sys.stderr)
                    print(log.read_text(errors="replace")[-6000:], file=sys.stderr)
            raise
        finally:
            deployment.stop()


main()
