"""What each part gets as `p`: the support desk, its stores, its provider, its articles. The first page to read."""

import importlib.util
import itertools
import random
import sys
from pathlib import Path
from types import SimpleNamespace

from judges import marks_for
from llm.articles import articles, questions
from stores import Table

HERE = Path(__file__).resolve().parent
PARTS = ["calibration", "release", "corpus", "budget", "guard", "outage", "report"]
FIRST = (
    "You are the support desk of Metro Bikes. Answer from the articles only, in one sentence. "
    'If the articles do not hold the answer, say "I do not know."'
)
_numbers = itertools.count()


class Desk:
    """The desk.

    now, sleep(seconds)                the simulated time, in seconds
    articles                           what the editors have published: id, title, text
    index, cache                       stores: .all(), .get(name), .put(name, thing), .drop(name)
    prompts                            the registry: .register(text, why), .versions(), .text(version), .live(), .set_live(version)
    read(name, default), write(name, value)    notes of your own, each written wholly or not at all
    log(what, **facts), entries(what)  the journal: add an entry; all entries, or those of one kind, the oldest first
    chat(messages, model, key=None, seconds=10), embed(texts)    the provider; see provider.py
    judges                             who could mark answers: {name: cents for a verdict}; labels, pairs: what people have marked
    verdict(judge, question, reference, answer), prefer(judge, question, reference, a, b)    what a judge says; see judges.py
    marks(version, judge)              an evaluation: 80 rows with question, slice, mark
    parts                              the seven parts
    memory                             a dictionary for `budget`; it is gone when the process ends
    """

    def __init__(self, world, disk, parts):
        self.world, self.disk, self.parts, self.memory = world, disk, parts, {}
        self.provider, self.prompts, self.clock = world.provider, world.prompts(disk), world.provider.clock
        self.index, self.cache = Table(disk, "index"), Table(disk, "cache")
        self.canary, self.budget = world.canary, world.budget

    @property
    def now(self):
        return self.clock.now

    def sleep(self, seconds):
        self.clock.sleep(seconds)

    @property
    def articles(self):
        return [dict(one) for one in self.world.articles]

    def read(self, name, default=None):
        return self.disk.read(f"note {name}", default)

    def write(self, name, value):
        self.disk.write(f"note {name}", value, "write")

    def log(self, what, **facts):
        self.disk.write("journal", [*self.disk.read("journal", []), {"what": what, "now": self.now, **facts}], "log")

    def entries(self, what=None):
        return [one for one in self.disk.read("journal", []) if what in (None, one["what"])]

    def chat(self, messages, model, key=None, seconds=10.0):
        return self.provider.chat(messages, model, key, seconds)

    def embed(self, texts):
        return self.provider.embed(texts)

    @property
    def judges(self):
        return {name: one["cents"] for name, one in self.world.judges.offered.items()}

    @property
    def labels(self):
        return [dict(one) for one in self.world.judges.labels]

    @property
    def pairs(self):
        return [dict(one) for one in self.world.judges.pairs]

    def verdict(self, judge, question, reference, answer):
        return self.world.judges.verdict(judge, question, reference, answer)

    def prefer(self, judge, question, reference, a, b):
        return self.world.judges.prefer(judge, question, reference, a, b)

    def marks(self, version, judge):
        text = self.prompts.text(version)
        self.world.evaluated.append([version, judge])
        habit = self.world.judges.offered[judge]["habit"]
        return marks_for(text, self.world.quality.get(text, self.world.usual), habit, self.world.seed, self.world.each)


def load_parts(own, folder="system"):
    """Return the seven parts, read anew: those in `own` from `folder`, the others as found."""
    sys.dont_write_bytecode = True
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    parts = SimpleNamespace()
    for name in PARTS:
        path = Path(folder if name in own else HERE / "found", f"{name}.py").resolve()
        spec = importlib.util.spec_from_file_location(f"{name}_{next(_numbers)}", path)
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except FileNotFoundError:
            raise RuntimeError(f"there is no {folder}/{name}.py: run its cell") from None
        except Exception as error:
            raise RuntimeError(f"{folder}/{name}.py cannot be loaded: {type(error).__name__}: {error}") from None
        setattr(parts, name, module)
    return parts


def draw_city(seed):
    """Return a city's articles and its known questions: fact, question, article (an id), answer (the words that it must hold)."""
    number = random.Random(f"city {seed}").randrange(10**9)
    return articles(number), questions(number)


def rewrite(city, known, fact, seed):
    """Return the article of a fact with other numbers, and the new words of the fact's answer."""
    old = next(one for one in known if one["fact"] == fact)
    there = next(one for one in city if one["id"] == old["article"])
    for number in itertools.count():
        other = random.Random(f"rewrite {seed} {number}").randrange(10**9)
        answer = next(one for one in questions(other) if one["fact"] == fact)["answer"]
        if answer != old["answer"]:
            text = next(one for one in articles(other) if one["title"] == there["title"])["text"]
            return {**there, "text": text}, answer
