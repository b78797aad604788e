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
#     minutes: 30
#     outcomes:
#     - Add two numbers
#     - Write a file that another program reads
#     - Read a plot of a sum
#     prerequisites: []
#     roadmap: Arithmetic
#     roles:
#     - MLOps Engineer
#     slug: small-lab
#     title: A small lab
#     tools:
#     - Python
# ---

# %% [markdown]
# # A small lab
#
# ## Why this matters
#
# It keeps every rule of the standard, and runs in seconds.
#
# ## Setup

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import Image

start = json.loads(Path("start.json").read_text())["start"]

# %% [markdown]
# ## Part 1 · Adding
#
# A worked example:

# %%
print(start + 1)

# %% [markdown]
# ### Exercise 1 — Add
# *Difficulty ●○○ · about 5 minutes*
#
# Write `add(a, b)`, which returns the sum.
#
# <details><summary>Hint 1</summary>Which operator makes a sum?</details>
# <details><summary>Hint 2</summary>It is a plus.</details>

# %% nbgrader={"grade": false, "grade_id": "add", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add(a, b):
    """Return the sum."""
    ### BEGIN SOLUTION
    the_sum_of_both = a + b
    return the_sum_of_both
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-add", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert add(1, 1) == 2, f"the sum of 1 and 1 is 2, not {add(1, 1)}"

# %% nbgrader={"grade": true, "grade_id": "judge-add", "locked": true, "points": 15, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: add, on other numbers.
### BEGIN HIDDEN TESTS
assert add(20, 22) == 42, f"20 and 22 make 42, not {add(20, 22)}"
assert add(-1, 1) == 0, "a negative number takes away"
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 — Write it down
# *Difficulty ●○○ · about 5 minutes*
#
# Write the sum of `start` and 1 into `sum.json`, under the key `sum`.
#
# <details><summary>Hint 1</summary>Which module writes JSON?</details>
# <details><summary>Hint 2</summary>It is json, with dumps.</details>

# %% nbgrader={"grade": false, "grade_id": "write", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
Path("sum.json").write_text(json.dumps({"sum": start + 1}))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-write", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert Path("sum.json").is_file(), "there is no sum.json: write it"

# %% nbgrader={"grade": true, "grade_id": "judge-write", "locked": true, "points": 15, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the content of sum.json.
### BEGIN HIDDEN TESTS
import json
from pathlib import Path
found = json.loads(Path("sum.json").read_text())
assert found.get("sum") == 42, f"sum.json holds {found}, expected the sum 42"
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Showing
#
# ### Exercise 3 — Double
# *Difficulty ●○○ · about 5 minutes*
#
# Write `double(values)`, which returns a list of doubles.
#
# <details><summary>Hint 1</summary>Go through them.</details>
# <details><summary>Hint 2</summary>A comprehension is short.</details>

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(values):
    """Return a list with the double of each value."""
    ### BEGIN SOLUTION
    return [2 * value for value in values]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-double", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert double([3]) == [6], f"the double of 3 is 6, not {double([3])}"

# %% nbgrader={"grade": true, "grade_id": "judge-double", "locked": true, "points": 15, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: double, on several values and on none.
### BEGIN HIDDEN TESTS
assert double([1, 5]) == [2, 10], f"the doubles of 1 and 5 are 2 and 10, not {double([1, 5])}"
assert double([]) == [], "no values have no doubles"
### END HIDDEN TESTS

# %% tags=["uses-answers"]
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot(double(range(5)))
ax.set(xlabel="value", ylabel="double")
fig.savefig("doubles.png")
plt.close(fig)
Image("doubles.png", alt="A straight line from 0 to 8: each value's double.")

# %% [markdown]
# ### Exercise 4 — Share
# *Difficulty ●○○ · about 5 minutes*
#
# Write `share(part, whole)`, a number from 0 to 1.
#
# <details><summary>Hint 1</summary>Divide.</details>
# <details><summary>Hint 2</summary>The part goes on top.</details>

# %% nbgrader={"grade": false, "grade_id": "share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def share(part, whole):
    """Return the part's share of the whole, 0 where there is no whole."""
    ### BEGIN SOLUTION
    return part / whole if whole else 0.0
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-share", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert share(1, 2) == 0.5, f"1 of 2 is a half, not {share(1, 2)}"
5 + 5 * (share(1, 4) == 0.25)

# %% nbgrader={"grade": true, "grade_id": "judge-share", "locked": true, "points": 15, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: share, with no whole.
### BEGIN HIDDEN TESTS
assert share(1, 0) == 0, f"without a whole the share is 0, not {share(1, 0)}"
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# That is all.
#
# ## Going further
#
# [Python's tutorial](https://docs.python.org/3/tutorial/)
