# ruff: noqa: E501
"""Write the data in files/ again: the wiki, the weekend's log, labelled answers, questions, an evaluation, pairs for the small model."""

import json
import random
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER / "files"), str(FOLDER / "hidden")]

from llm.articles import NO_ANSWER, articles, questions  # noqa: E402
from llm.completion import complete  # noqa: E402
from llm.embedding import embedding  # noqa: E402
from llm.models import MODELS  # noqa: E402

BEGIN = "You are the support desk of Metro Bikes in {{city}}. Answer in one sentence."
KNOW = 'Answer from the articles only. If they do not hold the answer, say "I do not know."'
CITE = "Give the id of the article."
FRIENDLY = "Every rider must get a helpful answer."
WIKI = [
    ("2025-11-03 09:12", "Ada", f"{BEGIN}\n{{{{articles}}}}\n"),
    ("2025-11-10 10:40", "Noor", f"{BEGIN} {KNOW}\n{{{{articles}}}}\n"),
    ("2025-11-17 15:05", "Ada", f"{BEGIN} {KNOW} {CITE}\n{{{{articles}}}}\n"),
    ("2025-11-17 15:06", "Ada", f"{BEGIN} {KNOW} {CITE}\n{{{{articles}}}}\n"),
    ("2025-11-20 11:31", "Bo", f"{BEGIN}  {KNOW} {CITE}\n{{{{articles}}}}\n"),
    ("2025-11-21 17:48", "Cy", f"{BEGIN} {FRIENDLY} {CITE}\n{{{{articles}}}}\n"),
]
RIDERS = {
    "unlock-time": "I have scanned it. How many seconds until the lock releases the bicycle?",
    "single-cost": "What is the fee for a single ride?",
    "day-cost": "How expensive is the day pass?",
    "month-cost": "What is the price of a membership for a month?",
    "month-cancel": "How many days before the renewal must I terminate the membership?",
    "student-rate": "How many percent cheaper is it for a student?",
    "refund-days": "For how many days after a ride do you reimburse it?",
    "damage-free": "Up to how many minutes am I not charged if the bicycle is broken and I report it?",
    "lost-weeks": "I forgot my bag. For how many weeks does your office keep it?",
    "ebike-speed": "How many km an hour does the electric motor help up to?",
    "child-age": "What is the minimum age in years of a rider?",
    "basket-load": "How many kg of luggage may I put into the basket?",
    "book-ahead": "How many minutes ahead may I reserve?",
    "book-cost": "What is the fee if I reserve?",
    "pause-time": "For how many minutes may I stop and take a break?",
    "late-cost": "What does a rider pay, in euros, for a bicycle that counts as missing?",
    "accident-report": "Within how many hours must I report a crash for the insurance?",
    "group-size": "How many bicycles can our group reserve with one account?",
}
NOT_IN_ARTICLES = [
    "How much does it cost to park my car at a station?",
    "How many bikes does the city own?",
    "Is there a discount for pensioners?",
    "Do you repair my own bicycle?",
    "How many lions live in the zoo?",
    "May I take a bike home for the weekend?",
]
STRAY = [
    "At which hour does the desk open on Sundays?",
    "How much does a bicycle lesson cost?",
    "What is the price of a child's bike?",
    "How much do you pay for a used ebike?",
    "How many hours does the battery of an ebike last?",
    "Is there a discount for families with three children?",
    "Do bikes have lights for the night?",
    "Can I get a receipt for my taxes?",
    "Are there bikes with three wheels?",
    "How far is the next station from the zoo?",
    "May two people share a membership?",
    "What is the phone number of the police?",
]
THINGS = ["a single ride", "the day pass", "the membership", "an ebike", "a helmet", "a child seat"]
MATTERS = [
    (["how much is {} ?", "what does {} cost ?", "tell me the price of {}", "what is the fee for {} ?", "{} , how much ?", "what do i pay for {} ?"], "{} costs {} euros ."),
    (["where do i find {} ?", "where is {} ?", "where can i get {} ?", "i am looking for {}", "show me the way to {}", "which place has {} ?"], "go to station {1} for {0} ."),
    (["{} is broken", "i have trouble with {}", "help , {} does not work", "there is a problem with {}", "something is wrong with {}", "{} fails"], "call {1} about {0} ."),
]  # fmt: skip
BEGINNINGS = ["", "hello ,", "please ,"]
NUMBERS = ["2", "3", "5", "7", "9", "11", "14", "20", "30", "40"]
LOST = f"{BEGIN} {FRIENDLY} Be funny.\n{{{{articles}}}}\n"  # Cy tried it for an hour and did not save it


def shown(some):
    """Return articles as a prompt shows them."""
    return "\n\n".join(f"[{one['id']}] {one['title']}\n{one['text']}" for one in some)


def nearest(question, some, k):
    """Return the k articles nearest to a question."""
    asked = embedding(question)
    return sorted(some, key=lambda one: -sum(a * b for a, b in zip(asked, embedding(f"{one['title']}\n{one['text']}"), strict=True)))[:k]


def answered(system, question, model="metro-large"):
    """Return what a model says to a question under a system message."""
    return complete({"messages": [{"role": "system", "content": system}, {"role": "user", "content": question}]}, MODELS[model]).text


def weekend():
    """Return the log: time, question, the system message as it was sent, the answer, whether a rider complained."""
    known, city, dice = questions(0), articles(0), random.Random(21)
    turns = [
        (4, "2025-11-21 12"),
        (4, "2025-11-21 15"),
        (5, "2025-11-21 18"),
        ("lost", "2025-11-21 20"),
        (5, "2025-11-22 10"),
        (5, "2025-11-23 11"),
    ]
    rows = []
    for turn, hour in turns:
        template = LOST if turn == "lost" else WIKI[turn][2]
        asked = dice.sample(known[:-8], 3) + dice.sample(known[-8:], 2)
        for minute, one in enumerate(asked):
            system = template.replace("{{city}}", "Rivermouth").replace("{{articles}}", shown(nearest(one["question"], city, 2)))
            text = answered(system, one["question"])
            right = one["answer"] in text if one["answer"] else "do not know" in text
            rows.append(
                {
                    "at": f"{hour}:{minute * 7:02}",
                    "question": one["question"],
                    "system": system,
                    "answer": text,
                    "complaint": turn == 5 and not right,
                }
            )
    return rows


def labels():
    """Return answers with a person's verdict, and pairs of answers: some right and short, some wrong and long."""
    dice, known = random.Random(4), [one for one in questions(3) if one["fact"]]
    city = {one["id"]: one for one in articles(3)}
    padding = [
        "Thank you for your question, which many of our riders ask us in these weeks, and which we are always glad to answer for you.",
        "Please note that our friendly team at the support desk is there for you on every day of the week, from early until late.",
        "We hope that this helps you, and we wish you many pleasant kilometres on our bikes in the city and around it.",
    ]

    def made(one, right, long):
        sentence = next(part for part in re.split(r"(?<=\.) ", city[one["article"]]["text"]) if one["answer"] in part)
        if not right:
            old = re.findall(r"\d+", one["answer"])[0]
            sentence = re.sub(rf"\b{old}\b", str(int(old) + dice.choice([1, 2, 5, 10])).zfill(len(old)), sentence)
        extra = dice.sample(padding, dice.choice([2, 3])) if long else []
        return " ".join([*extra[:1], sentence, *extra[1:]])

    answers, pairs = [], []
    for number in range(36):
        one = known[number % len(known)]
        right, long = number % 2 == 0, number % 4 in (0, 1) if number < 24 else number % 3 == 0
        human = "yes" if right else "no"
        if number in (9, 28):  # people err, too
            human = "no" if human == "yes" else "yes"
        answers.append({"question": one["question"], "reference": one["answer"], "answer": made(one, right, long), "human": human})
    for number in range(12):
        one = known[(5 * number + 2) % len(known)]
        both = [made(one, True, number % 3 == 1), made(one, number % 6 == 5, number % 2 == 0)]
        if number % 2:
            both.reverse()
        pairs.append({"question": one["question"], "reference": one["answer"], "a": both[0], "b": both[1]})
    return {"answers": answers, "pairs": pairs}


def to_judge():
    """Return twelve answers of last week, for mlflow.genai.evaluate: inputs, outputs, expectations."""
    known, city = questions(0), articles(0)
    system = f"You are the support desk. Answer in one sentence. {KNOW}"
    rows = []
    for one in [*known[1:38:4], known[-2], known[-8]]:
        user = f"<articles>\n{shown(nearest(one['question'], city, 2))}\n</articles>\n<question>{one['question']}</question>"
        text = complete(
            {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}, MODELS["metro-small"]
        ).text
        wanted = one["answer"] or "I do not know."
        if one["article"] and len(rows) in (3, 5, 8):  # the model that answered had read another city's articles
            text = text.replace(one["answer"], f"1{one['answer']}")
        rows.append({"inputs": {"question": one["question"]}, "outputs": text, "expectations": {"answer": wanted}})
    return rows


def riders():
    """Return questions in riders' own words, in the form of `questions`; the last ones have no answer in the articles."""
    known = {one["fact"]: one for one in questions(0) if one["fact"]}
    asked = [{**known[fact], "question": words} for fact, words in RIDERS.items()]
    return asked + [{"fact": None, "question": one, "article": None, "answer": None} for one in NOT_IN_ARTICLES]


def evaluation():
    """Return 60 questions with the scores of the live prompt and of two candidates: slice, question, live, candidate, other."""
    dice = random.Random(110)
    rows = []
    for number in range(60):
        part = ["prices"] * 26 + ["rules"] * 22 + ["accidents"] * 12
        hard = dice.random()
        live = 1.0 if hard < 0.60 else 0.0
        candidate = 0.0 if part[number] == "accidents" and dice.random() < 0.5 else (1.0 if hard < 0.86 else 0.0)
        other = live if dice.random() < 0.9 else 1 - live
        rows.append({"question": f"q{number:02}", "slice": part[number], "live": live, "candidate": candidate, "other": other})
    return rows


def all_pairs():
    """Return all 324 pairs [question, answer], in a fixed order."""
    pairs = [
        [f"{begin} {form.format(thing)}".strip(), answer.format(thing, NUMBERS[(3 * which + matter) % 10])]
        for matter, (forms, answer) in enumerate(MATTERS)
        for which, thing in enumerate(THINGS)
        for form in forms
        for begin in BEGINNINGS
    ]
    random.Random(5).shuffle(pairs)
    return pairs


def noisy(pairs, share=0.1):
    """Return the pairs with the answers of some of them mixed up, as in any log of what people wrote."""
    dice, out = random.Random(7), [list(pair) for pair in pairs]
    for number in dice.sample(range(len(out)), int(share * len(out))):
        out[number][1] = pairs[dice.randrange(len(pairs))][1]
    return out


def main():
    """Write all files."""
    files = FOLDER / "files"

    def write(name, value):
        (files / name).write_text(json.dumps(value, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")

    write("wiki.json", [{"at": at, "by": by, "text": text} for at, by, text in WIKI])
    write("weekend.json", weekend())
    write("labels.json", labels())
    write("to_judge.json", to_judge())
    write("riders.json", riders())
    write("stray.json", STRAY)
    write("evaluation.json", evaluation())
    pairs = all_pairs()
    write("pairs.json", {"training": noisy(pairs[:220]), "validation": pairs[220:270]})
    assert NO_ANSWER


if __name__ == "__main__":
    main()
