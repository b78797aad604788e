# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="the-exercise" points=100 why="another style: a lambda"
the_function = lambda argument: argument

# %% grade_id="the-exercise" points=0 message="what was found (2)" why="the mistake that most people make"
def the_function(argument):
    return argument + 1

# %% grade_id="the-exercise" points=40 message="the concept" why="passes what is visible, and is caught by the judge"
def the_function(argument):
    return 1

# %% grade_id="the-exercise" points=0 message="NoneType" why="forgets to return"
def the_function(argument):
    if argument is None:
        return argument
