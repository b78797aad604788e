"""Model files and releases that the learner has not seen: good ones, and such as must be refused. Payloads only leave a file."""

import builtins
import copy
import hashlib
import json
import math
import pickle
import shutil
import timeit
import zipfile

import joblib
import model_signing
import numpy as np
import skops.io
from deposit import INPUTS
from population import draw_riders, fresh
from post import Payload, fitted, make_keys
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils import check_array

from judgekit import drawn


class Calls:
    """Pickles as a call of `function` with the arguments."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        """Return the call."""
        return self.call


def post_cases(folder):
    """Return rows, cases (path, the right probabilities or None where it must be refused, what it is), and the payloads' marker."""
    rng, marker = fresh("post"), folder / "payload-ran"
    riders, rows = draw_riders(rng, 400), draw_riders(rng, 20)
    linear = fitted(make_pipeline(MinMaxScaler(), LogisticRegression()), riders, INPUTS)
    forest = fitted(RandomForestClassifier(5, max_depth=3, random_state=0), riders, INPUTS)
    X, cases = rows[INPUTS].to_numpy(dtype=float), []

    def add(name, right, what):
        cases.append((folder / name, right, what))
        return folder / name

    for name, model, what in [
        ("a.skops", linear, "a scaler and a logistic regression"),
        ("b.bin", forest, "a forest, in a file named .bin"),
    ]:
        skops.io.dump(model, add(name, model.predict_proba(X)[:, 1].tolist(), what))
    add("c.skops", None, "a pickle with a payload, named .skops").write_bytes(pickle.dumps(Payload(marker)))
    add("d.pkl", None, "a pickle that calls eval").write_bytes(
        pickle.dumps([linear, Calls(builtins.eval, f"open({str(marker)!r}, 'w').close()")])
    )
    add("e.pkl", None, "a pickle that calls timeit").write_bytes(
        pickle.dumps(Calls(timeit.timeit, f"open({str(marker)!r}, 'w').close()", "pass", timeit.default_timer, 1))
    )
    joblib.dump([np.arange(50.0), Payload(marker)], add("f.joblib", None, "a joblib file with an array before its payload"))
    joblib.dump({"model": forest, "x": Payload(marker)}, add("g.skops", None, "a packed joblib file, named .skops"), compress=3)
    add("h.pkl", None, "a good model as a pickle, which nobody can tell from a bad one").write_bytes(pickle.dumps(linear))
    writes = FunctionTransformer(joblib.dump, kw_args={"filename": str(marker)})
    for name, function, what in [
        ("i.skops", writes, "a skops archive with a function that writes a file; only reviewed types may be loaded"),
        (
            "j.skops",
            FunctionTransformer(check_array),
            "a skops archive with a function of scikit-learn that is not on the list; not all that is scikit-learn's is harmless",
        ),
        (
            "k.skops",
            FunctionTransformer(copy.deepcopy),
            "a skops archive with a function that nobody has reviewed; the list of types is yours, not the file's",
        ),
    ]:
        skops.io.dump(make_pipeline(function, linear), add(name, None, what))
        assert skops.io.get_untrusted_types(file=folder / name), f"skops allows what is in {name} by itself"
    bomb = add(
        "l.skops", None, "a good model in an archive that unpacks to 60 million bytes, by its own list; its size on disk is not asked for"
    )
    shutil.copy(folder / "a.skops", bomb)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"more/{number}.npy", bytes(15_000_000))
    drawn("post order").shuffle(cases)
    return rows[INPUTS], cases, marker


# Releases


def _folder(path, rng, **evaluation):
    path.mkdir(parents=True)
    model = rng.bytes(300)
    (path / "model.skops").write_bytes(model)
    said = {"model_sha256": hashlib.sha256(model).hexdigest(), "auc": 0.78, **evaluation}
    (path / "evaluation.json").write_text(json.dumps({key: value for key, value in said.items() if value is not None}))
    return path


def release_cases(folder):
    """Return (folder, whether it may be signed, version, what it is) of some candidates."""
    rng = fresh("release")
    make_keys(folder / "keys", "judge")
    other = _folder(folder / "other", rng)
    cases = [
        (_folder(folder / "one", rng), True, 12, "A rightly evaluated folder"),
        (_folder(folder / "edge", rng, auc=0.70), True, 3, "A folder with an auc of exactly 0.70"),
        (_folder(folder / "deposit-1.2", rng), True, 8, "A folder named deposit-1.2, whose signature is deposit-1.2.sig"),
        (_folder(folder / "again", rng), True, 7, "A folder that had been signed before, as version 6"),
        (_folder(folder / "weak", rng, auc=0.69), False, 4, "a model with an auc of 0.69"),
        (_folder(folder / "nan", rng, auc=math.nan), False, 4, "a model with NaN for an auc"),
        (_folder(folder / "none", rng, auc=None), False, 4, "a folder whose evaluation names no auc"),
        (_folder(folder / "text", rng, auc="0.83"), False, 4, "an auc that is a text"),
        (_folder(folder / "true", rng, auc=True), False, 4, "an auc of true"),
        (
            _folder(folder / "swap", rng, model_sha256=hashlib.sha256((other / "model.skops").read_bytes()).hexdigest()),
            False,
            4,
            "the evaluation of another model",
        ),
        (_folder(folder / "blank", rng), False, 4, "a folder without evaluation.json"),
    ]
    (folder / "blank" / "evaluation.json").unlink()
    (folder / "again" / "release.json").write_text('{"name": "deposit", "version": 6}')
    (folder / "again.sig").write_text("{}")
    return cases


def strict():
    """Return the hashing configuration that leaves out no file."""
    return model_signing.hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)


def _sign(path, key, name="deposit", version=4, config=None):
    if name:
        (path / "release.json").write_text(json.dumps({"name": name, "version": version}))
    signature = path.with_name(path.name + ".sig")
    model_signing.signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(config or strict()).sign(path, signature)
    return signature


def verifies(path, key, version):
    """Return what is wrong with a signed release; an empty text if nothing is."""
    signature = path.with_name(path.name + ".sig")
    if not signature.is_file():
        return f"there is no {signature.name} beside it."

    def verify():
        verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=key)
        verifier.set_hashing_config(strict()).verify(path, signature)

    try:
        verify()
    except Exception as error:
        return f"the signature does not hold for what is in the folder now: {error}"
    try:
        said = json.loads((path / "release.json").read_text())
    except (OSError, ValueError) as error:
        return f"release.json cannot be read: {error}"
    right = said == {"name": "deposit", "version": version} and type(said["version"]) is int
    (path / ".gitattributes").write_text("added later")
    try:
        verify()
        return "the signature leaves out what Git uses: a file .gitattributes that was added later is not noticed, not even by a verifier that looks at all."
    except ValueError:
        (path / ".gitattributes").unlink()
    return "" if right else f"release.json says {said}, expected the name deposit and the version {version}, a whole number."


def attack_cases(folder):
    """Return (folder, least version wanted, the version or None where it must be refused, what was done)."""
    rng, keys, cases = fresh("attack"), folder / "keys", []
    make_keys(keys, "judge")
    make_keys(keys, "thief")
    ours, thief = keys / "judge.pem", keys / "thief.pem"

    def case(what, at_least=4, right=None, key=ours, place=None, git="", **signed):
        path = _folder(folder / (place or f"release-{len(cases)}"), rng)
        if git:
            (path / git).write_bytes(rng.bytes(40))
        signature = _sign(path, key, **signed)
        cases.append((path, at_least, right, what))
        return path, signature

    case("as it was signed", right=4)
    case("version 10, where 9 or newer is wanted", 9, 10, version=10)
    case("version 4, where 1 or newer is wanted", 1, 4)
    case("it holds a .gitattributes, which is signed too", right=4, git=".gitattributes")
    case("its folder is named deposit-1.2, and its signature deposit-1.2.sig", right=4, place="deposit-1.2")
    case("version 3 of before, rightly signed, where 4 is wanted", version=3)
    case("version 9, where 10 is wanted", 10, version=9)
    case("another model, rightly signed", name="repair-alarm", version=9)
    case("a model whose name only begins like the one wanted", name="deposit-old", version=9)
    case("signed with another key", key=thief)
    case("nothing in the folder says which model and version it is", name=None)
    path, _ = case("a byte of the model was changed")
    (path / "model.skops").write_bytes((path / "model.skops").read_bytes()[:-1] + b"\0")
    path, _ = case("a file was added")
    (path / "helper.pkl").write_bytes(rng.bytes(40))
    path, _ = case("a file was added in a folder named .git")
    (path / ".git").mkdir()
    (path / ".git" / "hook").write_bytes(rng.bytes(40))
    path, _ = case(
        "it was signed with the default configuration, and a file was added in a folder named .git", config=model_signing.hashing.Config()
    )
    (path / ".git").mkdir()
    (path / ".git" / "model.pkl").write_bytes(rng.bytes(40))
    case("its version is the text 4", version="4")
    case("its version is 4.7, which is no whole number", version=4.7)
    case("its version is true", 1, version=True)
    path, _ = case("a file named .gitattributes was added")
    (path / ".gitattributes").write_bytes(rng.bytes(40))
    path, _ = case("the evaluation was removed")
    (path / "evaluation.json").unlink()
    path, _ = case("the version in release.json was raised afterwards", version=3)
    (path / "release.json").write_text('{"name": "deposit", "version": 4}')
    path, signature = case("the signature was removed")
    signature.unlink()
    path, signature = case("the signature is that of another release")
    shutil.copy(folder / "release-0.sig", signature)
    path, signature = case("the signature is empty")
    signature.write_text("")
    return cases
