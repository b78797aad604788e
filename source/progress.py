# %% [markdown]
# # Your progress
#
# Run the cell below (Shift+Enter) to see every lab's state and points, by level and by career path, and which exercises are left.
# The points are those of the last grading, with the hidden tests. A lab that you have not started, or not graded yet, says so: that is
# not the same as zero points.

# %%
from autograder.overview import show

show()

# %% [markdown]
# **To grade what changed since**, run the next cell, then the one above again. Save your notebooks first. It runs on this machine, from a
# few seconds to a minute for each lab with new work, and sends nothing anywhere. The start page has a button that does the same, and
# `autograder progress` in a terminal, too.

# %%
# !autograder progress
