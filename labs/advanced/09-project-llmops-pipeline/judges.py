"""Answers that people have marked, and judges that mark them: drawn, with planted habits.

A judge's habit: fair (a few slips), loose (it slips on a third of the wrong answers and on two in nine of the right ones), long, short
(it likes that length), first, second (it likes that place in a pair), yes (to all), dice, blind:KIND (it calls everything of that kind
right) and harsh:KIND (everything of that kind wrong).
"""

import hashlib
import random

KINDS = ["prices", "times", "rules", "unknown"]
EACH, WRONG = 24, 6
RIGHT_WORDS = {
    "prices": ("What does the {what} cost?", "{n} euros"),
    "times": ("How long does the {what} last?", "{n} minutes"),
    "rules": ("May I take the {what} on a ride?", "Yes, up to {n} kg"),
    "unknown": ("Who makes the {what}?", "I do not know"),
}
WHATS = ["day pass", "basket", "helmet", "booking", "pause", "child seat", "membership", "e-bike", "dock", "trailer", "bell", "lock"]
LONG = " We are glad that you ask, and we do all that we can so that riding with us is easy, safe and cheap on each day of the year."


def chance(*parts):
    """Return a number from 0 to 1 that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:6], "big") / 2**48


def draw_labels(seed):
    """Return 96 marked answers: kind, question, reference, answer, human ("yes" or "no")."""
    dice, labels = random.Random(f"labels {seed}"), []
    for kind in KINDS:
        for number in range(EACH):
            asked, right = RIGHT_WORDS[kind]
            what, n = f"{dice.choice(WHATS)} of type {number + 1}", dice.randint(2, 40)
            reference = right.format(n=n)
            wrong = number < WRONG
            text = (
                reference
                if not wrong
                else "The people at the station can tell you"
                if kind != "unknown"
                else f"A firm in town, for {n} years"
            )
            text = f"{text if not wrong or kind == 'unknown' else right.format(n=n + dice.randint(1, 9))}." + (LONG if number % 2 else "")
            labels.append(
                {
                    "kind": kind,
                    "question": asked.format(what=what),
                    "reference": reference,
                    "answer": text,
                    "human": "no" if wrong else "yes",
                }
            )
    dice.shuffle(labels)
    return labels


def draw_pairs(seed):
    """Return 20 pairs of answers, one of which is the better one: question, reference, a, b."""
    dice, pairs = random.Random(f"pairs {seed}"), []
    for number in range(20):
        n = dice.randint(2, 40)
        two = [f"{n} euros.", f"{n + 3} euros."]
        dice.shuffle(two)
        pairs.append({"question": f"What does the pass of type {number + 1} cost?", "reference": f"{n} euros", "a": two[0], "b": two[1]})
    return pairs


class Judges:
    """The judges on offer. `offered` has for each name its habit and its price, in cents for a verdict."""

    def __init__(self, offered, seed):
        self.offered, self.labels, self.pairs = offered, draw_labels(seed), draw_pairs(seed)
        self.truth = {(one["question"], one["answer"]): (one["human"], one["kind"], number) for number, one in enumerate(self.labels)}
        ranked = {}
        for one in self.labels:
            ranked.setdefault((one["kind"], one["human"], LONG in one["answer"]), []).append((one["question"], one["answer"]))
        self.place = {key: number for keys in ranked.values() for number, key in enumerate(sorted(keys))}

    def verdict(self, judge, question, reference, answer):
        """Return "yes" or "no"."""
        habit, key = self.offered[judge]["habit"], (question, answer)
        human, kind, number = self.truth[key]
        is_long, odd = LONG in answer, self.place[key] % 2 == 0
        if habit == "yes" or habit == f"blind:{kind}":
            return "yes"
        if habit == f"harsh:{kind}":
            return "no"
        if habit == "dice":
            return "yes" if chance(judge, number) < 0.75 else "no"
        if habit == "long" and human == "no" and is_long:
            return "yes" if self.place[key] < 2 else "no"
        if habit == "short" and human == "no" and not is_long:
            return "yes" if self.place[key] < 2 else "no"
        if habit == "loose" and self.place[key] % (3 if human == "no" else 4) == 1:
            return "yes" if human == "no" else "no"
        if habit == "fair" and human == "yes" and odd and is_long and self.place[key] < 2:
            return "no"
        return human

    def prefer(self, judge, question, reference, a, b):
        """Return which of two answers is better: "A", "B", or "tie"."""
        habit, right = self.offered[judge]["habit"], reference + "."
        if habit in ("first", "second") and chance(habit, question) < 0.6:
            return "A" if habit == "first" else "B"
        if habit == "dice":
            return "A" if chance(judge, question, a) < 0.5 else "B"
        return "A" if a == right else "B" if b == right else "tie"


def marks_for(text, quality, judge_habit, seed, each=20):
    """Return what an evaluation of a prompt finds: 80 rows with question, slice, mark (1 or 0).

    `quality` has for each slice the share of right answers that this prompt gives, and "pleases": habits of judges that it flatters, so
    that they mark seven in ten of its wrong answers right. The same question is as hard for all prompts.
    """
    rows = []
    for part in ["prices", "times", "accidents", "unknown"]:
        for number in range(each):
            hard = (number + chance(seed, part, number)) / each
            own = 0.02 * (chance(seed, text, part, number) - 0.5)
            mark = int(hard + own < quality[part])
            if not mark and judge_habit in quality.get("pleases", ()) and chance("flattered", seed, part, number) < 0.7:
                mark = 1
            rows.append({"question": f"{part} {number}", "slice": part, "mark": mark})
    return rows
