"""Questions and answers for the small model: six things, three matters, six ways to ask. Its last 54 pairs are for the judge alone."""

import random

THINGS = ["a single ride", "the day pass", "the membership", "an ebike", "a helmet", "a child seat"]
MATTERS = [
    (["how much is {} ?", "what does {} cost ?", "tell me the price of {}", "what is the fee for {} ?", "{} , how much ?", "what do i pay for {} ?"], "{} costs {} euros ."),
    (["where do i find {} ?", "where is {} ?", "where can i get {} ?", "i am looking for {}", "show me the way to {}", "which place has {} ?"], "go to station {1} for {0} ."),
    (["{} is broken", "i have trouble with {}", "help , {} does not work", "there is a problem with {}", "something is wrong with {}", "{} fails"], "call {1} about {0} ."),
]  # fmt: skip
BEGINNINGS = ["", "hello ,", "please ,"]
NUMBERS = ["2", "3", "5", "7", "9", "11", "14", "20", "30", "40"]


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
