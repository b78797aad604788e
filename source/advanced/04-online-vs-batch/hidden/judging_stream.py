"""What the judge cells of streams share: events out of order, late and twice."""

from judging import MIDNIGHT

WINDOW_S = 900


def draw_stream(rng, batches=40, per_batch=30, rogue=True):
    """Return batches [now, events]: out of order, late, repeated, whole batches twice, an hour without any, and clocks that are wrong."""
    now, number, sent, stream = int(MIDNIGHT.timestamp()) + int(rng.integers(0, 900)), int(rng.integers(1000, 9000)), [], []
    for turn in range(batches):
        now += int(rng.integers(100, 400)) + (3_600 if turn == batches // 2 else 0)
        events = []
        if turn % 10 == 5:  # the latest event falls on the edge of a window
            now = now // WINDOW_S * WINDOW_S + WINDOW_S
            number += 1
            events.append({"trip_id": number, "ended_at": now, "station": 2})
        elif rng.random() < 0.3:  # a clock that is a little ahead: up to 60 s it counts
            number += 1
            events.append({"trip_id": number, "ended_at": now + int(rng.choice([25, 60, 61])), "station": 3})
        for _ in range(int(rng.integers(per_batch // 2, per_batch))):
            behind = int(rng.exponential(150)) if rng.random() < 0.85 else int(rng.integers(0, 6_000))
            number += int(rng.integers(1, 5))
            events.append({"trip_id": number, "ended_at": now - behind, "station": int(rng.integers(1, 6))})
        if rogue and rng.random() < 0.2:
            number += 1
            events.append({"trip_id": number, "ended_at": now + int(rng.integers(3_000, 90_000)), "station": 1})
        events += [dict(sent[int(at)]) for at in rng.integers(max(0, len(sent) - 150), len(sent), 4)] if sent else []
        sent += events
        order = rng.permutation(len(events))
        stream.append([now, [events[at] for at in order]])
        if turn % 6 == 3:  # a batch with old events only: it moves no watermark, not back either
            number += 1
            stream.append([now + 3, [{"trip_id": number, "ended_at": now - 2_500, "station": 4}]])
            number += 1
            stream.append([now + 4, [{"trip_id": number, "ended_at": now - 1_900, "station": 4}]])
        if rng.random() < 0.15:
            stream.append([now + 5, [dict(event) for event in events]])
    return stream


def streamed(stream, lateness_s):
    """Return for each batch what closes, what is set aside (a set of trips), and the trips in open windows afterwards."""
    open_, mark, said = {}, None, []
    for now, events in stream:
        aside, newest = set(), mark
        for event in events:
            at, start = event["ended_at"], event["ended_at"] // WINDOW_S * WINDOW_S
            if at > now + 60:
                aside.add(event["trip_id"])
                continue
            newest = at if newest is None else max(newest, at)
            if mark is not None and start + WINDOW_S <= mark - lateness_s:
                aside.add(event["trip_id"])
            else:
                open_.setdefault((start, event["station"]), set()).add(event["trip_id"])
        mark = newest
        done = sorted(key for key in open_ if mark is not None and key[0] + WINDOW_S <= mark - lateness_s)
        said.append(([[*key, len(open_.pop(key))] for key in done], aside, set().union(*open_.values())))
    return said
