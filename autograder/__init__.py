"""Builds the labs from their sources, grades what learners hand in, and reports.

One straight way, one module a word, and no module imports one that comes after it:

    errors → offline → notebook → source → answers → release → catalogue → build → definitions → lint
    plain → crossing → guard → kernel → execute → restore → score → result → submitted
    gradebook → cohort → page → redact → feedback → grade → plots → report
    conformance → check → progress → show → cli

The first line is the authors' room, the second one submission's way, the third a cohort's, the last what people call.
"""
