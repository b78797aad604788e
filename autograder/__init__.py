"""Builds the labs from their sources, grades what learners hand in, and reports.

One straight way, one module a word, and no module imports one that comes after it:

    errors → offline → notebook → source → changes → answers → release → catalogue → aside → build → definitions → lint
    plain → files → guard → walls → mlflow_store → preload → room → warm → crossing → messages → kernelapp → enclosure → forkserver
    → sandbox → use → walled → unwalled → kernel
    canary → execute → restore → score → result → submitted
    gradebook → cohort → moment → people → bundle → forms → collect
    page → redact → feedback → autograde → attempts → workers → grade → late → marks → plots → report → export → similar → pairs
    progress → record → overview → startpage → handin → reset → solution → carry → update → reasons → validate
    conformance → check → show → options → cli_learner → cli_cohort → cli

The first line is the authors' room, the second the kernels' and their walls, the third one submission's way, the fourth how hand-ins
come into a cohort, the fifth what becomes of them, the sixth the learner's, the last what people call.
"""

import sys

# nbformat brings jsonschema, which builds a grammar for addresses of the web where it finds the parser: a second or two in every
# process, for a check that no notebook needs. It does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
