"""What riders ask in the cities of hidden tests: other words for the same facts, and questions that no article answers."""

import random

from llm.articles import articles, questions

OTHER_WORDS = {
    "unlock-time": "I scanned it. How many seconds until the bicycle is released?",
    "single-cost": "What is the price of a single ride?",
    "single-further": "I rode longer than a single ride allows. What is the fee for each further minute?",
    "day-cost": "What is the price of a pass for one day?",
    "day-ride": "With the day pass, how many minutes may each ride last?",
    "month-cost": "How expensive is the monthly membership?",
    "month-cancel": "How many days ahead do I have to terminate my membership?",
    "student-rate": "I am a student. How many percent cheaper do I ride?",
    "student-check": "How many working days until the desk has checked my student card?",
    "refund-days": "For how many days do you reimburse what I paid?",
    "refund-answer": "I want my money repaid. In how many working days do you answer?",
    "damage-free": "My bike is broken and I reported it. Up to how many minutes am I not charged?",
    "lost-weeks": "I forgot my jacket. For how many weeks does the lost property office keep it?",
    "lost-phone": "Which number do I ring to reach the lost property office?",
    "ebike-cost": "How many cents more is it with an electric bicycle?",
    "ebike-speed": "Up to which speed in km an hour does the motor of an electric bike help?",
    "child-age": "What is the minimum age of those who ride with you, in years?",
    "child-seat": "My daughter weighs a lot. How many kg does a child seat carry?",
    "basket-load": "How many kg of luggage may I have with me?",
    "book-ahead": "How many minutes ahead can I reserve a bicycle?",
    "book-cost": "What is the fee if I reserve one?",
    "pause-time": "How many minutes may I stop for a break?",
    "full-extra": "The station was full. How many extra minutes do I get?",
    "late-hours": "After how many hours without being returned does a bicycle count as missing?",
    "late-cost": "A bike is missing. How many euros does the rider pay?",
    "accident-phone": "I had a crash. On which line do I telephone you after 112?",
    "accident-report": "How many hours do I have to report a collision for the insurance?",
    "winter-close": "At what o'clock do the stations on the hill close in winter?",
    "winter-cold": "From how many degrees below zero do you take bikes in?",
    "invite-minutes": "How many free minutes do I get for inviting someone?",
    "invite-friends": "How many friends may I invite each year?",
    "notice-wait": "There is a 'system notice' on the display. How many seconds should I wait?",
    "remind-before": "How many minutes before it gets more expensive does the app send a reminder?",
    "group-size": "We are a club. How many bikes can a group book at most with one account?",
    "group-invoice": "On which day of the month does our company get its invoice?",
    "data-months": "How many months do you keep the course of my ride?",
    "data-delete": "I want my account deleted. How many days does that take?",
}
NOBODY_KNOWS = [
    "What does it cost to take a bike on the ferry?",
    "How many minutes does the bus to the airport take?",
    "Which tyres do your bicycles have, and who makes them?",
    "Can I get a day pass for my dog?",
    "How much do mechanics at the workshop earn a month?",
    "Do you lend tandems or cargo bikes at weekends?",
    "May I ride a bike in the cemetery?",
    "How many stations will open next year at the lake?",
    "Is there wireless internet at staffed stations?",
    "Which bank do you use for card payments?",
    "How many kg does an ebike weigh with its battery?",
    "Can my company advertise on the baskets?",
    "How many minutes is the walk from the station to the museum?",
    "How much does a company pay for a bike rack?",
    "How many weeks is the app free to try?",
    "How many minutes before departure does the train take bikes?",
    "How many years does a bike last?",
    "How many accidents were there last year?",
    "May I smoke on a bike?",
    "Where can I buy a raincoat?",
    "How many languages does the app speak?",
    "Do you work with hotels?",
    "Can I ride in the snow with a membership?",
    "What does the owner of a lost bag pay?",
]


def city(salt, seed, stray=False, more=()):
    """Return a city that no one has seen: its articles, and its questions in other words, in the form of `questions`.

    One in four has no answer in the articles; with `stray`, two in five. `more`: more facts, and questions for them.
    """
    number = random.Random(f"{seed} {salt}").randrange(10**9)
    known = {one["fact"]: one for one in questions(number) if one["fact"]}
    asked = [{**known[fact], "question": words} for fact, words in [*OTHER_WORDS.items(), *more]]
    return articles(number), asked + [
        {"fact": None, "question": one, "article": None, "answer": None} for one in NOBODY_KNOWS[: 24 if stray else 12]
    ]
