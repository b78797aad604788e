# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: advanced
#     minutes: 240
#     outcomes:
#     - Let in whom a token names, and nobody else, and keep what one tenant owns from all others
#     - Change keys while requests fly, and prove afterwards who did what
#     - Hold service levels through peaks and hostile tenants, at a price that you can state
#     - Restore a store that was lost in the middle of a write, without a gap and without doubles
#     - Share the bill among tenants to the cent, and show all of it on a page that is true
#     prerequisites:
#     - kubernetes-for-ml
#     - online-vs-batch
#     - project-deployment-api
#     project: true
#     roadmap: 'Project: enterprise production AI system'
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     - LLMOps / GenAIOps Engineer
#     slug: project-enterprise-system
#     terms:
#       tenant: "A customer of a system that many customers share, each of whom must not notice the others."
#       authentication: "To find out who is calling."
#       authorisation: "To decide whether the one who calls may do what is asked."
#       claims: "What a token says about its owner: who, for which service, until when, with which rights."
#       scope: "A right that a token carries, such as forecasts:read."
#       audience: "The service for which a token was made; any other must refuse it."
#       revocation: "To refuse a token before its time is over."
#       key ring: "The keys that are in use at a time, of which one signs and several are accepted."
#       audit log: "The record of who did what to which thing, and with which outcome, for people who trust nobody."
#       hash chain: "Records of which each holds the hash of the one before, so that none can be changed alone."
#       anchor: "A hash and a count of a log, kept where the log's writer cannot change it."
#       pseudonym: "A name that stands for a person, and that only the holder of a key can lead back."
#       fair queueing: "To serve next whoever has had least, so that nobody gets more by asking more."
#       service level objective: "What share of the requests should be good, over a time; the rest is allowed to fail."
#       error budget: "How many requests may fail before the service level objective is missed."
#       burn rate: "How many times faster than allowed the error budget is being spent."
#       autoscaling: "To set the number of replicas by what is measured."
#       thrashing: "To start and stop replicas again and again, and to pay for each start."
#       load shedding: "To refuse some requests at once, so that the others are answered in time."
#       journal: "A file to which each change is appended before it is made, so that it can be made again."
#       RPO: "Recovery point objective: how much of what was acknowledged may be lost in a disaster."
#       RTO: "Recovery time objective: how long it may take until the service answers again."
#       metering: "To count what each customer uses."
#       showback: "To show each customer, or department, its part of a bill."
#     title: 'Project: an enterprise production AI system'
#     tools:
#     - FastAPI
#     - PyJWT
#     - SQLite
# ---

# %% [markdown]
# # Project: an enterprise production AI system
#
# ## Why this matters
#
# Monday 15 June 2026, Metro Bikes. The demand forecast is so good that other cities buy it. Velo Nord, Ciclo and Roda run bike shares of their own, and since March they ask our model how many bikes they will need. Each is a **tenant**: a customer of a system that many customers share, each of whom must not notice the others. Cy put a door in front of the model, a quota, a log, a backup. Then came last week.
#
# - **Monday**, the final. At the whistle thirty thousand people wanted a bike. The autoscaler looked at its one replica, and kept one replica.
# - **Tuesday**, a trainee at Roda forecast the last ten years, in batches of 200. Velo Nord and Ciclo waited all morning.
# - **Wednesday**, Velo, a fourth tenant, wrote a polite mail: it could read Velo Nord's forecasts. And anybody could read everybody's, with a token whose header says `"alg": "none"`.
# - **Thursday** at noon Cy changed the key. 312 requests were refused within a minute.
# - **Friday** the disk died. The backup of that night was there, and empty.
# - **Saturday** Ciclo's security officer, Grete, asked who had read her forecasts. The log holds two mail addresses and a token, and somebody has shortened it.
# - **Sunday** came the cloud's bill. Nobody knows whose it is.
#
# The three want to sign for five years. Grete will come on Friday with a list of events. "I don't read policies", she says. "I do things to your system, and then I look at what it says."
#
# The API itself is fine, and so is the model. You write the enterprise around it: seven parts. Then the events are played against it, and each is scored by what is there afterwards.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `found`, the system as you find it. `app.py`, the *gateway* that all tenants see, and `model.py`, the model service behind it, **stay as they are**: read them. They use Cy's parts: `door.py`, `rotation.py`, `audit.py`, `quota.py`, `capacity.py`, `vault.py`, `bill.py`. **These seven you write anew.** None has more than 50 lines, and each has faults that real systems have.
# - `system.py` puts a system together, starts it, and plays scripts to it over HTTP. `worlds.py` draws tenants, secrets and tokens. `drills.py` and `loadplays.py` play to single parts, `day.py` plays a whole day. Read their first lines.
# - `simulator.py`, `traces.py` and `final.csv.gz`: the load. `pageframe.py` and `pageread.py`: the page.
#
# You write each part as a cell here. Its last line, `save_cell("system/door.py")`, writes the cell's text into the folder `system`. Where you have written nothing yet, `system` holds what was found. A cell that stops with an error saves nothing: then Cy's part is still there, and it is his that is tested. Setup empties `system` and puts Cy's parts back: after a restart run your answer cells again. Each part is judged by itself: where it needs others, sound ones stand in for them.
#
# **What is real here, and what is not.** Gateway and model service are processes of their own that speak HTTP on this machine; tokens, the key ring, the audit log, SQLite, its backups and the killing of processes are real. *The clock is simulated*: the gateway reads the time from a file, so that a day of tokens passes in a second. *The load is simulated*, too: `simulator.py` is a discrete-event simulation, which jumps from event to event: one queue, replicas that answer one request after the other, and take a minute to start. How long a request keeps a replica busy, 80 ms and 4 ms for each row, was measured once at a small instance. It leaves out the network, retries, replicas that die, and the gateway's own time. *The gateway is small*, and has gaps that you may name in your letter to Grete: a deletion is not journalled, so that a deleted forecast comes back after a disaster; a list, and an answer that is given again for an `Idempotency-Key`, do not reach the audit log; a token that is revoked at one gateway is still good at the other; and the anchor lies beside the log, where its writer can change it. At a company the tokens would come from an identity provider, the keys from a vault such as HashiCorp's or a cloud's, the audit log would go to storage that can only be written once, autoscaling would be Kubernetes', and the store a managed database. What you decide here is what you decide there.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import linecache
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image

from worlds import draw_world

shutil.rmtree("system", ignore_errors=True)
shutil.copytree("found", "system", ignore=shutil.ignore_patterns("__pycache__", "app.py", "model.py"))


def save_cell(path):
    """Write the text of the cell that is running to a file, without the line that says so."""
    cell = linecache.getlines(sys._getframe(1).f_code.co_filename)  # IPython keeps it there, for tracebacks
    Path(path).write_text("".join(line for line in cell if not line.startswith("save_cell(")))


def play_gate(own, world, script, gateways=1, row_ms=0.0):
    """Play a script over HTTP to a system in which the parts in `own` are yours; see system.py."""
    from system import play_script

    return play_script(own, world, script, gateways, row_ms)


def count_comparisons(authorization, keys, now):
    """Let your enter look at an Authorization; return how often it compared in constant time, and what it said."""
    import loadplays

    return loadplays.count_comparisons(authorization, keys, now)


def play_keys(script, ring):
    """Play steps to your rotation.py; see play_ring in loadplays.py."""
    from loadplays import play_ring

    return play_ring(script, ring)


def play_log(script, pepper="pepper"):
    """Play steps to your audit.py; see play_audit in drills.py."""
    from drills import play_audit

    return play_audit(script, pepper)


def play_quota(what, *given):
    """Play to your quota.py: "takes", "picks" or "flood"; see loadplays.py."""
    import loadplays

    return {"takes": loadplays.play_takes, "picks": loadplays.play_picks, "flood": loadplays.play_flood}[what](*given)


def play_load(what, *given):
    """Play to your capacity.py: "capacity" (half hours) or "watch" (a canary's minutes); see loadplays.py."""
    import loadplays

    return {"capacity": loadplays.play_capacity, "watch": loadplays.play_watch}[what](*given)


def play_store(plan):
    """Play a plan to your vault.py; see play_vault in drills.py."""
    from drills import play_vault

    return play_vault(plan)


def play_bill(what, *given):
    """Call a function of your bill.py: "showback" or "page"."""
    from system import load_part

    return getattr(load_part("bill"), what)(*given)


WORLD = draw_world(1)
NOW, MINE = WORLD["clock"], ["GET", "/v1/forecasts"]
ROWS = {"rows": [[3, 8, 12.5], [4, 9, 12.5]]}  # station, hour of the day, °C
RING = {"keys": [{"kid": "k0", "secret": "s" * 64, "from": 0, "until": None}]}


def forger_sends(client, secret=WORLD["secret"], header=None, **changes):
    """Return an Authorization with a token as a forger could make it: changes to the header, and to the claims."""
    from worlds import good_token, sealed

    first, claims = good_token(WORLD, client, **changes)
    return {"raw": f"Bearer {sealed({**first, **(header or {})}, claims, secret)}"}


# %% [markdown]
# ## Part 1 · The door
#
# **Authentication** is to find out who is calling, **authorisation** to decide whether they may. Callers get a *token*, a JSON web token: three parts with dots between, each in base64. The *header* says how it was signed, and with which key (`kid`, the key's id). The **claims** say who it is, for which service, until when, with which rights. The third part is the seal, over the other two:

# %%
from worlds import good_token, pack, sealed

header, claims = good_token(WORLD, "ciclo")
token = sealed(header, claims, WORLD["secret"])
print(header, claims, token[:60] + "…", sep="\n")

# %% [markdown]
# Anybody can read a token, and write one. What they cannot make is the seal. Every famous hole is a way to do without it: a header that says `"alg": "none"`, which a library then believes; a header that names another algorithm; a missing `exp`; a token for another service, with a good seal, since one key signs for all. So: **nothing in a token decides how the token is checked**. Watch Cy's door:

# %%
tries = {
    "good": forger_sends("ciclo"),
    "alg none": {"raw": f"Bearer {pack({**header, 'alg': 'none'})}.{pack(claims)}."},
    "for the billing service": forger_sends("ciclo", aud="metro-billing"),
    "of last year, without exp": forger_sends("ciclo", exp=None),
    "nonsense": {"raw": "Bearer nonsense"},
}
seen = play_gate([], WORLD, [{"ask": MINE, "as": token} for token in tries.values()])
print({name: answer["status"] for name, answer in zip(tries, seen["answers"])})

# %% [markdown]
# The other half of the door is *which thing*. To hold a good token is not enough: the forecast must be yours. And the answer must not tell what exists: `403` for another's forecast and `404` for none is a list of everybody's forecasts, for somebody patient.
#
# > **In older tutorials** PyJWT's `jwt.decode(token, key)` takes whatever algorithm the header names, and `jwt.encode` returns bytes. Since 2.0 `algorithms=[…]` must be given, and `encode` returns text. `python-jose`, which FastAPI's tutorial long used, is no longer kept up; FastAPI's page now uses PyJWT.
#
# ### Exercise 1 — The door
# *Difficulty ●●● · about 32 minutes*
#
# Write `door.py` (PyJWT is there as `jwt`; by hand is fine, too):
#
# - `issue(tenant, user, scope, key, now, jti)` returns a token: algorithm HS256, `kid` in the header, claims `tenant`, `sub` (the user), `scope` (a text, rights with spaces between), `aud` (`metro-forecasts`, the **audience**: the service for which it is made), `iat` (now), `exp` (900 s later), `jti` (its own id). `key` has `kid` and `secret`.
# - `enter(authorization, keys, revoked, now)`: `authorization` is the header `Authorization`, `keys` the secret of each `kid`, `revoked` a set of `jti`. Returns `{"tenant", "user", "scope", "jti"}`, or raises `PermissionError`, *and nothing else*, for whatever is wrong: not `Bearer`; not three readable parts; another algorithm than HS256; an unknown `kid`; a wrong seal (compared in constant time); one of the seven claims missing; another audience; `exp` not later than `now`; more than 900 s between `iat` and `exp`; `iat` more than 60 s in the future; times that are no finite numbers; tenant, user, scope or `jti` that are no text or empty; and a **revocation**, which refuses a token before its time is over.
# - `may(caller, scope, thing)` returns 200, 403 or 404. `scope` is the right that the action needs. `thing` is `None` where the action is about no single thing, else `{"owner": tenant}`, with `None` for an owner where there is no such thing. A **scope** is held if it stands among the caller's *as a whole word*; without it 403, whatever the thing. Then 200 for what is the caller's own tenant's, or for no thing; for all else 404. One exception: the tenant `metro`, with the scope `support:read` besides, may do what needs `forecasts:read` to all tenants' forecasts.
#
# Done means: each token that you would not sign is refused with 401, and whoever is not the owner of a forecast cannot tell it from none.
#
# <details><summary>Hint 1</summary>PyJWT checks <code>exp</code> by the computer's clock, and ours is simulated: which options switch that off, and who looks then? For each claim ask: what if it is missing, a list, or NaN? NaN makes every comparison false.</details>
# <details><summary>Hint 2</summary>Write the condition for a <em>good</em> time, and refuse what does not fulfil it: then NaN falls out by itself. <code>True</code> is a number in Python. A list as <code>kid</code> cannot be looked up in a dictionary: which exception is that? The prefix of a tenant's name may be another tenant's name.</details>


# %% nbgrader={"grade": false, "grade_id": "door", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""Who is it, and may they? Tokens are JSON web tokens, read by a library that has been attacked for years."""

import math

import jwt

AUDIENCE, LIFE_SECONDS, SKEW_SECONDS = "metro-forecasts", 900, 60
CLAIMS = ["tenant", "sub", "scope", "aud", "iat", "exp", "jti"]
BY_US = {"require": CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False}  # by our clock, below


def issue(tenant: str, user: str, scope: str, key: dict, now: float, jti: str) -> str:
    """Return a token for 15 minutes."""
    claims = dict(zip(CLAIMS, (tenant, user, scope, AUDIENCE, now, now + LIFE_SECONDS, jti), strict=True))
    return jwt.encode(claims, key["secret"], algorithm="HS256", headers={"kid": key["kid"]})


def enter(authorization: str, keys: dict, revoked: set, now: float) -> dict:
    """Return who calls; PermissionError for every doubt."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise PermissionError("no bearer token")
    try:
        known = keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, known, algorithms=["HS256"], audience=AUDIENCE, options=BY_US)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise PermissionError(f"not one of our tokens: {type(error).__name__}") from None
    begin, end = claims["iat"], claims["exp"]
    if not all(type(moment) in (int, float) and math.isfinite(moment) for moment in (begin, end)):
        raise PermissionError("its times are no numbers")
    if not (begin <= now + SKEW_SECONDS and now < end <= begin + LIFE_SECONDS):
        raise PermissionError("not now")
    texts = [claims[name] for name in ("tenant", "sub", "scope", "jti")]
    if not all(isinstance(text, str) and text for text in texts) or claims["jti"] in revoked:
        raise PermissionError("revoked, or nobody's")
    return dict(zip(("tenant", "user", "scope", "jti"), texts, strict=True))


def may(caller: dict, scope: str, thing: dict | None) -> int:
    """Return 200, 403 or 404."""
    held = set(caller["scope"].split())
    support = caller["tenant"] == "metro" and "support:read" in held and scope == "forecasts:read"
    if scope not in held:
        return 403
    return 200 if thing is None or thing["owner"] == caller["tenant"] or (support and thing["owner"]) else 404


### END SOLUTION
save_cell("system/door.py")

# %% nbgrader={"grade": true, "grade_id": "test-door", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
from worlds import good_token, pack

doors = {
    "without any token": (None, 401),
    "that is nonsense": ({"raw": "Bearer nonsense"}, 401),
    "with alg none": (
        {"raw": f"Bearer {pack({**good_token(WORLD, 'ciclo')[0], 'alg': 'none'})}.{pack(good_token(WORLD, 'ciclo')[1])}."},
        401,
    ),
    "sealed with a guessed secret": (forger_sends("ciclo", secret="guess"), 401),
    "for the billing service": (forger_sends("ciclo", aud="metro-billing"), 401),
    "that ended": (forger_sends("ciclo", exp=NOW - 5, iat=NOW - 905), 401),
    "without exp": (forger_sends("ciclo", exp=None), 401),
    "that is good": (forger_sends("ciclo"), 200),
}
knocks = [{"ask": MINE, "as": given} for given, _ in doors.values()]
knocks += [{"token": "a", "client": "ciclo"}, {"ask": ["POST", "/v1/forecasts", ROWS], "as": "a", "save": "f"}]
knocks += [{"ask": ["GET", "/v1/forecasts/{f}"], "as": forger_sends(client)} for client in ("ciclo", "roda", "noor")]
seen = play_gate(["door"], WORLD, knocks)
assert seen["started"], f"With your door.py the system does not run: {seen['why']}"
for (name, (_, right)), answer in zip(doors.items(), seen["answers"]):
    assert answer["status"] == right, f"A request with a token {name} was answered with {answer['status']}, expected {right}" + (
        ": enter raised something else than PermissionError." if answer["status"] == 500 else "."
    )
issued, made, own, others, support = seen["answers"][len(doors) :]
assert issued["status"] == 200 and made["status"] == 201, (
    f"With a token from issue a forecast was answered with {made['status']}, expected 201."
)
for answer, right, who in [(own, 200, "its owner"), (others, 404, "another tenant"), (support, 200, "Metro's support")]:
    assert answer["status"] == right, f"A forecast, asked for by {who}, was answered with {answer['status']}, expected {right}."

# %% nbgrader={"grade": true, "grade_id": "judge-door", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 1, judged when you hand in: forged and stale tokens of nearly forty kinds, among good ones, over HTTP; what issue signs; a revocation; the constant-time comparison.
### BEGIN HIDDEN TESTS
from judging_door import judge_tokens

judge_tokens(play_gate, count_comparisons)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-door-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 2, judged when you hand in: tenants with names that are alike, and support, read and delete a forecast that is not theirs, one that is, and none. All 404s are alike.
### BEGIN HIDDEN TESTS
from judging_door import judge_others

judge_others(play_gate)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · New keys, while requests fly
#
# A secret that never changes has leaked; nobody knows when. So keys are changed, as a habit, and a **key ring** holds those in use: one signs, several are accepted. The ring is a file, `ring.json`, `{"keys": [{"kid", "secret", "from", "until"}, …]}`: from when a key signs, and until when its tokens are accepted (`null`: no end is set). You may add fields. Two gateways, in two cities, each read the file again **once a minute**. A token lives for 15 minutes. On Thursday at noon it went like this:

# %%
week = [{"token": "before", "client": "ciclo"}, {"publish": True}, {"token": "after", "client": "ciclo", "on": 1}]
week += [{"ask": MINE, "as": name, "on": on} for name in ("before", "after") for on in (0, 1)]
seen = play_gate([], WORLD, week, 2)
print("old token, then new token, at gateway 0 and 1:", [answer["status"] for answer in seen["answers"][2:]])

# %% [markdown]
# The second gateway signs with a key that the first has never heard of, and forgot the key that signed a minute ago. Two rules mend that, and their order matters: a key is *known everywhere* before it signs, and *accepted everywhere* until the last token that it signed has ended. Then it must go: a key that is kept "to be safe" is a key that can still leak.
#
# ### Exercise 2 — Two keys overlap
# *Difficulty ●●● · about 26 minutes*
#
# Write `rotation.py`. Rings are dictionaries as above; `now` is the time in seconds.
#
# - `read(path)` and `write(path, ring)`. Whoever reads while `write` is at work finds the old ring or the new one, never a part. Only the file's owner may read it.
# - `publish(ring, now)` returns the ring with a new key, which signs from 60 s after `now` on. The key that signed before is accepted until its last token has ended, and not more than two minutes longer. Keys that are no longer accepted leave the ring. Secrets are random, 32 characters or more; a `kid` never comes again.
# - `signer(ring, now)` returns the key that signs: a dictionary with `kid` and `secret`.
# - `verifiers(ring, now)` returns the secret of each `kid` whose tokens are accepted.
# - `withdraw(ring, kid, now)` is for a key that has leaked: from now on it neither signs nor is accepted. An old key that no longer signs keeps the end that it had, and a key that waits to sign takes over when it was going to. If the leaked key was the one that signs, another signs at once, one whose tokens will be good for their 15 minutes; it ends like any other once a later one takes over. If the leaked key was waiting to sign, the one before it signs on, and its end moves: all that it signs is good for 15 minutes. (Its own tokens are lost, and for a minute an instance may not know the new one. That is the price of a leak.)
#
# Done means: at no moment is a good token refused, also by an instance that read the ring 60 s ago, however often you publish; and no old key lives on.
#
# <details><summary>Hint 1</summary>Draw a line for the time: publish, the new key signs, the last old token ends. What does an instance know whose ring is a minute old? <code>publish</code> sets two times, one of the new key, one of the old.</details>
# <details><summary>Hint 2</summary>The youngest key whose <code>from</code> has come signs. After a leak the youngest that is left may be one that is about to end: its new tokens would be cut short. For the file: write another one beside it, then <code>os.replace</code>; permissions are set when it is opened, not afterwards.</details>


# %% nbgrader={"grade": false, "grade_id": "rotation", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""A key ring on which keys overlap: known before they sign, accepted until the last of their tokens has ended."""

import json
import os
import secrets

SPREAD_SECONDS, TOKEN_SECONDS = 60, 900


def read(path):
    """Return the ring that a file holds."""
    with open(path) as file:
        return json.load(file)


def write(path: str, ring: dict) -> None:
    """Put a whole new file in the place of the old one, for our eyes only."""
    fresh = f"{path}.{secrets.token_hex(4)}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(ring, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def lives(key, now):
    return key["until"] is None or now < key["until"]


def new_key(begin):
    return {"kid": f"k-{secrets.token_hex(6)}", "secret": secrets.token_hex(32), "from": begin, "until": None}


def with_new(keys, begin):
    """Return the keys with a new one that signs from `begin`; the others end when their last tokens do."""
    last = begin + TOKEN_SECONDS
    kept = [{**key, "until": last if key["until"] is None else key["until"]} for key in keys]
    return {"keys": [*kept, new_key(begin)]}


def publish(ring: dict, now: float) -> dict:
    """Return the ring with a key that signs as soon as everybody knows it, and without the dead ones."""
    return with_new([key for key in ring["keys"] if lives(key, now)], now + SPREAD_SECONDS)


def signer(ring: dict, now: float) -> dict:
    """Return the youngest key that signs by now."""
    return max((key for key in ring["keys"] if key["from"] <= now and lives(key, now)), key=lambda key: key["from"])


def verifiers(ring: dict, now: float) -> dict:
    """Return the secrets by kid, also of keys that will sign in a minute."""
    return {key["kid"]: key["secret"] for key in ring["keys"] if lives(key, now)}


def withdraw(ring: dict, kid: str, now: float) -> dict:
    """Return the ring without a key that has leaked; if it signed, a new one signs at once, until the next one does."""
    signs = signer(ring, now)
    others = [key for key in ring["keys"] if key["kid"] != kid and lives(key, now)]
    old = [key for key in others if key["from"] < signs["from"]]
    line = [key for key in others if key["from"] >= signs["from"]]  # what signs now, and what will
    if signs["kid"] == kid:
        line.append(new_key(now))
    line.sort(key=lambda key: key["from"])
    ends = [after["from"] + TOKEN_SECONDS for after in line[1:]] + [None]
    return {"keys": [*old, *({**key, "until": end} for key, end in zip(line, ends, strict=True))]}


### END SOLUTION
save_cell("system/rotation.py")

# %% nbgrader={"grade": true, "grade_id": "test-rotation", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
looks = play_keys([["look", 5000.0], ["publish", 5010.0], *(["look", 5010.0 + more] for more in (1, 59, 61, 130, 930, 1200))], RING)
for look in looks:
    assert isinstance(look, list), f"rotation.py stopped with {look}"
before, published, soon, almost, after, later, late, end = looks
assert before[1] == "k0" and soon[1] == "k0", (
    f"A second after a key was published, {soon[1]} signs, expected k0: the other gateways do not know the new one yet."
)
assert after[1] != "k0" and after[1] in after[3], (
    f"61 s after a key was published, {after[1]} signs, expected the new key, which all know by then."
)
for look in (soon, almost, after, later, late):
    assert "k0" in look[2], (
        f"{look[0] - 5010:.0f} s after a key was published, tokens of the old one are refused, and some of them are still good."
    )
assert "k0" not in end[2], "20 minutes after a key was published, tokens of the old one are still accepted."
torn, mode = play_keys([["publish", 5010.0], ["write"], ["mode"]], RING)[1:]
assert torn == 0 and mode == 0, (
    f"While write was at work the file was unreadable {torn} times, and others may read it: {bool(mode)}. Expected neither."
)

# %% nbgrader={"grade": true, "grade_id": "judge-rotation", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 3, judged when you hand in: rotations, also quickly one after the other, at each moment of which old and new tokens are tried, also with a ring that is 60 s old;
# then one over HTTP, at two gateways, with a request under way when its token's key goes.
### BEGIN HIDDEN TESTS
from judging_keys import judge_rotation

judge_rotation(play_keys, play_gate)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-rotation-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 4, judged when you hand in: the signing key leaks, then an old one does; five rotations; what the ring still holds; the file while it is written.
### BEGIN HIDDEN TESTS
from judging_keys import judge_leak

judge_leak(play_keys)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Who did what
#
# An **audit log** is the record of who did what to which thing, and with which outcome. It is for people who trust nobody, you included: whoever can write the file can also change it. A **hash chain** makes that visible: each line holds the hash of the one before, and its own, over all that it says. Change one, and it no longer fits the next.
#
# A chain has one weak end, its last. Who cuts off five lines leaves a sound chain; who has the program can write a whole new one. So its *head*, the count and the hash of its last line, is kept elsewhere, where the log's writer cannot change it: an **anchor**. And the log itself is a danger, for it is read by many, and kept for years. A person is in it under a **pseudonym**, a name that only the holder of a key can lead back. (A plain hash is none: there are few mail addresses, and anybody can hash them all.) Cy's:

# %%
who = {
    "time": 12.0,
    "tenant": "ciclo",
    "user": "ana@ciclo.example",
    "action": "read",
    "object": "f-1",
    "outcome": "200",
    "correlation_id": "c-1",
}
steps = [["append", {**who, "time": float(time), "correlation_id": f"c-{time}"}] for time in range(5)]
seen = play_log([*steps, ["change", 2, "outcome", "403"], ["verify"], ["cut", 2], ["verify"]])
print("changed:", seen["said"][-2], " cut:", seen["said"][-1])
print(seen["log"][0])

# %% [markdown]
# ### Exercise 3 — A log that cannot be bent
# *Difficulty ●●○ · about 24 minutes*
#
# Write `audit.py`. The log is a file with a JSON object in each line.
#
# - `append(path, entry, pepper)` adds a line, and returns the head, `{"count": lines, "hash": …}`. The line has the seven fields `time`, `tenant`, `user`, `action`, `object`, `outcome`, `correlation_id` as they are in `entry`, and whatever your chain needs. Two exceptions: `user` becomes a pseudonym, the same for the same user and `pepper`, another with another pepper; and in the texts of the others, mail addresses and tokens (`eyJ…`, with all that follows up to a space) do not get in. Nothing else of `entry` does, either. Several processes may append at once, and none loses a line or forks the chain. If a writer died and left a half line at the end, without a line break, `append` takes it away first.
# - `verify(path, head)` returns `None` if the log is sound, else a text that says what is wrong. It never raises. `head` may be older than the log, which has grown since: then the log must still hold the line that the head names, and go on soundly. Found must be: a changed field, a line taken out, put in twice, or elsewhere; a half line at the end; lines cut off, if the head knows them; and a whole log that was written anew by this very program.
#
# Done means: nobody bends it unseen, and nothing in it can be stolen.
#
# <details><summary>Hint 1</summary>Two processes read the same last line, and both write the next one: what must they hold meanwhile? <code>fcntl.flock</code> on the log itself will do. And what exactly does Cy hash?</details>
# <details><summary>Hint 2</summary>Hash the line without its hash, with <code>json.dumps(…, sort_keys=True)</code>, and let it hold its number and the hash before. <code>hmac</code> with the pepper makes a pseudonym. In <code>verify</code> three questions for each line, one at the anchored one, and one at the end.</details>


# %% nbgrader={"grade": false, "grade_id": "audit", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""An audit log of which each line seals all before it."""

import fcntl
import hashlib
import hmac
import json
import os
import re

FIELDS = ("time", "tenant", "user", "action", "object", "outcome", "correlation_id")
PRIVATE = re.compile(r"[^\s@/]+@[^\s@/]+|eyJ\S*")


def seal(line):
    """Return the hash of a line without its own."""
    rest = {name: value for name, value in line.items() if name != "hash"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def append(path: str, entry: dict, pepper: str) -> dict:
    """Add an entry, one writer at a time, and return the head."""
    known = {name: entry.get(name) for name in FIELDS}
    known = {name: PRIVATE.sub("***", value) if isinstance(value, str) else value for name, value in known.items()}
    known["user"] = "p-" + hmac.new(pepper.encode(), str(entry.get("user")).encode(), hashlib.sha256).hexdigest()[:16]
    with open(path, "a+b") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.seek(0)
        data = log.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):  # a writer died here, before it could say that it had written
            log.truncate(whole)
        last = json.loads(data[:whole].splitlines()[-1]) if whole else {"seq": 0, "hash": ""}
        line = {"seq": last["seq"] + 1, "prev": last["hash"], **known}
        line["hash"] = seal(line)
        log.write(json.dumps(line).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())
    return {"count": line["seq"], "hash": line["hash"]}


def verify(path: str, head: dict) -> str | None:
    """Return None, or what is wrong."""
    before, number = "", 0
    try:
        with open(path) as log:
            for number, text in enumerate(log, 1):
                each = json.loads(text)
                if not text.endswith("\n") or each["seq"] != number or each["prev"] != before or each["hash"] != seal(each):
                    return f"line {number} was changed, or does not follow the one before"
                before = each["hash"]
                if number == head["count"] and before != head["hash"]:
                    return f"line {number} is not the one that was anchored"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"line {number} cannot be read: {error}"
    return None if number >= head["count"] else f"the log ends at line {number}, the anchor knows {head['count']}"


### END SOLUTION
save_cell("system/audit.py")

# %% nbgrader={"grade": true, "grade_id": "test-audit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
some = [
    [
        "append",
        {
            "time": float(t),
            "tenant": "ciclo",
            "user": "ana@ciclo.example",
            "action": "read",
            "object": f"f-{t}",
            "outcome": "200",
            "correlation_id": f"c-{t}",
        },
    ]
    for t in range(6)
]
assert play_log([*some, ["verify"]])["said"][-1] is None, (
    f"Nobody has touched the log, and verify says {play_log([*some, ['verify']])['said'][-1]}."
)
for what, step in {
    "line 3's outcome was changed": ["change", 3, "outcome", "403"],
    "line 4 was taken out": ["drop", 4],
    "the last line was cut off": ["cut", 1],
}.items():
    said = play_log([*some, step, ["verify"]])["said"][-1]
    assert said is not None and not said.startswith("verify stopped"), (
        f"{what}, and verify says {said}, expected a text that says what is wrong."
    )
seen = play_log(
    [
        ["append", {**some[0][1], "authorization": "Bearer eyJhbGciOi.eyJ0ZW5.c2VhbA"}],
        ["append", {**some[1][1], "object": "f-1 of bo@roda.example"}],
    ]
)
for secret in ("ana@", "bo@", "eyJ", "c2VhbA"):
    assert secret not in "".join(seen["log"]), f"The log holds {secret!r}, a part of a mail address or of a token."
both = play_log([["together", [[step[1] for step in some], [step[1] for step in some]]]])
counts = sorted(head["count"] for group in both["said"][0] for head in group if isinstance(head, dict))
assert counts == list(range(1, 13)), f"Two processes append six entries each, at once; the counts are {counts}, expected 1 to 12."

# %% nbgrader={"grade": true, "grade_id": "judge-audit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 5, judged when you hand in: twenty ways to tamper with a log, with heads of now and of before, and sound logs among them.
### BEGIN HIDDEN TESTS
from judging_audit import judge_tampering

judge_tampering(play_log)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-audit-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 6, judged when you hand in: four processes that append at once, a writer that dies in a line, and entries with secrets in them.
### BEGIN HIDDEN TESTS
from judging_audit import judge_writers

judge_writers(play_log)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · A hostile tenant
#
# Roda's trainee meant no harm, and the next one may. A tenant floods us with small requests, or with few that are huge. Cy counts requests, all tenants' together, and answers 503, which says that the fault is ours:

# %%
plans = {name: {"rate": 1.2, "burst": 10.0, "weight": 1} for name in ("velo-nord", "ciclo", "roda")}
pd.DataFrame({kind: play_quota("flood", 1, "roda", kind, plans, ["take"])["others"] for kind in ("flood", "batches")})

# %% [markdown]
# The *token bucket* you know from the API project: it fills slowly, each request takes from it, and without enough in it the request is refused. Two things are different here. It counts **work**, the seconds for which a request keeps a replica busy: a batch of 200 is no "one". And each tenant has its own, by its plan: `rate`, seconds of work that come in each second, and `burst`, how much it holds.
#
# A quota limits a tenant over minutes. Within it, a burst still stands in the queue before all others. **Fair queueing** serves next whoever has had least *work*, by weight. The catch: "least since when?" Who was silent all night has had nothing, and would be served alone all morning. Time in which nobody asked is no credit.
#
# ### Exercise 4 — Fair shares
# *Difficulty ●●● · about 24 minutes*
#
# Write `quota.py`:
#
# - `take(buckets, tenant, work, now, plan)` returns `None` if the request may pass, else `(status, Retry-After)`. `buckets` is a dictionary that you fill: it is kept with the forecasts, as JSON, so hold plain data in it, for each tenant under its name. A new bucket is full. More work than `burst` can never pass: `(413, None)`. What does not pass now: 429, and after how many whole seconds (1 at least, rounded up) it would. What is refused takes nothing. A clock that goes back, since two gateways differ by a second, adds nothing and takes nothing.
# - `pick(waiting, weights, memory)` returns the tenant whose oldest request a free replica takes next. `waiting` has each tenant that waits: `{"count", "work", "waited"}`, how many, the seconds of work of the oldest, and how long it has waited. `memory` is a dictionary of yours, which you get again each time. Over time tenants that always wait get work in proportion to their weights. One that comes back after a silence gets its share from now on: no more, no less.
#
# Done means: the others do not notice the flood (their p95, the latency that 95 of 100 answers do not exceed, stays below 0.6 s with the quota, and below 1.1 s with the fair queue alone), and the hostile tenant still gets what it pays for.
#
# <details><summary>Hint 1</summary>For <code>take</code>, note level and time for each tenant, and fill up when somebody asks. For <code>pick</code>, keep for each tenant how much work it has had, divided by its weight. Play the morning after a silent night: what should a tenant's account say when it comes back?</details>
# <details><summary>Hint 2</summary>Let accounts start at the lowest account of those who are being served now. A number "here", the account of whoever was served last, is enough: nobody's account may be below it.</details>


# %% nbgrader={"grade": false, "grade_id": "quota", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""Quotas by work, and a queue that is fair by work."""

import math


def take(buckets: dict, tenant: str, work: float, now: float, plan: dict) -> tuple | None:
    """Return None if a request may pass, else (status, seconds after which to come again)."""
    if work > plan["burst"]:
        return 413, None
    level, last = buckets.get(tenant, (plan["burst"], now))
    level = min(plan["burst"], level + plan["rate"] * max(0.0, now - last))
    last = max(now, last)
    missing = work - level
    if missing > 1e-9:
        buckets[tenant] = [level, last]
        return 429, max(1, math.ceil(missing / plan["rate"] - 1e-9))
    buckets[tenant] = [level - work, last]
    return None


def pick(waiting: dict, weights: dict, memory: dict) -> str:
    """Return the tenant that has had least, by work and weight, of those that wait; idle time is no credit."""
    served, here = memory.setdefault("served", {}), memory.get("here", 0.0)
    ahead = {tenant: max(served.get(tenant, here), here) for tenant in waiting}
    tenant = min(ahead, key=lambda name: (ahead[name], name))
    memory["here"] = ahead[tenant]
    served[tenant] = ahead[tenant] + waiting[tenant]["work"] / weights[tenant]
    return tenant


### END SOLUTION
save_cell("system/quota.py")

# %% nbgrader={"grade": true, "grade_id": "test-quota", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
plans = {name: {"rate": 1.0, "burst": 4.0, "weight": 1} for name in ("velo-nord", "ciclo", "roda")}
calls = [["ciclo", 3.0, 100.0], ["ciclo", 3.0, 100.5], ["roda", 3.0, 100.5], ["ciclo", 3.0, 102.5], ["ciclo", 5.0, 200.0]]
said = play_quota("takes", calls, plans)
for call, right, found in zip(calls, [None, [429, 2], None, None, [413, None]], said):
    assert found == right, (
        f"A bucket of 4 s that fills by 1 s a second: take, asked for {call[1]} s of work by {call[0]} at {call[2]}, says {found}, expected {right}."
    )
seen = play_quota("flood", 1, "roda", "batches", {**plans, "roda": {"rate": 1.0, "burst": 10.0, "weight": 1}}, ["take"])
assert "error" not in seen, f"In a flood quota.py stopped with {seen.get('error')}"
assert seen["hostile"]["work_per_second"] < 1.2, f"Roda pays for 1 s of work a second, and gets {seen['hostile']['work_per_second']:.2f} s."
seen = play_quota("flood", 1, "roda", "batches", plans, ["pick"])
assert "error" not in seen, f"In a flood quota.py stopped with {seen.get('error')}"
assert seen["others"]["p95"] < 1.1, (
    f"Roda sends huge batches, within its quota; with your pick the others' p95 is {seen['others']['p95']:.2f} s, expected less than 1.1 s."
)

# %% nbgrader={"grade": true, "grade_id": "judge-quota", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 7, judged when you hand in: two hundred requests of three tenants with their own plans, in bursts and after pauses, with a clock that now and then goes back.
### BEGIN HIDDEN TESTS
from judging_load import judge_buckets

judge_buckets(play_quota)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-quota-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 8, judged when you hand in: a flood of small requests, and one of huge batches, against your take: the others' p95, and what the hostile tenant gets.
### BEGIN HIDDEN TESTS
from judging_load import judge_flood

judge_flood(play_quota)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-quota-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 9, judged when you hand in: the same floods, within the quota, against your pick; shares by weight; a tenant that comes back after a silence.
### BEGIN HIDDEN TESTS
from judging_load import judge_fair

judge_fair(play_quota)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · The peak
#
# A **service level objective** says what share of the requests should be good. Ours: 99 % are answered with 200 within half a second. The remaining 1 % is the **error budget**, and the **burn rate** says how many times faster than that it is being spent: with 6 % of bad answers it is 6. Three things hold a service level, and each has a price:
#
# - **Autoscaling**: the number of replicas follows what is measured. Each costs from the moment when it is ordered, and helps a minute later. Stop them too early, and you order them again: **thrashing**.
# - **Load shedding**: whom you cannot serve in time you refuse at once, with 503 (the fault is ours; 429 would say it is theirs) and a `Retry-After`. Without it all wait, and in the end nobody is served in time: those who get their answer late have hung up.
# - Money. The floor of the price is a replica that is busy all day. Below it nobody can go; how far above it you are is your *cost card*.
#
# `final.csv.gz` is Monday's load: who asked when, for how many rows. It is replayed against Cy's replicas, and so is a rush hour (`traces.py` draws more):

# %%
from loadplays import TARGETS, losses, score_card
from simulator import simulate
from traces import draw_trace, read_trace

sys.path.append("found")
from capacity import admit as cys_admit
from capacity import replicas as cys_replicas

cards = [
    score_card(kind, simulate(trace, cys_replicas, cys_admit))
    for kind, trace in [("rush", draw_trace("rush", 1)), ("whistle", read_trace("final.csv.gz"))]
]
pd.DataFrame(cards)[["kind", "requests", "bad", "p95", "hung_up", "worst_burn", "cents_per_1000", "times_floor"]].round(2)

# %% [markdown]
# One replica is busy all the time, 1 times 1.0 by 0.8 is 1.25, and `round` makes 1 of it. Cheap, and nobody is served. But there is more: "busy" cannot be more than 1, however long the queue; and what is ordered now helps in a minute.
#
# Last, the *canary*: a new version of the model gets a tenth of the requests. Cy stops it at the first bad answer, and forgets it otherwise. One bad answer of three at night says nothing; and when the network is ill, both versions are. The usual rule asks two windows: the long one says that it is serious, the short one that it is still so.
#
# ### Exercise 5 — Hold the line, at a price
# *Difficulty ●●● · about 36 minutes*
#
# Write `capacity.py`:
#
# - `replicas(seen)` is asked every 15 s, and returns how many replicas there should be (1 to 24 are there to be had). `seen` has `now`; `ready` and `starting` replicas; `queue`, how many wait; and of the last 15 s `busy` (which share of the time a ready replica was busy, 0 to 1), `offered` (seconds of work that came in each second, also of those who were refused), `arrivals` (requests a second), `refused`; and `memory`, a dictionary of yours that stays.
# - `admit(seen)` is asked for each request: `None`, or `(503, Retry-After)`, whole seconds from 1 to 120. `seen` has `now`, `ready`, `starting`, `queue`, `rows`, and `wait`, about how many seconds this request would wait.
# - `watch(minutes)` looks after a canary. Each minute is `{"stable": [requests, bad], "canary": [requests, bad]}`, the oldest first; the last 5 are the long window, the last one the short window (at the beginning both have what there is). Return `"stop"` if the canary's burn rate is 6 or more in the long *and* in the short window, the canary had 50 requests or more in the long one, and its burn rate there is at least twice the stable version's; else `"promote"` if there are 20 minutes or more; else `"wait"`. Without requests the burn rate is 0.
#
# What must hold, in half hours that you have not seen, is in `TARGETS`, for each kind: `bad`, the share of bad requests at most; `cost`, how many times the floor 1,000 predictions may cost; `turns`, how often the autoscaler may change its mind. Besides: nobody hangs up, and in each five minutes the p95 of the answers is half a second at most. The kinds: `rush`, with peaks of 24 to 46 requests a second; `heavy`, the same with larger batches; `waves`, three rushes; `whistle`, within half a minute more than three times as much; `night`. The same functions get all of them.

# %%
pd.DataFrame(TARGETS).T

# %% [markdown]
# <details><summary>Hint 1</summary>Which of the measured numbers still grows when all replicas are busy? Divide it by what share of the time you want a replica to be busy. And from a rise in the last minute you can tell what will be there in the next one.</details>
# <details><summary>Hint 2</summary>Up at once; down only to the most that any of the last four or five minutes needed. Keep two at night: one is no service. A caller who waits 0.3 s, and is then served for 0.2, is still good: whom do you refuse?</details>


# %% nbgrader={"grade": false, "grade_id": "capacity", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""How many replicas, whom to turn away, and when a canary is stopped."""

import math

AIM, LOOK_BACK, WAIT = 0.62, 240, 0.3


def replicas(seen: dict) -> int:
    """Return enough replicas for the work that comes, a minute ahead, and no fewer than any of the last minutes needed."""
    memory, now = seen["memory"], seen["now"]
    loads = memory.setdefault("loads", [])
    loads.append(seen["offered"])
    rise = max(0.0, (loads[-1] - loads[-4]) / 3) if len(loads) >= 4 else 0.0
    needed = math.ceil((seen["offered"] + 4 * rise) / AIM)
    recent = [(then, size) for then, size in memory.get("needed", []) if then > now - LOOK_BACK]
    memory["needed"] = [*recent, (now, needed)]
    return max(2, *(size for _, size in memory["needed"]))


def admit(seen: dict) -> tuple | None:
    """Turn away whoever would wait too long: the fault is ours, and it is over when new replicas are there."""
    return (503, 30) if seen["wait"] > WAIT else None


def watch(minutes: list) -> str:
    """Return "stop", "wait" or "promote" for a canary."""

    def burn(side, last):
        asked, failed = (sum(minute[side][place] for minute in minutes[-last:]) for place in (0, 1))
        return (failed / asked / 0.01 if asked else 0.0), asked

    (long, asked), (short, _), (stable, _) = burn("canary", 5), burn("canary", 1), burn("stable", 5)
    if asked >= 50 and long >= 6 and short >= 6 and long >= 2 * stable:
        return "stop"
    return "promote" if len(minutes) >= 20 else "wait"


### END SOLUTION
save_cell("system/capacity.py")

# %% tags=["uses-answers"]
kinds = ["rush", "heavy", "waves", "whistle", "night"]
cards = play_load("capacity", [[kind, 1] for kind in kinds])
for card in cards:
    for lost in losses(card):
        print(f"{card['kind']}: {lost}")
pd.DataFrame([card for card in cards if "error" not in card])[
    ["kind", "bad", "p95", "worst_burn", "cents_per_1000", "times_floor", "turns"]
].round(3)

# %% nbgrader={"grade": true, "grade_id": "test-capacity", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
from loadplays import losses

for card in play_load("capacity", [["rush", 11, 40], ["whistle", 11]]):
    lost = losses(card)
    assert not lost, f"A half hour of the kind {card['kind']}: {lost[0]}."
calm, ill = {"stable": [900, 1], "canary": [100, 0]}, {"stable": [900, 2], "canary": [100, 20]}
for minutes, right in [
    ([calm] * 3, "wait"),
    ([calm] * 25, "promote"),
    ([calm] * 6 + [ill] * 3, "stop"),
    ([{"stable": [9, 0], "canary": [3, 1]}], "wait"),
]:
    (said,) = play_load("watch", [minutes])
    assert said == right, f"{len(minutes)} minutes, the last one {minutes[-1]}: watch says {said}, expected {right}."

# %% nbgrader={"grade": true, "grade_id": "judge-capacity", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 10, judged when you hand in: a small rush hour, a large one, and one with larger batches: service levels, cost, and changes of mind.
### BEGIN HIDDEN TESTS
from judging_load import judge_capacity

judge_capacity(play_load, [["rush", 24], ["rush", 46], ["heavy", 34]], "rush hours")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-capacity-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 11, judged when you hand in: a final whistle, three waves, and a night.
### BEGIN HIDDEN TESTS
from judging_load import judge_capacity

judge_capacity(play_load, [["whistle"], ["waves"], ["night"]], "other half hours")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-capacity-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 12, judged when you hand in: fifteen canaries: good, bad, bad for a minute, at night, and while all is ill.
### BEGIN HIDDEN TESTS
from judging_load import judge_canary

judge_canary(play_load)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · The disk dies
#
# Two numbers are agreed before a disaster. The **RPO**, *recovery point objective*, is how much of what was acknowledged may be lost. Ours: nothing, for with a forecast go the level of the tenant's bucket and each revocation: to lose one is to let a thief in again. The **RTO**, *recovery time objective*, is how long it may take until the service answers again. Ours: 5 seconds.
#
# A backup alone cannot do that: it is as old as last night. Between it and now stands the **journal**, a file on another disk, to which each change is appended *before* it is made. To restore is to take the newest sound backup, and to make all changes of the journal again, each once. Cy has a backup:

# %%
orders = [{"id": f"e{number}", "kind": "forecast", "rows": number} for number in range(6)]
nights = play_store([{"do": [*(["record", entry] for entry in orders), ["backup"]]}, ["lose"], {"do": [["restore"], ["entries"]]}])
print("recorded:", nights[0]["said"][:6], " after the restore:", nights[1]["said"])

# %% [markdown]
# Empty, although the file was copied after the sixth entry. SQLite's *write-ahead log* keeps new data in a second file, `store.db-wal`, until somebody tidies up; who copies `store.db` while it is in use copies the past, or a half of something. SQLite has `backup` for that. And nobody had ever tried to restore: **a backup is a hope until it was restored once.**
#
# ### Exercise 6 — Nothing lost, nothing twice
# *Difficulty ●●● · about 36 minutes*
#
# Write `vault.py`. `world` is a folder. `disk-a` in it holds the store, and may be lost at any time; `disk-b` holds `journal.jsonl`, a line for each entry, and `backups`, in which each backup is a file or a folder, the newest the last by name. An entry is a dictionary with an `id`.
#
# - `record(world, entry)` keeps an entry, and returns `True` when that is safe: on the disk (`os.fsync`) of `disk-b`. An `id` that is there already changes nothing, and returns `False`: a caller who got no answer sends the request again.
# - `entries(world)` returns all entries, the oldest first.
# - `backup(world)` makes a backup that can be checked: is it whole?
# - `restore(world)` makes the store anew, whatever is left of the old one, and returns at least `{"entries": how many}`. It may run twice. Without a backup the journal is all there is; a damaged backup is no backup, and the one before is taken. The end of the journal may be a half line, of an entry that was never acknowledged. Any *other* damaged line behind the newest backup stops it with an exception: nobody may guess what stood there. Lines that the two newest backups both hold may be gone from the journal: operations trims it.
#
# The process may be killed between any two lines of yours. After it has started again, with or without a restore, whatever was acknowledged is there once; what was under way is there once or not at all, and may be sent again. And when the disk is lost *then*, all of it still comes back.
#
# <details><summary>Hint 1</summary>First the journal, then the store, and think of each gap: what if the process dies between the two? If the store came first, what would <code>record</code> say to the caller who sends it again, and what would the journal hold? After a half line, the next entry must not be glued to it.</details>
# <details><summary>Hint 2</summary>A checksum in each line; a checksum beside each backup, which gets its name, by renaming, only when it is whole. <code>INSERT OR IGNORE</code> on a unique id makes all repetition harmless. Restore into another file, and put it in its place at the end.</details>


# %% nbgrader={"grade": false, "grade_id": "vault", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""A store with a journal beside it: first the journal, on the other disk, then the store."""

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def store_at(place):
    """Return a connection to a store, made if need be."""
    place.parent.mkdir(parents=True, exist_ok=True)
    found = sqlite3.connect(place)
    found.execute("CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, id TEXT UNIQUE, entry TEXT)")
    return found


def places(world):
    """Return the store, the journal and the backups' folder."""
    world = Path(world)
    return world / "disk-a" / "store.db", world / "disk-b" / "journal.jsonl", world / "disk-b" / "backups"


def checked(text):
    """Return the sum of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def record(world: str, entry: dict) -> bool:
    """Keep an entry; return whether it is new."""
    place, journal, _ = places(world)
    text = json.dumps(entry)
    with closing(store_at(place)) as store, store:
        store.execute("BEGIN IMMEDIATE")
        if store.execute("SELECT 1 FROM entries WHERE id = ?", (entry["id"],)).fetchone():
            return False
        journal.parent.mkdir(parents=True, exist_ok=True)
        with open(journal, "a+b") as log:
            log.seek(0)
            whole = log.read().rfind(b"\n") + 1
            log.truncate(whole)
            log.write(json.dumps({"sum": checked(text), "text": text}).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
        store.execute("INSERT INTO entries (id, entry) VALUES (?, ?)", (entry["id"], text))
    return True


def entries(world: str) -> list:
    """Return what was kept, in its order."""
    with closing(store_at(places(world)[0])) as store:
        return [json.loads(text) for (text,) in store.execute("SELECT entry FROM entries ORDER BY number")]


def backup(world: str) -> None:
    """Copy the store with SQLite's own means, note its sum, and give it its name only when it is whole."""
    place, _, folder = places(world)
    os.makedirs(folder, exist_ok=True)
    number = max((int(each.name) for each in folder.iterdir() if each.name.isdigit()), default=0) + 1
    draft = folder / f".draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    with closing(store_at(place)) as store, closing(sqlite3.connect(draft / "store.db")) as copy:
        store.backup(copy)
    (draft / "sum").write_text(hashlib.sha256((draft / "store.db").read_bytes()).hexdigest())
    draft.rename(folder / f"{number:06}")


def sound_backups(folder):
    """Yield the stores of backups whose sum is right, the newest first."""
    for each in sorted(folder.glob("[0-9]*"), reverse=True):
        try:
            if hashlib.sha256((each / "store.db").read_bytes()).hexdigest() == (each / "sum").read_text():
                yield each / "store.db"
        except OSError:
            continue


def restore(world: str) -> dict:
    """Make the store anew from the newest sound backup and the journal; ValueError where the journal cannot be believed."""
    place, journal, folder = places(world)
    shutil.rmtree(place.parent, ignore_errors=True)
    place.parent.mkdir(parents=True)
    draft = place.with_suffix(".draft")
    newest = next(sound_backups(folder), None) if folder.is_dir() else None
    if newest:
        shutil.copyfile(newest, draft)
    lines = journal.read_text(errors="replace").split("\n") if journal.exists() else [""]
    with closing(store_at(draft)) as store, store:
        for number, line in enumerate(lines[:-1], 1):  # what comes after the last line's end was never acknowledged
            try:
                kept = json.loads(line)
                good = kept["sum"] == checked(kept["text"])
            except (ValueError, KeyError, TypeError):
                good = False
            if not good:
                raise ValueError(f"line {number} of the journal is damaged: restore stops here")
            store.execute("INSERT OR IGNORE INTO entries (id, entry) VALUES (?, ?)", (json.loads(kept["text"])["id"], kept["text"]))
        count = store.execute("SELECT count(*) FROM entries").fetchone()[0]
    draft.rename(place)
    return {"entries": count}


### END SOLUTION
save_cell("system/vault.py")

# %% nbgrader={"grade": true, "grade_id": "test-vault", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
orders = [{"id": f"ciclo/{number}", "kind": "forecast", "rows": number} for number in range(9)]
keep = [["record", entry] for entry in orders]
calm = play_store([{"do": [*keep[:5], ["backup"], *keep[5:], keep[2]]}, ["lose"], {"do": [["restore"], ["entries"]]}])
assert calm[0]["said"][:5] + calm[0]["said"][6:] == [True] * 9 + [False], (
    f"Nine new entries, a backup after five, and the third once more: record said {calm[0]['said']}."
)
assert calm[1]["said"][1] == orders, (
    f"After the disk was lost, {calm[1]['said'][1]} came back, expected nine entries, the oldest first: five from the backup, four from the journal."
)
for kill in (30, 60, 90, 120):
    first, second = play_store(
        [{"do": [*keep[:5], ["backup"], *keep[5:]], "kill": kill}, ["tear"], ["lose"], {"do": [["restore"], *keep, ["entries"]]}]
    )
    assert isinstance(second["said"][-1], list), (
        f"Killed at the {kill}th line of vault.py, and the disk was lost: it stopped with {second['said'][-1]}"
    )
    found = [entry["id"] for entry in second["said"][-1]]
    assert sorted(found) == sorted(entry["id"] for entry in orders), (
        f"Killed at the {kill}th line of vault.py, the disk lost, restored, and all nine sent again: {found} are there, expected each once."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-vault", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 13, judged when you hand in: a calm day, entries sent twice, no backup yet; and a process that is killed at each line of one `record`, and in `backup`, with and without the loss of the disk, which is lost once more in the end.
### BEGIN HIDDEN TESTS
from judging_vault import judge_killed

judge_killed(play_store)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-vault-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 14, judged when you hand in: a damaged backup, a trimmed journal, both, a store that is torn in half, a damaged line.
### BEGIN HIDDEN TESTS
from judging_vault import judge_backups

judge_backups(play_store)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-vault-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 15, judged when you hand in: the disaster over HTTP, with a request under way: forecasts, a revoked token, and a quota survive it, and a request that is sent again is answered once.
### BEGIN HIDDEN TESTS
from judging_vault import judge_drill

judge_drill(play_gate)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · Who pays, and the page
#
# **Metering** counts what each tenant uses; **showback** shows each its part of the bill. Two things go wrong, always: the parts do not sum to the bill, since each was rounded; and somebody pays for requests that were refused, or twice for one that was sent again. Cy's shares by rows alone, as if a request cost nothing:

# %%
usage = [{"id": f"r{n}", "tenant": "ciclo", "rows": 1, "work": 0.084, "status": 201} for n in range(300)]
usage += [{"id": f"s{n}", "tenant": "roda", "rows": 100, "work": 0.48, "status": 201} for n in range(3)]
invoice = {"compute": 1000, "storage": 101, "platform": 500}
play_bill("showback", usage, invoice, ["ciclo", "roda", "velo-nord"])

# %% [markdown]
# ### Exercise 7 — The bill and the page
# *Difficulty ●●○ · about 22 minutes*
#
# Write `bill.py`:
#
# - `showback(usage, bill, tenants)`. `usage` is a list of metered requests, `{"id", "tenant", "rows", "work", "status"}`; only those with status 201 cost anything, and each `id` once: first keep those with 201, then one for each `id`. (A request that was refused and sent again has both under one `id`; 200 is an answer that was given again.) `bill` has three amounts in whole cents. Each is split into whole cents that sum to it, each part rounded up or down: `compute` by seconds of work, `storage` by rows, `platform` evenly among all `tenants`. (If nobody used anything, all evenly.) It returns for each tenant `{"compute", "storage", "platform", "total", "predictions", "per_1000"}`: cents; the rows it was answered; and what 1,000 of them cost it, in cents, a number, or `None` where there were none. All tenants in `usage` are among `tenants`.
# - `page(record)` returns a page as HTML, self-contained (`frame` and `line_chart` of `pageframe.py` help). `record` has
#     - `title`, a plain text; `slo`, with `requests`, `objective` (the share that should be good), `bad` (the share that was not), `p95_ms`, `worst_burn`; `events`, a list of `{"name", "found", "held"}`; `costs`, what `showback` returns; `series`, for the chart. Names come from outside, and may hold any sign, in texts and in attributes.
#
#     The page has the title as its one `h1`, three parts with an `h2`, and a chart with a text of more than 20 letters that says what it shows (`alt`, `aria-label`). Each of these numbers stands in an element with the attribute `data-metric`, once: `requests`, `objective` (with %), `bad` (with %, two digits behind the point), `p95_ms` (whole), `worst_burn` (one digit behind the point); `event:NAME` with the word `held` or `failed`; `predictions`, `total` (in euros, with cents) and `per_1000` (in cents, two digits behind the point, or a dash) with the tenant's name as `data-tenant`; and `bill`, the sum of all totals, in euros.
#
# <details><summary>Hint 1</summary>Round all parts down. How many cents are missing then, and to whom do they go? (To the largest remainders.) And what does <code>html.escape</code> do to quotes?</details>
# <details><summary>Hint 2</summary>A dictionary by <code>id</code> keeps each request once. A small function that makes one table cell, with <code>data-metric</code>, <code>data-tenant</code> and an escaped text, is most of the page.</details>


# %% nbgrader={"grade": false, "grade_id": "bill", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
"""Who pays what, and the page that Noor shows."""

from html import escape

from pageframe import frame, line_chart


def split(cents, shares):
    """Return whole cents by shares that sum to `cents`: rounded down, and the rest to the largest remainders."""
    total = sum(shares.values())
    exact = {name: cents * share / total if total else cents / len(shares) for name, share in shares.items()}
    whole = {name: int(value) for name, value in exact.items()}
    order = sorted(shares, key=lambda name: whole[name] - exact[name])
    for name in order[: cents - sum(whole.values())]:
        whole[name] += 1
    return whole


def showback(usage: list, bill: dict, tenants: list) -> dict:
    """Return what each tenant pays, line by line, in cents."""
    once = list({use["id"]: use for use in reversed(usage) if use["status"] == 201}.values())

    def of(what):
        return {name: sum(use[what] for use in once if use["tenant"] == name) for name in tenants}

    rows = of("rows")
    lines = {"compute": split(bill["compute"], of("work")), "storage": split(bill["storage"], rows)}
    lines["platform"] = split(bill["platform"], dict.fromkeys(tenants, 1))
    found = {}
    for name in tenants:
        total = sum(line[name] for line in lines.values())
        per_1000 = 1000 * total / rows[name] if rows[name] else None
        found[name] = {
            **{line: parts[name] for line, parts in lines.items()},
            "total": total,
            "predictions": rows[name],
            "per_1000": per_1000,
        }
    return found


def cell(metric, text, tenant=""):
    return f'<td data-metric="{metric}" data-tenant="{escape(tenant)}">{escape(text)}</td>'


def page(record: dict) -> str:
    """Return the page as HTML, self-contained."""
    slo, series = record["slo"], record["series"]
    names = {
        "requests": "Requests",
        "objective": "Objective: good answers",
        "bad": "Without a good answer",
        "p95_ms": "p95 of the latency",
        "worst_burn": "Worst burn rate",
    }
    shown = {
        "requests": f"{slo['requests']:,}",
        "objective": f"{slo['objective']:.0%}",
        "bad": f"{slo['bad']:.2%}",
        "p95_ms": f"{slo['p95_ms']:.0f} ms",
        "worst_burn": f"{slo['worst_burn']:.1f}",
    }
    cards = "".join(f"<tr><th scope='row'>{names[name]}</th>{cell(name, text)}</tr>" for name, text in shown.items())
    events = "".join(
        f"<tr><th scope='row'>{escape(each['name'])}</th><td>{escape(each['found'])}</td>{cell('event:' + each['name'], 'held' if each['held'] else 'FAILED')}</tr>"
        for each in record["events"]
    )
    costs = ""
    for name, pay in record["costs"].items():
        price = "–" if pay["per_1000"] is None else f"{pay['per_1000']:,.2f} ct"
        parts = {"predictions": f"{pay['predictions']:,}", "total": f"{pay['total'] / 100:,.2f} €", "per_1000": price}
        costs += f"<tr><th scope='row'>{escape(name)}</th>" + "".join(cell(metric, text, name) for metric, text in parts.items()) + "</tr>"
    total = sum(pay["total"] for pay in record["costs"].values())
    chart = line_chart(
        series, "Replicas and load over the half hour of a final whistle: the load jumps, the replicas follow in a step, and fall later"
    )
    body = f"""<section><h2>Service levels</h2><table>{cards}</table><figure>{chart}<figcaption>Replicas that are paid, and the work that comes in.</figcaption></figure></section>
<section><h2>Security and continuity</h2><table><tr><th>Event</th><th>What happened</th><th>Verdict</th></tr>{events}</table></section>
<section><h2>Cost by tenant</h2><table><tr><th>Tenant</th><th>Predictions</th><th>To pay</th><th>per 1,000</th></tr>{costs}
<tr><th scope='row'>All</th><td></td>{cell("bill", f"{total / 100:,.2f} €")}<td></td></tr></table></section>"""
    return frame(record["title"], body)


### END SOLUTION
save_cell("system/bill.py")

# %% nbgrader={"grade": true, "grade_id": "test-bill", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
from pageread import read_page

some = [
    {"id": f"r{n}", "tenant": tenant, "rows": 10, "work": 0.12, "status": 201} for n, tenant in enumerate(["ciclo", "roda", "velo-nord"])
]
some += [some[0], {"id": "r9", "tenant": "roda", "rows": 200, "work": 0.88, "status": 429}]
paid = play_bill("showback", some, {"compute": 1000, "storage": 10, "platform": 500}, ["ciclo", "roda", "velo-nord"])
for line, amount in {"compute": 1000, "storage": 10, "platform": 500}.items():
    parts = [pay[line] for pay in paid.values()]
    assert sum(parts) == amount and max(parts) - min(parts) <= 1, (
        f"Three tenants used the same, one request was sent twice, one refused: for {line} they pay {parts}, expected equal parts of {amount}."
    )
assert paid["ciclo"]["predictions"] == 10, f"ciclo had 10 predictions, showback says {paid['ciclo']['predictions']}."
toy = {
    "title": "A day",
    "slo": {"requests": 1234, "objective": 0.99, "bad": 0.0123, "p95_ms": 345.6, "worst_burn": 7.89},
    "events": [{"name": "a flood", "found": "a & b", "held": True}],
}
toy |= {"costs": paid, "series": {"minutes": [0, 1, 2], "replicas": [2, 4, 3]}}
said = read_page(play_bill("page", toy))
assert [text for level, text in said["headings"] if level == 1] == ["A day"], (
    f"The page's headings are {said['headings']}, expected the title as the one h1."
)
for metric, texts in {
    "requests": ["1234", "1,234"],
    "objective": ["99%", "99 %", "99.0%", "99.0 %", "99.00%", "99.00 %"],
    "bad": ["1.23%", "1.23 %"],
    "event:a flood": ["held"],
    "bill": ["15.10 €", "€15.10", "€ 15.10", "15.10"],
}.items():
    found = [text.lower() for text in said["numbers"].get((metric, ""), [])]
    assert len(found) == 1 and any(text in found[0] for text in texts), (
        f"data-metric={metric} says {found} on the page, expected {texts[0]}, once."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-bill", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 16, judged when you hand in: the bill of a day with five tenants, one of which asked nothing, with refused and repeated requests; and of a day on which nobody asked anything.
### BEGIN HIDDEN TESTS
from judging_bill import judge_showback

judge_showback(play_bill)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-bill-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Event 17, judged when you hand in: the page of another day: its numbers against the record, its headings and texts, and tenants with strange names.
### BEGIN HIDDEN TESTS
from judging_bill import judge_page

judge_page(play_bill)
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# It is Friday, and Grete is here. `play_day` puts your seven parts together, and plays eight events against them. She looks at what your system says afterwards, and so does the page. One run of the final whistle is behind the event, the service levels, the chart and the costs. *Held* means that a half hour kept the target of its kind: 6 % for a whistle. The objective, 99 % good, is for a whole week: a whistle misses it, and the rest of the week must make up for it.

# %% tags=["uses-answers"]
from day import play_day

day = play_day(seed=1)
pd.DataFrame(day["events"]).style.hide().set_properties(**{"text-align": "left"})

# %% tags=["uses-answers"]
Path("report.html").write_text(play_bill("page", day))
series = day["series"]
bad = pd.Series(day["bad_share"], index=series["minutes"])
print("bad in the minute before, where any:", {float(minute): f"{share:.1%}" for minute, share in bad[3::4].items() if share})
figure, axes = plt.subplots(figsize=(8, 3.2))
axes.step(series["minutes"], series["replicas"], where="post", label="replicas, ordered and paid")
axes.plot(series["minutes"], series["work per second"], "--", label="work that comes in (replicas' worth)")
axes.set(
    xlabel="time (minutes)",
    ylabel="replicas",
    ylim=(0, None),
    title=f"A final whistle: {day['slo']['bad']:.1%} without a good answer, at the worst {day['slo']['worst_burn']:.0f} times the budget",
)
axes.legend()
figure.tight_layout()
figure.savefig("whistle.png", dpi=100)
plt.close(figure)
Image(
    "whistle.png",
    alt="Two lines over the 24 minutes of a final whistle: the work that comes in jumps to more than three times as much within half a minute; the replicas follow in a step, a minute passes until they help, and they fall only minutes after the load does",
)

# %% [markdown]
# Open `report.html` in a browser, switch it to dark, print it. This is what you show in an interview: a system that others did things to, and what it said. What this half hour costs stands there, too:

# %% tags=["uses-answers"]
table = pd.DataFrame(day["costs"]).T
print(f"the tenants pay {table['total'].sum() / 100:.2f} €, the bill says {sum(day['bill'].values()) / 100:.2f} €")
table

# %% nbgrader={"grade": false, "grade_id": "close", "locked": true, "schema_version": 3, "solution": false, "task": false}
import services

services.rest()  # no process stays behind; it starts again when a cell needs it

# %% [markdown]
# ### Exercise 8 — What you tell Grete
# *Difficulty ●●○ · about 25 minutes*

# %% [markdown] nbgrader={"grade": false, "grade_id": "letter", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": true}
# Grete signs, or does not, after your letter: 350 to 600 words in the text cell below. A person marks it.
#
# 1. **Three decisions** (3 points) that you took in seven parts where another was possible, each with its price *in your own numbers* where there are any. For instance: how much headroom your replicas keep, and what it costs; a token of 15 minutes; 404 for what is another's; where the journal lies; that a refused request costs nothing.
# 2. **A post-mortem** (4 points) of the final whistle in your own run of `play_day`: what happened, minute by minute, from your chart and page; how much of the error budget of a week with 300,000 requests it spent; what held and what did not; why, without blame; what you would change, and what that would cost for 1,000 predictions.
# 3. **What still gets through** (3 points). Name three things that a hostile tenant, a disaster or a colleague could still do to your system, and for each what would stop it, and what a company would use.
#
# ### BEGIN MARK SCHEME
# 1. Decisions, 3 points, one each: the decision, the alternative and the price must all be there. Examples: a target of 62 % busy costs 1.6 times the floor even without a peak, 80 % would burn the budget at each rise; short tokens need renewal and survive a missing revocation list by 15 minutes; 404 hides what exists, and makes a mistyped name harder to find;
#    the journal on another disk doubles each write and makes an RPO of nothing possible; free refusals let a flood of 36,000 requests cost the others. 0 for a decision that was prescribed and is only repeated.
# 2. Post-mortem, 4 points. 1: a time line with figures that agree with the run (the rise within half a minute, the order at the next tick of 15 s, a minute until replicas help, the fall after the hold). 1: the budget: 1 % of 300,000 is 3,000; the bad requests of the run (share times requests) divided by it. 1: why: start-up time of a minute against a rise of half a minute; shedding kept
#    p95 and nobody hung up, so the failures were quick 503s. 1: a change with its cost: more headroom, a plan (the match is in the calendar), warm spares, quicker starts; with a figure for 1,000 predictions, from a run or from replica minutes times price.
# 3. What gets through, 3 points, one each, threat and remedy: a stolen token within its 15 minutes (binding to a client certificate, shorter life); several tenants that are one; a flood that never reaches the quota, at the network (a web application firewall, rate limits before authentication); who owns both the log and the anchor (write-once storage, another account);
#    the loss of both disks, or of the region (a copy elsewhere, and an RPO that is not nothing); the key ring in a file (a vault, hardware keys, asymmetric signatures so that those who verify cannot sign); an insider with the pepper; a poisoned model or forecasts that leak through the model; quotas by gateway that are not shared.
#
# Take off 1 in all if it is much longer than 600 words, or if its figures do not agree with the run.
# ### END MARK SCHEME

# %% [markdown]
# *Write your letter here.*

# %% [markdown]
# Grete read it, walked to the machine, and pulled out a disk. Then she signed. What to take to work tomorrow:
#
# - Nothing in a token decides how it is checked.
# - Known before it signs, accepted until its last token has ended, and then gone.
# - A log proves something only together with what its writer cannot change.
# - Count work, not requests; and whoever is silent saves up nothing.
# - A quick no is a service. A late yes is none.
# - A backup is a hope until it was restored once.
# - What each pays must sum to what all pay.

# %% [markdown]
# ## Going further
#
# - **Asymmetric keys.** With HS256 whoever can verify can also sign. Give the gateways public keys alone (EdDSA, `cryptography`), and publish them as a key set (JWKS). What becomes simpler in the rotation, and what does not?
# - **A shared quota.** Two gateways have two buckets for each tenant. Put them into one store, and decide what happens when that store does not answer: let all in, or nobody?
# - **Predictive scaling.** The final is in the calendar. Let `replicas` have a plan, and see how much of the whistle's error budget it saves, and at what price.
# - **Two regions.** Send the journal to a second city. What becomes of your RPO when the line between them is down, and who decides?
#
# To read:
#
# - [PyJWT's usage examples](https://pyjwt.readthedocs.io/en/stable/usage.html), and [RFC 8725, JSON Web Token best current practices](https://www.rfc-editor.org/rfc/rfc8725)
# - [OWASP's API security project, with its top ten of risks](https://owasp.org/www-project-api-security/): the first is broken object-level authorisation
# - [Google's SRE workbook, chapter on alerting on SLOs](https://sre.google/workbook/alerting-on-slos/): burn rates and windows; and the chapter of the SRE book on [handling overload](https://sre.google/sre-book/handling-overload/)
# - [SQLite's documentation of its online backup](https://www.sqlite.org/backup.html) and of [how to corrupt a database file](https://www.sqlite.org/howtocorrupt.html)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 10 on infrastructure: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
