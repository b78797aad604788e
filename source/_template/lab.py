# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: beginner
#     minutes: 60
#     outcomes:
#     - Verb what one can do afterwards
#     - Verb a second thing
#     - Verb a third thing
#     prerequisites: []
#     roadmap: The row of the roadmap that it covers
#     roles:
#     - MLOps Engineer
#     slug: the-folders-name-without-its-number
#     title: The lab's title
#     tools:
#     - The tool
# ---

# %% [markdown]
# # The lab's title
#
# ## Why this matters
#
# What went wrong at Metro Bikes, and for whom. What the learner will be able to do about it. Explain every term where it first appears.
#
# ## Setup

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Imports, and what the tests stand on. This cell runs twice in the same folder with the same result.

# %% [markdown]
# ## Part 1 · One idea
#
# Explain it. Then a small worked example that runs:

# %%
# A worked example: learners may change or delete it, so no test uses its names.

# %% [markdown]
# ### Exercise 1 — Mend something that is broken
# *Difficulty ●○○ · about 10 minutes*
#
# What to do.
#
# Done means: what can be measured on the artefact.
#
# <details><summary>Hint 1</summary>A nudge.</details>
# <details><summary>Hint 2</summary>Nearly the answer, but no line of it.</details>

# %% nbgrader={"grade": false, "grade_id": "the-exercise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def the_function(argument):
    """Return what it says, with units."""
    ### BEGIN SOLUTION
    return argument
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-the-exercise", "locked": true, "points": 40, "schema_version": 3, "solution": false, "task": false}
assert the_function(1) == 1, f"the concept – what was found ({the_function(1)}), and what was expected (1)"

# %% nbgrader={"grade": true, "grade_id": "judge-the-exercise", "locked": true, "points": 60, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what, and on what.
### BEGIN HIDDEN TESTS
import random

fresh = random.Random(7).random()
assert the_function(fresh) == fresh, "the concept – what was found, and what was expected"
### END HIDDEN TESTS

# %% [markdown]
# What the learner made, as a picture with labelled axes and units:

# %% tags=["uses-answers"]
# fig.savefig("what.png"); plt.close(fig); Image("what.png", alt="what it shows")

# %% [markdown]
# **In older tutorials** you find the interface of before. Say what it was, what it is now, and since when.
#
# ## Putting it together
#
# What was broken is mended. What to take to work tomorrow.
#
# ## Going further
#
# - What to read, by whom: [the page's name](https://example.org/)
