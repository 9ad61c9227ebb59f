"""A release is deployed over the one before it, taken back, and deployed again, as docs/OPERATIONS.md says."""

from pathlib import Path

from deployment import Deployment
from loop import Loop


def play(deployment: Deployment, loop: Loop, before: Path, now: Path) -> None:
    """What is deployed is `before`. Each release decides and sends what the other one asked about."""
    loop.play(loop.begin, loop.sign_in, loop.domain, loop.identity, loop.webhook_and_rule, loop.mail_and_link)
    questions = loop.questions("of the release before")
    loop.while_mail_arrives(lambda: deployment.deploy_again(now))
    loop.answer(questions)
    loop.play(
        loop.slack, loop.telegram, loop.recorded_event, loop.files, loop.search, loop.mcp, loop.dashboard, loop.new_sender
    )
    questions = loop.questions("of this release")
    loop.while_mail_arrives(lambda: deployment.deploy_again(before))
    loop.answer(questions)
    loop.play(loop.search)
    questions = loop.questions("of the release before, again")
    loop.while_mail_arrives(lambda: deployment.deploy_again(now))
    loop.answer(questions)
    loop.play(loop.search, loop.dashboard)
    deployment.no_trouble()
    loop.play(loop.events)
