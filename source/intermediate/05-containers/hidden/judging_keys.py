"""What the judge cells of keys share: layers with keys in them."""

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

from archive import write_archive
from judging import word

from judgekit import drawn


@contextmanager
def pushed(kind):
    """Give the path of a fresh image archive, and the truth: a set of (key, where, step)."""
    chance = drawn(f"archive {kind}")

    def key():
        return "mbk_" + "".join(chance.choice("0123456789abcdef") for _ in range(32))

    a, b, c, d, e = (word(chance) for _ in range(5))
    k1, k2, k3, k4 = key(), key(), key(), key()
    steps = [("ADD rootfs.tar / # base", {"etc/os-release": b"Debian\n", "bin/sh": chance.randbytes(700)}), ("ENV LANG=C.UTF-8", None)]
    truth, env, zipped = set(), ["PATH=/usr/bin", "LANG=C.UTF-8"], set()

    def step(text, files):
        steps.append((text, files))
        return len(steps) - 1

    if kind == "deleted":
        step("WORKDIR /app", {})
        n = step(
            "COPY . .",
            {f"app/{a}/.env": f"KEY={k1}\n".encode(), f"app/{b}.txt": b"mbk_EXAMPLE and mbk_0123 are no keys\n", "app/x.py": b"x = 1\n"},
        )
        truth.add((k1, f"app/{a}/.env", n))
        step("CMD true", None)
        step("RUN rm -rf secrets", {f"app/.wh.{a}": b""})
    elif kind == "overwritten":
        n = step("COPY settings settings", {f"srv/{c}.ini": f"[maps]\nkey = {k2}\n".encode()})
        step("LABEL a=b", None)
        m = step(f"RUN sed -i s/old/new/ /srv/{c}.ini", {f"srv/{c}.ini": f"[maps]\nkey = {k3}\n".encode()})
        step("RUN clean", {f"srv/{c}.ini": b"[maps]\nkey = see the vault\n"})
        truth |= {(k2, f"srv/{c}.ini", n), (k3, f"srv/{c}.ini", m)}
    elif kind == "zipped":
        step("EXPOSE 8000", None)
        n = step("COPY a .", {f"opt/{d}/{e}.pyc": chance.randbytes(300) + k1.encode() + chance.randbytes(300)})
        zipped |= {n, n - 2}
        m = step("RUN make", {f"opt/{d}/log.txt": f"token={k4};again={k4}\nother={k2}".encode()})
        truth |= {(k1, f"opt/{d}/{e}.pyc", n), (k4, f"opt/{d}/log.txt", m), (k2, f"opt/{d}/log.txt", m)}
        p = step("RUN chown -R 10001 /opt", {f"opt/{d}/log.txt": f"token={k4};again={k4}\nother={k2}".encode()})
        truth |= {(k4, f"opt/{d}/log.txt", p), (k2, f"opt/{d}/log.txt", p)}
        step("RUN tidy", {f"opt/{d}/.wh..wh..opq": b""})
    else:
        n = step(f"RUN |1 TOKEN={k1} /bin/sh -c pip install .", {"usr/lib/x.py": b"y = 2\n"})
        truth.add((k1, "history", n))
        step("WORKDIR /srv", {})
        m = step(f"ENV MAPS_KEY={k2}", None)
        env.append(f"MAPS_KEY={k2}")
        truth |= {(k2, "history", m), (k2, "env", None)}
        n = step("COPY b .", {f"srv/{a}.json": json.dumps({"a": k3, "b": k2}).encode()})
        truth |= {(k3, f"srv/{a}.json", n), (k2, f"srv/{a}.json", n)}
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        path = Path(folder) / f"{b}.tar"
        write_archive(path, steps, env, zipped, tag=f"{c}:1")
        yield str(path), truth


def said_keys(result):
    """Return a learner's finds as a set of (key, where, step)."""
    assert isinstance(result, (set, list, tuple, frozenset)), (
        f"find_keys returned a {type(result).__name__}, expected a set or list of (key, where, step)."
    )
    rows = set()
    for row in result:
        assert isinstance(row, (list, tuple)) and len(row) == 3, f"An entry is {str(row)[:80]!r}, expected (key, where, step)."
        key, where, number = row
        rows.add((str(key), str(where).removeprefix("./").lstrip("/"), None if number is None else int(number)))
    return rows


def keys_problem(said, truth):
    """Return what is wrong with the finds, or None."""
    places = {row[:2] for row in said}
    for key, where, number in sorted(truth - said, key=lambda row: (row[:2] in places, str(row))):
        near = [row for row in said if row[0] == key]
        if any(row[1] == where and row in truth for row in near):
            return f"The key {key[:8]}… in {where} lies in several layers, since a later step stored the file again: you report it for some of these steps, and not for step {number}. Each is a find."
        if any(row[1] == where for row in near):
            return f"The key {key[:8]}… in {where} was found, but by your word step {next(row[2] for row in near if row[1] == where)} put it there, and it was {number}. Steps without a layer are in the history, too."
        where = {"history": "the text of a step", "env": "the environment"}.get(where, f"the file {where}")
        return f"On a fresh archive the key {key[:8]}… in {where} was not found{', only in ' + str(near[0][1]) if near else ''}."
    for key, where, number in sorted(said - truth, key=str):
        return f"On a fresh archive you report {key[:12]}… in {where}, step {number}: there is no such key there (a key has 32 hexadecimal digits)."
    return None
