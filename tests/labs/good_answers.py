# Other answers to the small lab.

# %% grade_id="add" points=25 why="another style"
add = lambda a, b: sum([a, b])
def add(*numbers):
    return sum(numbers)

# %% grade_id="add" points=0 message="the sum of 1 and 1 is 2" why="takes away"
def add(a, b):
    return a - b

# %% grade_id="add" points=10 message="20 and 22 make 42" why="always two: passes what is visible"
def add(a, b):
    return 2

# %% grade_id="add" points=0 message="the sum of 1 and 1 is 2" why="joins texts"
def add(a, b):
    return f"{a}{b}"

# %% grade_id="write" points=25 why="another style"
with open("sum.json", "w") as file:
    json.dump(dict(sum=1 + start), file)

# %% grade_id="write" points=0 message="there is no sum.json" why="another name"
Path("total.json").write_text(json.dumps({"sum": start + 1}))

# %% grade_id="write" points=10 message="expected the sum 42" why="forgets the 1"
Path("sum.json").write_text(json.dumps({"sum": start}))

# %% grade_id="write" points=10 message="expected the sum 42" why="another key"
Path("sum.json").write_text(json.dumps({"total": start + 1}))

# %% grade_id="double" points=25 why="another style"
def double(values):
    return list(map(lambda value: value + value, values))

# %% grade_id="double" points=0 message="the double of 3 is 6" why="squares"
def double(values):
    return [value**2 for value in values]

# %% grade_id="double" points=10 message="the doubles of 1 and 5" why="only the first"
def double(values):
    return [2 * values[0]]

# %% grade_id="double" points=0 message="the double of 3 is 6" why="repeats the list"
def double(values):
    return 2 * values

# %% grade_id="share" points=25 why="another style"
def share(part, whole):
    try:
        return part / whole
    except ZeroDivisionError:
        return 0

# %% grade_id="share" points=15 message="1 of 2 is a half" why="upside down: zero comes out right by chance"
def share(part, whole):
    return whole / part

# %% grade_id="share" points=10 message="ZeroDivisionError" why="forgets the empty whole: passes what is visible"
def share(part, whole):
    return part / whole

# %% grade_id="share" points=20 message="some of the points" why="rounds"
def share(part, whole):
    return round(part / whole, 1) if whole else 0
