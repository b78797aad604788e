"""What the judge cells of services share: requests that are collected."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from services import ask


@contextmanager
def started(steer, file, settings):
    """Start the learner's service through steer(…), give its address to the block, and end it."""
    try:
        service = steer("start", file, {name: str(value) for name, value in settings.items()})
    except Exception as error:
        raise AssertionError(f"{file} did not come up: {error}") from None
    try:
        yield service["url"]
    finally:
        with suppress(Exception):
            steer("end", service["pid"])


def asked(url, path, body=None, seconds=10.0):
    """Return status and answer; where none comes in time the status is 0."""
    try:
        return ask(url, path, body, seconds=seconds)
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"


def first_in_time(url, trips, gap_s):
    """Send the trips one by one, with gaps, until the first is answered. Return whether it was, before all had been sent."""
    with ThreadPoolExecutor(len(trips)) as pool:
        sent = []
        for trip in trips:
            sent.append(pool.submit(asked, url, "/risk", {"returns": [trip]}))
            with suppress(TimeoutError):
                sent[0].result(gap_s)
                return True
        return False


def at_once(url, requests):
    """Send all the requests, lists of returns, at the same time. Return status and answer of each."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda trips: asked(url, "/risk", {"returns": trips}), requests))
