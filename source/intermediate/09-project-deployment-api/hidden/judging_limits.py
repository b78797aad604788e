"""The judge of the limits: large, many, slow and unfinished requests, and how they must end."""

from itertools import islice

from judging import CONTRACT, FOUND_KEY, TELEMETRY, body_of, once, was_started

from judgekit import drawn


def play_limits(play):
    """Play large, many, slow and unfinished requests to the learner's limits; return the record and the settings."""
    return once("limits", lambda: _play_limits(play))


def _play_limits(play):
    chance = drawn("limits")
    most, burst = chance.randint(1500, 4000), chance.randint(5, 8)
    settings = {"MAX_BODY": most, "RATE_BURST": burst, "RATE_PER_SECOND": 0.51, "TIMEOUT_SECONDS": 0.4}
    key = lambda name: FOUND_KEY + name  # noqa: E731
    post = lambda body, name, **more: {"ask": ["POST", "/v1/predict", body], "key": key(name), **more}  # noqa: E731
    chunk = "y" * 100
    sizes = [post("x" * most, "sizes"), post("x" * (most + 1), "sizes"), post("x" * 40_000, "sizes")]
    sizes += [post([chunk] * (most // 100), "chunks"), post([chunk] * (most // 100 + 5), "chunks")]
    get = lambda path, name: {"ask": ["GET", path], "key": key(name), "timeout": 6}  # noqa: E731
    fast = [get("/v1/slow?ms=20", "quick"), get("/v1/slow-in-a-thread?ms=20", "quick"), get("/v1/nothing", "quick"), post("{}", "quick")]
    head = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {key('endless')}\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = {"raw": f"{head}{most + 500:x}\r\n{'z' * (most + 500)}\r\n", "seconds": 3}  # and no word that this was all
    half = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {key('half')}\r\nContent-Length: 100\r\n\r\nonly this"
    drips = {"raw": half.replace(key("half"), key("drips")), "drip": ["x" * 40, 0.1], "seconds": 3}
    eager = [{**post("{}", "eager"), "times": burst}, *[{"pause": 0.23}, post("{}", "eager")] * 9]
    hurried = [{**post("{}", "hurried"), "times": burst + 6}, {"pause": "as told"}, post("{}", "hurried")]
    script = [
        *sizes,
        *fast,
        endless,
        {"together": [
            get("/v1/slow?ms=2000", "slow"), get("/v1/slow-in-a-thread?ms=2000", "thread"), {"raw": half, "seconds": 4},
            drips, {"steps": hurried}, {"steps": eager}, {"steps": [{"pause": 0.2}, post("{}", "other"), {"ask": ["GET", "/health"], "times": burst + 4}]},
        ]},
    ]  # fmt: skip
    record = play(["limits"], script, {"contract.py": CONTRACT, "telemetry.py": TELEMETRY}, settings)
    return record, most, burst


def judge_sizes(play):
    """Fail where a large body passed, or a small one did not."""
    record, most, _ = play_limits(play)
    was_started(record, "limits")
    answers = record["answers"]
    for number, (what, size, status) in enumerate([
        (f"a body of {most} bytes", most, 200), (f"a body of {most + 1} bytes", 0, 413), ("a body of 40,000 bytes", 0, 413),
        (f"a body of {most // 100 * 100} bytes in chunks", most // 100 * 100, 200), (f"a body of {(most // 100 + 5) * 100} bytes in chunks", 0, 413),
    ]):  # fmt: skip
        assert answers[number]["status"] == status, (
            f"MAX_BODY is {most}: {what} was answered with {answers[number]['status']}, expected {status}. (In chunks there is no Content-Length: count what arrives.)"
        )
        assert not size or body_of(answers[number]).get("bytes") == size, (
            f"{what} came through, but the route read {body_of(answers[number]).get('bytes')} bytes of it."
        )
    for answer, status in zip(answers[5:9], (200, 200, 404, 200), strict=True):
        assert status == 404 or answer["headers"].get("content-type", "").startswith("application/json"), (
            "An answer lost its header Content-Type on its way through the limits."
        )
        assert answer["status"] == status, (
            f"With the limits in place, a small and quick request was answered with {answer['status']}, expected {status}."
        )
    assert answers[9]["status"] == 413, (
        f"MAX_BODY is {most}. A client sent {most + 500} bytes in chunks, and did not say that this was all: it was answered with {answers[9]['status'] or 'nothing'} after {answers[9]['seconds']:.1f} s, expected 413 at once. A body that never ends would fill the memory: count while it comes in."
    )
    assert answers[8]["headers"].get("x-own") == "yes", "An answer lost a header of its own on its way through the limits."


def judge_time(play):
    """Fail where a slow request was waited for."""
    record, *_ = play_limits(play)
    was_started(record, "limits")
    answers = record["answers"]
    for answer, what in (
        (answers[10], "a route that takes 2 s, an async def"),
        (answers[11], "a route that takes 2 s, a plain def in a thread"),
    ):
        assert answer["status"] == 504, (
            f"TIMEOUT_SECONDS is 0.4: {what}, was answered with {answer['status']} after {answer['seconds']:.1f} s, expected 504."
        )
        assert answer["seconds"] < 1.7, (
            f"TIMEOUT_SECONDS is 0.4: {what}, was answered with 504, but only after {answer['seconds']:.1f} s. Who waited for it?"
        )
    assert answers[12]["status"] in (408, 504), (
        f"A client sent half of its body and then nothing: it was answered with {answers[12]['status'] or 'nothing in 4 s'}, expected 408 (or 504)."
    )
    assert answers[13]["status"] in (408, 504) and answers[13]["seconds"] < 1.7, (
        f"TIMEOUT_SECONDS is 0.4: a client whose body came byte by byte, one in each 0.1 s, was answered with {answers[13]['status'] or 'nothing'} after {answers[13]['seconds']:.1f} s, expected 408 (or 504) when the time was over. When does the clock start again?"
    )


def judge_rate(play):
    """Fail where somebody asked too often and was answered, or somebody else paid for it."""
    record, _, burst = play_limits(play)
    was_started(record, "limits")
    rest = iter(record["answers"][14:])
    hurried, (after,), eager, (other,), health = (list(islice(rest, number)) for number in (burst + 6, 1, burst + 9, 1, burst + 4))
    statuses = [answer["status"] for answer in hurried]
    took = sum(answer["seconds"] for answer in hurried)
    assert statuses[:burst] == [200] * burst, (
        f"RATE_BURST is {burst}, and of a caller's first {burst} requests {statuses[:burst].count(429)} were refused."
    )
    most = burst + int(0.51 * took) + 1
    assert statuses.count(200) <= most and statuses.count(429) == len(statuses) - statuses.count(200), (
        f"RATE_BURST is {burst} and RATE_PER_SECOND 0.51: of {len(statuses)} requests within {took:.1f} s {statuses.count(200)} were answered with 200 (at most {most} should be), the others with {sorted(set(statuses) - {200})}."
    )
    told = [answer["headers"].get("retry-after", "") for answer in hurried if answer["status"] == 429]
    assert all(text.isdigit() and 1 <= int(text) <= 2 for text in told), (
        f"A 429 said Retry-After: {told[0]!r}, expected whole seconds after which there is a token again: 1 or 2 here."
    )
    assert after["status"] == 200, (
        f"The caller waited the {told[-1]} s that Retry-After said, and was answered with {after['status']} again."
    )
    again = [answer["status"] for answer in eager[burst:]]
    assert 200 in again, (
        f"RATE_PER_SECOND is 0.51. A caller without tokens went on asking, four times a second, and was answered with {again}: within 2 s a token must have dropped in, also in small pieces."
    )
    assert other["status"] == 200, (
        f"While one caller was refused, another one was answered with {other['status']}. Each caller has a bucket."
    )
    assert {answer["status"] for answer in health} == {200}, (
        "Some requests for /health were refused: a busy service would be restarted for being busy."
    )
