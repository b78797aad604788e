"""The stage: it plays a script to the desk, kills it where it should be killed, and tells how things are after each step.

A script is a list of steps, played in order. After each, all parts are loaded anew, except between requests: nothing is known but what
lies in the stores. Steps:
    {"ask": {"id", "rider", "question", "urgent"}}  a rider asks (service.serve)
    {"case": [question, articles, canary]}          the same without search, cache and budget: guard and provider alone (metro-large)
    {"articles": [...]}                             the editors publish these, and corpus.sync is called
    {"propose": [id, text, why], "quality": {...}}  a prompt is proposed; what it is worth, by slice (see judges.marks_for)
    {"rollback": [id, why]}                         the live prompt is called back
    {"choose": judges}                              calibration.choose, with these judges on offer: {name: {"habit", "cents"}}
    {"judges": judges}                              from now on these are on offer
    {"usual": quality}                              what a prompt is worth of which nothing else is said, the first one for instance
    {"outages": [...]}                              from now on the provider has these outages (times count from now)
    {"wait": seconds}                               time goes by
    {"start": True}                                 a new process: release.resume
    {"journal": True}                               the whole journal comes back
A step with "kill": [effect, n] is killed right after the n-th effect of that name ("any": of any): register, alias,
log, write, index, cache.
"""

import os
import traceback
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import service
from desk import FIRST, PARTS, Desk, draw_city, load_parts
from judges import Judges
from llm import create_app
from provider import Clock, Provider
from services import serving_app
from stores import Disk, Killed, Prompts

GOOD = {"judge-1": {"habit": "fair", "cents": 0.4}}
USUAL = {"prices": 0.6, "times": 0.6, "accidents": 0.8, "unknown": 0.7}


NOTHING = {
    "value": None,
    "killed": False,
    "live": None,
    "versions": [],
    "releases": [],
    "journal": [],
    "index": [],
    "texts": "",
    "now": 0.0,
}
NOTHING |= {"seconds": 0.0, "calls": [], "embedded": 0}  # how things are where nothing could begin
_open = ExitStack()


@cache
def server(process):
    """Return the address of this process's own server; it ends with the process."""
    return _open.enter_context(serving_app(create_app()))


def make_world(url, seed, city=None, prompts=Prompts, **more):
    """Return a world: what is outside of the desk's own program."""
    world = SimpleNamespace(seed=seed, articles=city or draw_city(seed)[0], quality={}, usual=USUAL, evaluated=[], cases=0, each=20)
    world.provider, world.judges, world.prompts = Provider(url, Clock()), Judges(GOOD, seed), prompts
    world.canary, world.budget = f"HERON-{seed}", 0.30
    for name, value in more.items():
        setattr(world, name, value)
    return world


def begin(world, disk, own, folder):
    """Register the first prompt, let it be live, and index the articles."""
    p = Desk(world, disk, load_parts(own, folder))
    p.prompts.register(FIRST, "the first")
    p.prompts.set_live(1)
    p.log("release", id="first", version=1, decision="shipped", reason="the first")
    p.parts.corpus.sync(p)
    return p


def play(own, script, seed=0, folder="system", city=None, prompts=Prompts, **more):
    """Play a script to a desk in which the parts in `own` are yours, and the others as found. Return how things are after each step."""
    world, disk, states = make_world(server(os.getpid()), seed, city, prompts, **more), Disk(), []
    try:
        p = begin(world, disk, own, folder)
    except Exception as error:
        return [{**NOTHING, "error": f"at the start: {words(error)}"} for _ in script]
    before = "ask"
    for step in script:
        kind = next(iter(step))
        if not (kind == before and kind in ("ask", "case")):
            p = Desk(world, disk, load_parts(own, folder))
        before, disk.kill = kind, list(step["kill"]) if step.get("kill") else None
        begin_at, calls, texts = p.now, len(world.provider.calls), world.provider.texts_embedded
        value, error, killed = None, None, False
        try:
            value = take(p, world, kind, step)
        except Killed:
            killed, before = True, "killed"
        except Exception as stopped:
            error = words(stopped)
        disk.kill, disk.dead = None, False
        state = look(p, value, error, killed)
        state |= {"seconds": p.now - begin_at, "calls": [dict(one) for one in world.provider.calls[calls:]]}
        states.append({**state, "embedded": world.provider.texts_embedded - texts})
    return states


def words(error):
    """Return an exception as a text, with the line of the part in which it was raised."""
    lines = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).stem in PARTS]
    where = f" ({Path(lines[-1].filename).name}, line {lines[-1].lineno})" if lines else ""
    return f"{type(error).__name__}: {error}"[:300] + where


def take(p, world, kind, step):
    """Take one step, and return what came back."""
    given = step[kind]
    if kind == "ask":
        return service.serve(p, given)
    if kind == "case":
        question, found, p.canary = given
        world.cases += 1
        return service.ask(p, FIRST, question, found, "metro-large", f"case {world.cases}")
    if kind == "articles":
        world.articles = given
        return p.parts.corpus.sync(p)
    if kind == "propose":
        world.quality[given[1]] = step.get("quality", world.usual)
        return p.parts.release.propose(p, *given)
    if kind == "rollback":
        return p.parts.release.rollback(p, *given)
    if kind in ("choose", "judges"):
        world.judges = Judges(given, step.get("seed", world.seed))
        return p.parts.calibration.choose(p) if kind == "choose" else None
    if kind == "usual":
        world.usual = given
    elif kind == "outages":
        moved = [{**one, "from": p.now + one.get("from", 0)} | ({"until": p.now + one["until"]} if "until" in one else {}) for one in given]
        world.provider.outages = moved
    elif kind == "wait":
        p.sleep(given)
    elif kind == "journal":
        return p.entries()
    elif kind == "start":
        return p.parts.release.resume(p)
    else:
        raise KeyError(f"there is no step {kind!r}")


def look(p, value, error, killed):
    """Return how things are."""
    journal = p.entries()
    return {
        "value": value,
        "error": error,
        "killed": killed,
        "live": p.prompts.live(),
        "versions": p.prompts.versions(),
        "releases": [one for one in journal if one["what"] in ("release", "rollback")],
        "journal": [one for one in journal if one["what"] not in ("release", "rollback")][-1:],
        "index": sorted(p.index.all()),
        "texts": p.disk.kept.get("index", "") + p.disk.kept.get("cache", ""),
        "now": p.now,
    }
