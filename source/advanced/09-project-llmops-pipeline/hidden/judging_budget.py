"""The judge of the budget: hours of each kind, drawn anew."""

from spend import losses

from judgekit import drawn


def judge_hours(play_spending, kinds):
    """Fail where hours of a kind lose something."""
    rng = drawn(f"hours {kinds}")
    for kind in kinds:
        for card in [*play_spending([kind], rng.randrange(10**6)), *play_spending([kind], rng.randrange(10**6))]:
            assert "error" not in card, f"in hours of the kind {kind} budget.py stopped with {card['error']}"
            lost = losses(card)
            assert not lost, f"hours of the kind {kind}: {lost[0]}"
