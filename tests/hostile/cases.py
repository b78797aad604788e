"""All cases, by family."""

from tests.hostile import (
    artefacts,
    forging_answers,
    honest,
    leaving_early,
    leftovers,
    not_a_notebook,
    not_ending,
    pages,
    partial_credit,
    patching_the_judge,
    posing,
    reaching_out,
    reading_hidden,
    too_much,
    touching_the_notebook,
)
from tests.hostile.case import Case

FAMILIES: dict[str, tuple[Case, ...]] = {
    "leaving early": leaving_early.CASES,
    "not ending": not_ending.CASES,
    "too much": too_much.CASES,
    "patching the judge": patching_the_judge.CASES,
    "forging answers": forging_answers.CASES,
    "partial credit": partial_credit.CASES,
    "posing as the kernel": posing.CASES,
    "reaching out": reaching_out.CASES,
    "reading hidden tests": reading_hidden.CASES,
    "touching the notebook": touching_the_notebook.CASES,
    "not a notebook": not_a_notebook.CASES,
    "honest": honest.CASES,
    "leftovers": leftovers.CASES,
    "artefacts": artefacts.CASES,
    "pages": pages.CASES,
}
CASES = [case for family in FAMILIES.values() for case in family]
assert len({case.name for case in CASES}) == len(CASES), "two cases have one name"

if __name__ == "__main__":
    for name, cases in FAMILIES.items():
        print(f"{len(cases):4} {name}")
    print(f"{len(CASES):4} in all")
