"""Bodies of requests that the learner has not seen."""

import json
import unicodedata

from judgekit import drawn


def body_cases():
    """Return (body, what admit makes of it or None, what it is)."""
    chance = drawn("bodies")
    good = {
        "failed_payments": chance.randrange(1, 90),
        "delay_days": round(chance.uniform(0.1, 300), 2),
        "day_pass": chance.random() < 0.5,
        "note": "late by a day",
    }

    def body(**fields):
        return json.dumps({**good, **fields}, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def made(what, **fields):
        return body(**fields), {**good, **fields, "note": unicodedata.normalize("NFC", fields.get("note", good["note"]))}, what

    raw, wide = body().decode(), body(note="ü" * 200)
    cases = [
        made("nothing special"),
        made("values on the edge", failed_payments=0, delay_days=365),
        made("values on the other edge", failed_payments=100, delay_days=0),
        made("accents, emoji and another script", note="Señor Ørsted 🚲 自転車"),
        made("a letter and its accent as two characters", note="cafe\u0301"),
        made("150 letters, each with its accent as a character of its own", note="e\u0301" * 150),
        made("an empty note", note=""),
        made("a note of 200 characters", note="ü" * 200),
        (body()[:-1] + b" " * (2000 - len(body())) + b"}", dict(good), "padded with blanks to 2,000 bytes"),
        (body()[:-1] + b" " * (2001 - len(body())) + b"}", None, "2,001 bytes"),
        (wide[:-1] + b" " * (2001 - len(wide)) + b"}", None, "2,001 bytes, of fewer than 2,000 characters"),
        (raw.encode("utf-16"), None, "UTF-16"),
        (b"\xff" + body(), None, "a byte that is no UTF-8"),
        (body()[:-1] + b', "note": "again"}', None, "the field note twice"),
        (raw.replace(str(good["delay_days"]), "1e999").encode(), None, "a delay_days of 1e999"),
        (raw.replace(str(good["delay_days"]), "-Infinity").encode(), None, "a delay_days of -Infinity"),
        (raw.replace(str(good["delay_days"]), "NaN").encode(), None, "a delay_days of NaN"),
        (b'{"note": ' + b"[" * 1500 + b"]" * 400 + b"}", None, "brackets in brackets"),
        (body() + b" {}", None, "two objects"),
        (b"", None, "nothing"),
        (b"null", None, "null"),
        (json.dumps([good]).encode(), None, "a list with a request in it"),
        (json.dumps(list(good)).encode(), None, "a list of the fields' names"),
        (json.dumps({key: value for key, value in good.items() if key != "note"}).encode(), None, "a field less"),
    ]
    refused = {
        "failed_payments": [-1, 101, 1.5, 2.0, True, "3", None, [3]],
        "delay_days": [-0.01, 365.01, True, "7", None, {}],
        "day_pass": [0, 1, "true", None],
        "note": [
            "x" * 201,
            7,
            None,
            "line\nbreak",
            "null\x00",
            "turned \u202eround",
            "not\u200bseen",
            "half \ud800",
            "unassigned \u0378",
            "private \ue000",
        ],
    }
    for field, values in refused.items():
        shown = [
            (value, f"a {field} of {value!r}" if len(str(value)) < 40 else f"a {field} of {len(str(value))} characters") for value in values
        ]
        cases += [(json.dumps({**good, field: value}).encode(), None, what) for value, what in shown]
    return cases


def refused(error):
    """Return whether it is a kind of ValueError; those of Unicode cross to a judge by name alone."""
    return isinstance(error, ValueError) or type(error).__name__ in ("UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError")
