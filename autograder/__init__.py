"""Builds the labs from their sources, grades what learners hand in, and reports.

One straight way, one module per word, and no module imports one that comes after it:

    source → answers → release → catalogue → build → lint                      authors
    submitted → restore → crossing → kernel → execute → score                  one submission
    gradebook → feedback → cohort → grade → report                             a cohort
    check → progress → cli                                                     authors, learners, everybody
"""
