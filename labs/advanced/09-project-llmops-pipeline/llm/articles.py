# ruff: noqa: E501
"""The support desk's help articles: some twenty for each city, whose numbers depend on a seed; with questions and the facts that answer them."""

import random

# key, title, text with {names}, {name: values}, [(fact, the words that an answer must hold, questions)]
_TOPICS = [
    ("unlock", "Unlocking a bike", "Scan the code on the handlebar to open the lock. The lock opens within {a} seconds. If it stays shut, take another bike and report the number of the dock.",
     {"a": [5, 8, 12, 15]}, [("unlock-time", "{a} seconds", ["Within how many seconds does the lock open?", "How long until the lock opens after I scan the code?"])]),
    ("single", "Single ride", "A single ride costs {a} euros and lasts up to {b} minutes. Each further minute costs {c} cents. You pay with the card in the app.",
     {"a": [2, 3, 4], "b": [20, 25, 30, 45], "c": [10, 15, 18, 20]}, [("single-cost", "{a} euros", ["How much does a single ride cost?"]), ("single-further", "{c} cents", ["What does each further minute of a single ride cost?"])]),
    ("day", "Day pass", "The day pass costs {a} euros and is valid for 24 hours. Each ride with it lasts up to {b} minutes. You can lend it to nobody.",
     {"a": [9, 11, 12, 14], "b": [40, 50, 60]}, [("day-cost", "{a} euros", ["How much is the day pass?", "What does a day pass cost?"]), ("day-ride", "{b} minutes", ["How many minutes may each ride with a day pass last?"])]),
    ("month", "Monthly membership", "The monthly membership costs {a} euros and renews by itself. It ends if you cancel {b} days before the renewal. Cancel in the app under Membership.",
     {"a": [19, 22, 24, 27], "b": [2, 3, 5, 7]}, [("month-cost", "{a} euros", ["How much does the monthly membership cost?"]), ("month-cancel", "{b} days", ["How many days before the renewal must I cancel the membership?"])]),
    ("student", "Discount for students", "Students ride {a} percent cheaper. Upload your student card in the app. The desk checks it within {b} working days.",
     {"a": [20, 25, 30, 40], "b": [2, 3, 4]}, [("student-rate", "{a} percent", ["How many percent cheaper do students ride?"]), ("student-check", "{b} working days", ["Within how many days does the desk check a student card?"])]),
    ("refund", "Refunds", "Ask for a refund within {a} days of the ride. The desk answers within {b} working days. The money goes back to the card that paid.",
     {"a": [14, 21, 28, 30], "b": [3, 5, 6, 8]}, [("refund-days", "{a} days", ["Within how many days must I ask for a refund?"]), ("refund-answer", "{b} working days", ["How soon does the desk answer a refund request?"])]),
    ("damage", "A damaged bike", "Report a damaged bike in the app and lock it at any dock. You are not charged for rides under {a} minutes that end with a report. Do not ride on with a flat tyre.",
     {"a": [3, 4, 5, 6]}, [("damage-free", "{a} minutes", ["Up to how many minutes am I not charged if I report a damaged bike?"])]),
    ("lost", "Lost property", "Things left in a basket go to the lost property office. It keeps them for {a} weeks. Call the office on 555 {b} between 9 and 17 o'clock.",
     {"a": [4, 6, 8, 12], "b": ["0142", "0177", "0193", "0128"]}, [("lost-weeks", "{a} weeks", ["For how many weeks does the lost property office keep things?"]), ("lost-phone", "555 {b}", ["On which number do I call the lost property office?"])]),
    ("ebike", "E-bikes", "An ebike costs {a} cents more a minute. Its motor helps up to {b} km an hour. Do not charge the battery yourself.",
     {"a": [4, 6, 7, 9], "b": [20, 23, 25]}, [("ebike-cost", "{a} cents", ["How much more does an ebike cost a minute?"]), ("ebike-speed", "{b} km", ["Up to how many km an hour does the motor of an ebike help?"])]),
    ("child", "Children", "Riders must be at least {a} years old. A child seat carries up to {b} kg. Helmets for children are free at staffed stations.",
     {"a": [12, 14, 16], "b": [15, 18, 22]}, [("child-age", "{a} years", ["How old must riders be at least?"]), ("child-seat", "{b} kg", ["Up to how many kg does the child seat carry?"])]),
    ("basket", "Baskets and loads", "A basket carries up to {a} kg. Put nothing on the rear rack. Dogs may ride in the basket if they weigh less.",
     {"a": [7, 8, 9, 11]}, [("basket-load", "{a} kg", ["Up to how many kg does the basket carry?"])]),
    ("book", "Booking ahead", "You can book a bike {a} minutes ahead. A booking costs {b} cents. It lapses without a charge if the dock is out of order.",
     {"a": [10, 15, 20], "b": [50, 60, 80]}, [("book-ahead", "{a} minutes", ["How many minutes ahead can I book a bike?"]), ("book-cost", "{b} cents", ["What does a booking cost?"])]),
    ("pause", "Pausing a ride", "Pause a ride in the app to park outside a dock. A pause lasts up to {a} minutes. The minutes of the pause count as riding.",
     {"a": [8, 10, 14, 16]}, [("pause-time", "{a} minutes", ["Up to how many minutes does a pause last?"])]),
    ("full", "A full station", "If the station is full, the app shows the nearest free dock. You get {a} extra minutes for the way there. Press the button Station full first.",
     {"a": [9, 13, 17]}, [("full-extra", "{a} extra minutes", ["How many extra minutes do I get if the station is full?"])]),
    ("late", "Bikes not returned", "A bike that is not back after {a} hours counts as missing. The rider then pays {b} euros. We pay back all but 10 euros when it is found.",
     {"a": [26, 36, 48], "b": [150, 200, 250, 300]}, [("late-hours", "{a} hours", ["After how many hours does a bike count as missing?"]), ("late-cost", "{b} euros", ["How much does a rider pay for a missing bike?"])]),
    ("accident", "After an accident", "After an accident call 112 first and then our line on 555 {a}. Report it within {b} hours for the insurance. Take photographs of the place.",
     {"a": ["0911", "0922", "0933"], "b": [24, 72, 96]}, [("accident-phone", "555 {a}", ["Which line of yours do I call after an accident?"]), ("accident-report", "{b} hours", ["Within how many hours must an accident be reported for the insurance?"])]),
    ("winter", "Winter service", "In winter stations on the hill close at {a} o'clock. We take bikes in when it is colder than minus {b} degrees. The app shows which stations are open.",
     {"a": [18, 19, 20], "b": [6, 9, 11]}, [("winter-close", "{a} o'clock", ["When do stations on the hill close in winter?"]), ("winter-cold", "minus {b} degrees", ["Below which degrees are bikes taken in?"])]),
    ("invite", "Inviting a friend", "Invite a friend with your code from the app. Each of you gets {a} free minutes. You can invite up to {b} friends a year.",
     {"a": [35, 55, 65], "b": [5, 10, 12]}, [("invite-minutes", "{a} free minutes", ["How many free minutes does each of us get for inviting a friend?"]), ("invite-friends", "{b} friends", ["How many friends can I invite a year?"])]),
    ("notice", "Messages of the dock", "If the display says 'system notice', wait {a} seconds and scan again. Ignore the red light while it blinks. If the display shows nothing, take another dock.",
     {"a": [11, 18, 22]}, [("notice-wait", "{a} seconds", ["How many seconds do I wait if the display says 'system notice'?", "The dock says 'system notice'. How long must I wait before I scan again?"])]),
    ("remind", "Reminders", "The app reminds you {a} minutes before a ride gets more expensive. To ignore reminders, switch them off under Settings. You can repeat the introduction there too.",
     {"a": [3, 6, 7]}, [("remind-before", "{a} minutes", ["How many minutes before a ride gets more expensive does the app remind me?"])]),
    ("group", "Groups and companies", "A group books up to {a} bikes with one account. Companies get an invoice on day {b} of each month. Write to groups@metrobikes.example for an offer.",
     {"a": [6, 13, 16], "b": [3, 8, 14]}, [("group-size", "{a} bikes", ["How many bikes can a group book with one account?"]), ("group-invoice", "day {b}", ["On which day of the month do companies get an invoice?"])]),
    ("data", "Your data", "We keep the course of a ride for {a} months. Ask for a copy of your data in the app under Privacy. We delete an account within {b} days.",
     {"a": [3, 9, 18], "b": [10, 25, 31]}, [("data-months", "{a} months", ["For how many months is the course of a ride kept?"]), ("data-delete", "{b} days", ["Within how many days is an account deleted?"])]),
]  # fmt: skip
NO_ANSWER = [
    "How much does it cost to take a bike on the train?",
    "Which insurance covers my own bicycle at home?",
    "How many parking places for cars are at the harbour station?",
    "Do you sell used bikes at the end of the season?",
    "What colour will the new helmets have next spring?",
    "How many employees work at the repair workshop?",
    "Can I pay a single ride with cash or with bitcoin?",
    "Is there a museum ticket together with the day pass?",
]


def articles(seed: int = 0) -> list[dict]:
    """Return a city's articles: id, title, text. The ids are dealt anew for each seed."""
    return [{"id": one["id"], "title": one["title"], "text": one["text"]} for one in _city(seed)]


def questions(seed: int = 0) -> list[dict]:
    """Return a city's known questions: fact, question, article (the id of the one that answers it), answer (words that it must hold).

    Those without an answer in the articles have None for fact, article and answer, and stand last.
    """
    known = [
        {"fact": fact, "question": question, "article": one["id"], "answer": answer}
        for one in _city(seed)
        for fact, answer, asked in one["facts"]
        for question in asked
    ]
    return known + [{"fact": None, "question": question, "article": None, "answer": None} for question in NO_ANSWER]


def _city(seed: int) -> list[dict]:
    dice = random.Random(f"desk {seed}")
    numbers = dice.sample(range(10, 100), len(_TOPICS))
    city = []
    for number, (key, title, text, values, facts) in zip(numbers, _TOPICS, strict=True):
        drawn = {name: dice.choice(options) for name, options in values.items()}
        stated = [(fact, answer.format(**drawn), asked) for fact, answer, asked in facts]
        city.append({"id": f"A{number}", "key": key, "title": title, "text": text.format(**drawn), "facts": stated})
    return city
