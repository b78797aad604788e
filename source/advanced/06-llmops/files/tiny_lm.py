"""A small language model of words: a transformer of two layers that learns to go on from a question to its answer."""

import os

os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.abspath(".torch"))  # else PyTorch makes a folder beside those of all users

import torch
from torch import nn

LONGEST = 24  # words, question and answer together
PAD, ANSWER, END, UNKNOWN = "<pad>", "<answer>", "<end>", "<unknown>"


def tokenise(text):
    """Return the tokens of a text: words in small letters, and punctuation."""
    for sign in "?.,'":
        text = text.replace(sign, f" {sign} ")
    return text.lower().split()


class Tokeniser:
    """Numbers for words and back. A word that the training questions did not hold is <unknown>."""

    def __init__(self, words):
        self.words = list(words)
        self.number = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, pairs):
        """Return a tokeniser for the words of the pairs [question, answer]."""
        known = {word for pair in pairs for text in pair for word in tokenise(text)}
        return cls([PAD, ANSWER, END, UNKNOWN, *sorted(known)])

    def encode(self, text):
        """Return the numbers of a text's tokens."""
        return [self.number.get(word, self.number[UNKNOWN]) for word in tokenise(text)]

    def decode(self, numbers):
        """Return the text of numbers."""
        return " ".join(self.words[number] for number in numbers)


class TinyLM(nn.Module):
    """Scores for the next word, for each place of a text. Some 46,000 numbers to learn."""

    def __init__(self, words, width=48, heads=4, layers=2):
        super().__init__()
        self.word, self.place = nn.Embedding(words, width), nn.Embedding(LONGEST, width)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words)

    def forward(self, numbers):
        """numbers: (texts, places). Return (texts, places, words)."""
        places = numbers.shape[1]
        before = torch.triu(torch.full((places, places), float("-inf")), 1)  # a place sees only those before it
        hidden = self.word(numbers) + self.place(torch.arange(places))
        return self.head(self.norm(self.layers(hidden, mask=before)))


def batch_of(tokeniser, pairs):
    """Return a batch: (pairs, LONGEST) numbers, and the same with all that the model need not learn set to -100."""
    numbers = torch.zeros(len(pairs), LONGEST, dtype=torch.long)
    targets = torch.full((len(pairs), LONGEST), -100)
    for row, (question, answer) in enumerate(pairs):
        asked = [*tokeniser.encode(question), tokeniser.number[ANSWER]]
        text = [*asked, *tokeniser.encode(answer), tokeniser.number[END]][:LONGEST]
        numbers[row, : len(text)] = torch.tensor(text)
        targets[row, len(asked) - 1 : len(text) - 1] = numbers[row, len(asked) : len(text)]
    return numbers, targets


def loss_on(model, batch):
    """Return the mean loss of the answers' words: minus the logarithm of the probability that the model gives to each."""
    numbers, targets = batch
    return nn.functional.cross_entropy(model(numbers).flatten(0, 1), targets.flatten(), ignore_index=-100)


def train(pairs, validation, steps=300, every=20, seed=0, rate=3e-3, size=32, decay=0.0, keep=None):
    """Train, and return the model, its tokeniser and the curve: a list of [step, loss on the training pairs, loss on the validation pairs].

    `keep(step, state)`, if given, is called each time the losses are measured, with a copy of the model's numbers.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    tokeniser = Tokeniser.of(pairs)
    model = TinyLM(len(tokeniser.words))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    whole, unseen, curve = batch_of(tokeniser, pairs), batch_of(tokeniser, validation), []
    order = torch.Generator().manual_seed(seed)
    for step in range(1, steps + 1):
        some = torch.randint(len(pairs), (size,), generator=order)
        optimizer.zero_grad()
        loss_on(model, [part[some] for part in whole]).backward()
        optimizer.step()
        if step % every == 0:
            with torch.no_grad():
                curve.append([step, float(loss_on(model, [part[:64] for part in whole])), float(loss_on(model, unseen))])
            if keep is not None:
                keep(step, {name: value.clone() for name, value in model.state_dict().items()})
    return model, tokeniser, curve


@torch.no_grad()
def generate(model, tokeniser, questions, temperature=0.0, seed=0):
    """Return an answer for each question, word by word. At temperature 0 the likeliest word is taken, else one is drawn."""
    dice = torch.Generator().manual_seed(seed)
    texts = [[*tokeniser.encode(question), tokeniser.number[ANSWER]] for question in questions]
    starts, ended = [len(text) for text in texts], [False] * len(texts)
    while not all(ended):
        longest = max(map(len, texts))
        numbers = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        scores = model(numbers)[torch.arange(len(texts)), torch.tensor([len(text) - 1 for text in texts])]
        if temperature:
            chosen = torch.multinomial(torch.softmax(scores / temperature, -1), 1, generator=dice)[:, 0]
        else:
            chosen = scores.argmax(-1)
        for row, word in enumerate(chosen.tolist()):
            if not ended[row]:
                texts[row].append(word)
                ended[row] = word == tokeniser.number[END] or len(texts[row]) >= LONGEST
    end = tokeniser.number[END]
    return [tokeniser.decode([word for word in text[start:] if word != end]) for text, start in zip(texts, starts, strict=True)]
