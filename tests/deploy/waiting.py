"""Waiting for what is to come, and not for time."""

import time


def wait_for(what: str, probe, seconds: float = 60):
    """The first true value of `probe`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")
