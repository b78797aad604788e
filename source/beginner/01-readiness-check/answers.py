# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="worst" points=10 why="another style: grep and cut instead of awk"
Path("worst.sh").write_text(r'''#!/usr/bin/env bash
grep -E ' /stations/[0-9]+/readings 5[0-9]{2} ' "$1" | cut -d ' ' -f 3 | cut -d / -f 3 | sort -n | uniq -c | sort -s -n -r -k 1,1 | head -3
''')

# %% grade_id="worst" points=10 why="another style: a loop and a counter in Bash itself"
script = [
    "declare -A failed",
    "while read -r _ _ path status _; do",
    "  [[ $path == /stations/*/readings && $status == 5* ]] || continue",
    "  station=${path#/stations/}",
    "  station=${station%%/*}",
    "  failed[$station]=$(( ${failed[$station]:-0} + 1 ))",
    'done < "$1"',
    'for station in "${!failed[@]}"; do echo "${failed[$station]} $station"; done | sort -k1,1nr -k2,2n | head -n 3',
]
with open("worst.sh", "w") as file:
    print(*script, sep="\n", file=file)

# %% grade_id="worst" points=2 message="The status is the fourth word" why="looks for 5xx anywhere after a blank, and finds durations of 500 ms and more"
Path("worst.sh").write_text(r'''
grep /stations/ "$1" | grep -E ' 5[0-9][0-9]' | cut -d / -f 3 | sort | uniq -c | sort -k1,1nr -k2,2n | head -n 3
''')

# %% grade_id="worst" points=4 message="Does it read the file that it is given" why="reads night.log, whatever it is given: passes what is visible"
Path("worst.sh").write_text(r'''
awk '$4 ~ /^5/ && $3 ~ /stations/ {print $3}' night.log | cut -d/ -f3 | sort | uniq -c | sort -k1,1nr -k2,2n | head -n 3
''')

# %% grade_id="worst" points=4 message="of equal counts the lower station first" why="sorts the whole line downwards, equal counts too: passes what is visible"
Path("worst.sh").write_text(r'''
awk '$4 ~ /^5/ && $3 ~ /readings/ {print $3}' "$1" | cut -d/ -f3 | sort | uniq -c | sort -nr | head -n 3
''')

# %% grade_id="worst" points=4 message="both compared as numbers" why="compares equal counts' stations as texts: passes what is visible"
Path("worst.sh").write_text(r'''
awk '$4 >= 500 && $3 ~ /readings/ {print $3}' "$1" | cut -d/ -f3 | sort | uniq -c | sort -k1,1nr -k2,2 | head -n 3
''')

# %% grade_id="worst" points=2 message="The status is the fourth word" why="counts the busiest stations, not the failing ones"
Path("worst.sh").write_text(r'''
grep -o 'stations/[0-9]*' "$1" | cut -d/ -f2 | sort | uniq -c | sort -k1,1nr -k2,2n | head -n 3
''')

# %% grade_id="worst" points=0 message="with the quotation marks" why="forgets the quotation marks around the argument"
Path("worst.sh").write_text(r'''
awk '$4 ~ /^5/ && $3 ~ /stations/ {print $3}' $1 | cut -d/ -f3 | sort | uniq -c | sort -k1,1nr -k2,2n | head -n 3
''')

# %% grade_id="worst" points=0 message="lines, expected 3" why="prints all stations"
Path("worst.sh").write_text(r'''
awk '$4 ~ /^5/ && $3 ~ /stations/ {print $3}' "$1" | cut -d/ -f3 | sort | uniq -c | sort -k1,1nr -k2,2n
''')

# %% grade_id="tidy" points=12 why="another style: the loop, with a set of its own"
def tidy(readings):
    seen, result = set(), []
    for reading in readings:
        if reading["event_id"] in seen:
            continue
        seen.add(reading["event_id"])
        pressure = reading["pressure_bar"]
        result.append(dict(reading, pressure_bar=float(pressure) if pressure != "" and pressure is not None else None))
    return result

# %% grade_id="tidy" points=12 why="another style: a deep copy first, a helper that asks for forgiveness, the list filled from behind"
import copy

def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None

def tidy(readings):
    mine = copy.deepcopy(readings)
    first = {reading["event_id"]: reading for reading in reversed(mine)}
    kept = [reading for reading in mine if first[reading["event_id"]] is reading]
    for reading in kept:
        reading["pressure_bar"] = number(reading["pressure_bar"])
    return kept

# %% grade_id="tidy" points=5 message="The first reading of an event counts" why="keeps the last reading of an event: passes what is visible"
def tidy(readings):
    last = {reading["event_id"]: reading for reading in readings}
    return [{**r, "pressure_bar": float(r["pressure_bar"]) if r["pressure_bar"] not in ("", None) else None} for r in last.values()]

# %% grade_id="tidy" points=5 message="tidy changed the readings that it was given" why="a new list of the old dictionaries: passes what is visible"
def tidy(readings):
    seen, result = set(), []
    for reading in list(readings):
        if reading["event_id"] not in seen:
            seen.add(reading["event_id"])
            reading["pressure_bar"] = None if reading["pressure_bar"] in ("", None) else float(reading["pressure_bar"])
            result.append(reading)
    return result

# %% grade_id="tidy" points=5 message="0.0 is a pressure" why="takes the number 0.0 for nothing: passes what is visible"
def tidy(readings):
    seen, result = set(), []
    for reading in readings:
        if reading["event_id"] not in seen:
            seen.add(reading["event_id"])
            result.append({**reading, "pressure_bar": float(reading["pressure_bar"]) if reading["pressure_bar"] else None})
    return result

# %% grade_id="tidy" points=5 message="in another order than they came in" why="sorts by the event's number: passes what is visible"
def tidy(readings):
    first = {}
    for r in readings:
        first.setdefault(r["event_id"], {**r, "pressure_bar": None if r["pressure_bar"] in ("", None) else float(r["pressure_bar"])})
    return [first[event] for event in sorted(first)]

# %% grade_id="tidy" points=0 message="a default value is made once" why="Bo's set in the default, with new dictionaries"
def tidy(readings, seen=set()):
    result = []
    for reading in readings:
        if reading["event_id"] not in seen:
            seen.add(reading["event_id"])
            result.append({**reading, "pressure_bar": None if reading["pressure_bar"] in ("", None) else float(reading["pressure_bar"])})
    return result

# %% grade_id="tidy" points=0 message="Expected each event once, in the order in which they came" why="leaves out bikes whose sensor sees nothing"
def tidy(readings):
    first = {}
    for reading in readings:
        if reading["pressure_bar"] not in ("", None):
            first.setdefault(reading["event_id"], {**reading, "pressure_bar": float(reading["pressure_bar"])})
    return list(first.values())

# %% grade_id="undo" points=14 why="another style: the limit put right by hand, in a commit that names the bad one"
rules = Path("nightly/rules.json")
rules.write_text(rules.read_text().replace("0.28", "2.8"))
git('commit --quiet -a -m "List bikes below 2.8 bar again" -m "Undoes 8618df8, where the limit became 0.28."')
git("push --quiet")

# %% grade_id="undo" points=14 why="another style: Bash in the notebook, a branch of its own, merged"
!cd nightly && git switch -q -c mend-limit && git revert --no-edit main~3 && git switch -q main && git merge -q --no-ff -m "Merge mend-limit" mend-limit && git push -q origin main

# %% grade_id="undo" points=3 message="the past was changed" why="throws away everything since the bad commit, and pushes by force"
git("reset --quiet --hard 4bb145a")
git("push --quiet --force origin main")

# %% grade_id="undo" points=0 message="the shared repository is not" why="forgets to push"
git("revert --no-edit 8618df8")

# %% grade_id="undo" points=7 message="Bo's good commit made it 3" why="takes the whole file from before the bad commit, and loses the third van"
git("checkout --quiet 4bb145a -- rules.json")
git('commit --quiet -m "Undo 8618df8"')
git("push --quiet")

# %% grade_id="undo" points=7 message="the past was changed" why="drops the commit with rebase: the files are right, the history is new"
git("rebase --quiet --onto 4bb145a 8618df8 main")
git("push --quiet --force origin main")

# %% grade_id="undo" points=10 message="No new commit names the one that it undoes" why="mends the number and does not say what it undoes: passes what is visible"
rules = Path("nightly/rules.json")
rules.write_text(rules.read_text().replace("0.28", "2.8"))
git('commit --quiet -a -m "Fix the limit"')
git("push --quiet")

# %% grade_id="undo" points=7 message="Bo's good commit made it 3" why="undoes the bad commit and all that came after it"
git("revert --no-edit 8618df8^..HEAD")
git("push --quiet")

# %% grade_id="undo" points=10 message="lacks what Ada's good commit brought" why="undoes one commit too many, of another file: passes what is visible"
git("revert --no-edit f61d9a6 8618df8")
git("push --quiet")

# %% grade_id="environment" points=12 why="another style: as in a terminal, with a pip inside"
!rm -rf night-env && {sys.executable} -m venv night-env
!night-env/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels dockfeed==1.4.2 tyreunits==1.1.0
!night-env/bin/python -m pip freeze --disable-pip-version-check > night.lock

# %% grade_id="environment" points=12 why="another style: venv as a library, a lock file written by hand, with a comment and an option"
import venv

venv.create("night-env", clear=True)
with open("night.lock", "w") as lock:
    print("--no-index", "# what the night job runs with", "dockfeed == 1.4.2", "tyreunits==1.1.0  # 2.0.0 takes kilopascals", sep="\n", file=lock)
!{sys.executable} -m pip --python night-env install --quiet --find-links wheels -r night.lock

# %% grade_id="environment" points=5 message="Which package came along in a new version" why="does what the server did on Sunday, and locks it" name="wrong-3"
subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", "night-env"], check=True)
pip_there = [sys.executable, "-m", "pip", "--python", "night-env/bin/python"]
subprocess.run([*pip_there, "install", "-q", "--no-index", "--find-links", "wheels", "-r", "requirements.txt"], check=True)
Path("night.lock").write_text(subprocess.run([*pip_there, "freeze"], capture_output=True, text=True).stdout)

# %% grade_id="environment" points=9 message="night.lock does not pin tyreunits" why="locks only what it asked for: passes what is visible"
subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", "night-env"], check=True)
pip_there = [sys.executable, "-m", "pip", "--python", "night-env/bin/python"]
subprocess.run([*pip_there, "install", "-q", "--no-index", "--find-links", "wheels", "dockfeed==1.4.2", "tyreunits==1.1.0"], check=True)
Path("night.lock").write_text(Path("requirements.txt").read_text())

# %% grade_id="environment" points=8 message="also looks into the packages of the Python that made it" why="an environment with a window to the notebook's packages: passes what is visible"
subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", "--system-site-packages", "night-env"], check=True)
pip_there = [sys.executable, "-m", "pip", "--python", "night-env/bin/python"]
subprocess.run([*pip_there, "install", "-q", "--no-index", "--find-links", "wheels", "-r", "requirements.txt", "tyreunits<2"], check=True)
Path("night.lock").write_text("dockfeed==1.4.2\ntyreunits==1.1.0\n")

# %% grade_id="environment" points=8 message="tyreunits is 2.0.0 in night-env, expected 1.1.0" why="mends the package by hand: passes what is visible" changes="wrong-3"
 subprocess.run([*pip_there, "install", "-q", "--no-index", "--find-links", "wheels", "-r", "requirements.txt"], check=True)
+(installed,) = Path("night-env").glob("lib/python*/site-packages/tyreunits.py")
+installed.write_text(installed.read_text().replace("/ 100,", "/ 100_000,"))

# %% grade_id="environment" points=9 message="which is no exact pin" why="writes a limit for a pin: passes what is visible"
subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", "night-env"], check=True)
Path("night.lock").write_text("dockfeed==1.4.2\ntyreunits<2\n")
subprocess.run([sys.executable, "-m", "pip", "--python", "night-env/bin/python", "install", "-q", "--no-index", "--find-links", "wheels", "-r", "night.lock"], check=True)

# %% grade_id="environment" points=2 message="There is no night-env/bin/python" why="puts the packages into a folder that is no environment"
import shutil

shutil.rmtree("night-env", ignore_errors=True)
subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", "night-env", "--no-index", "--find-links", "wheels", "dockfeed==1.4.2", "tyreunits==1.1.0"], check=True)
Path("night.lock").write_text("dockfeed==1.4.2\ntyreunits==1.1.0\n")

# %% grade_id="fetch" points=14 why="another style: the standard library, and a list of pauses"
import urllib.error
import urllib.request

def fetch(url, tries=4, timeout=0.5, pause=0.05):
    pauses = [0] + [pause * 2**n for n in range(tries - 1)]
    last = None
    for seconds in pauses:
        time.sleep(seconds)
        try:
            with urllib.request.urlopen(url, timeout=timeout) as reply:
                return json.load(reply)  # urllib raises for whatever is no success
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise
            last = error
        except OSError as error:
            last = error
    raise RuntimeError(f"{url} failed {tries} times, last with {last}")

# %% grade_id="fetch" points=14 why="another style: another library, and a function that calls itself"
import httpx

def fetch(url, tries=4, timeout=0.5, pause=0.05):
    try:
        reply = httpx.get(url, timeout=timeout)
        reply.raise_for_status()
    except httpx.HTTPStatusError as error:
        if error.response.status_code < 500 or tries == 1:
            raise
    except httpx.TransportError:
        if tries == 1:
            raise
    else:
        return reply.json()
    time.sleep(pause)
    return fetch(url, tries - 1, timeout, 2 * pause)

# %% grade_id="fetch" points=3 message="give up a request after `timeout` seconds" why="does not pass the time limit on"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries):
        try:
            reply = requests.get(url)
            if reply.status_code < 500:
                break
        except requests.ConnectionError:
            pass
        time.sleep(pause * 2**attempt)
    else:
        raise RuntimeError("gave up")
    reply.raise_for_status()
    return reply.json()

# %% grade_id="fetch" points=7 message="asking again cannot help" why="asks again after whatever failure"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries):
        try:
            reply = requests.get(url, timeout=timeout)
            reply.raise_for_status()
            return reply.json()
        except requests.RequestException:
            if attempt == tries - 1:
                raise
            time.sleep(pause * 2**attempt)

# %% grade_id="fetch" points=10 message="who gets nothing must know it" why="returns None when all tries have failed: passes what is visible"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries):
        try:
            reply = requests.get(url, timeout=timeout)
        except (requests.Timeout, requests.ConnectionError):
            reply = None
        if reply is not None and reply.status_code < 500:
            if not 200 <= reply.status_code < 300:
                raise RuntimeError(reply.status_code)
            return reply.json()
        time.sleep(pause * 2**attempt)

# %% grade_id="fetch" points=10 message="each twice as long as the one before" why="always the same pause: passes what is visible"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries):
        try:
            reply = requests.get(url, timeout=timeout)
            if reply.status_code < 500:
                if not 200 <= reply.status_code < 300:
                    raise RuntimeError(reply.status_code)
                return reply.json()
        except (requests.Timeout, requests.ConnectionError):
            pass
        time.sleep(pause)
    raise RuntimeError(url)

# %% grade_id="fetch" points=10 message="with tries=4 it was asked 5 times" why="counts the first request apart: passes what is visible"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries + 1):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            reply = requests.get(url, timeout=timeout)
        except (requests.Timeout, requests.ConnectionError):
            continue
        if reply.status_code < 500:
            if not 200 <= reply.status_code < 300:
                raise RuntimeError(reply.status_code)
            return reply.json()
    raise RuntimeError(url)

# %% grade_id="fetch" points=0 message="A status of 503 is no answer" why="looks for exceptions only, and takes an error's text for an answer"
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    for attempt in range(tries):
        try:
            return requests.get(url, timeout=timeout).json()
        except requests.RequestException:
            time.sleep(pause * 2**attempt)
    raise RuntimeError("gave up")

# %% grade_id="tests" points=14 why="another style: plain functions with several asserts each"
Path("test_urgency.py").write_text('''from urgency import urgency

def test_pressure():
    assert urgency(1.9, 0, 0) == urgency(0.0, 0, 0) == "now"
    assert urgency(2.0, 0, 0) == urgency(2.7, 0, 0) == "soon"
    assert urgency(2.8, 0, 0) == urgency(5, 0, 0) == "fine"

def test_reports():
    assert urgency(4.0, 0, 2) == "fine"
    assert urgency(4.0, 0, 3) == "now"
    assert urgency(4.0, 0, 30) == "now"

def test_service():
    assert urgency(4.0, 299, 0) == "fine"
    assert urgency(4.0, 300, 0) == "soon"
    assert urgency(1.0, 350, 0) == "now"

def test_unknown_pressure():
    assert urgency(None, 0, 0) == "fine"
    assert urgency(None, 500, 0) == "soon"
    assert urgency(None, 0, 5) == "now"
''')

# %% grade_id="tests" points=14 why="another style: unittest's classes, and the rule worked out a second time over a grid"
Path("test_urgency.py").write_text('''
import itertools
import unittest

from urgency import urgency

class TheRule(unittest.TestCase):
    def test_all_over_a_grid(self):
        for bar, km, reports in itertools.product([None, 0.0, 1.99, 2.0, 2.5, 2.79, 2.8, 3.0], [0, 299, 300, 400], range(5)):
            low = [] if bar is None else [limit for limit in (2.0, 2.8) if bar < limit]
            expected = "now" if 2.0 in low or reports >= 3 else "soon" if low or km >= 300 else "fine"
            with self.subTest(bar=bar, km=km, reports=reports):
                self.assertEqual(urgency(bar, km, reports), expected)
''')

# %% grade_id="tests" points=5 message="Test each border" why="tests the fault that was shown, and two easy bikes: passes what is visible"
Path("test_urgency.py").write_text('''
from urgency import urgency

def test_unknown():
    assert urgency(None, 20, 0) == "fine"

def test_easy():
    assert urgency(1.0, 20, 0) == "now"
    assert urgency(3.5, 400, 0) == "soon"
''')

# %% grade_id="tests" points=9 message="Which line of the rule says otherwise" why="tests all borders, and no two things at once: passes what is visible"
Path("test_urgency.py").write_text('''
import pytest
from urgency import urgency

ROWS = [(1.9, 0, 0, "now"), (2.0, 0, 0, "soon"), (2.79, 0, 0, "soon"), (2.8, 0, 0, "fine"), (3, 300, 0, "soon"), (3, 299, 0, "fine"), (3, 0, 2, "fine"), (3, 0, 3, "now"), (None, 0, 0, "fine")]

@pytest.mark.parametrize("bar, km, reports, expected", ROWS)
def test_rule(bar, km, reports, expected):
    assert urgency(bar, km, reports) == expected
''')

# %% grade_id="tests" points=0 message="they ask for something that the rule does not say" why="reads 'below 2.0' as 'up to 2.0'"
Path("test_urgency.py").write_text('''
from urgency import urgency

def test_border():
    assert urgency(2.0, 20, 0) == "now"
    assert urgency(2.8, 20, 0) == "soon"

def test_unknown():
    assert urgency(None, 20, 0) == "fine"
''')

# %% grade_id="tests" points=0 message="pytest found no test that it could run" why="a function that pytest does not know for a test"
Path("test_urgency.py").write_text('''
from urgency import urgency

def check_urgency():
    assert urgency(None, 20, 0) == "fine"
    assert urgency(0.0, 20, 0) == "now"
''')

# %% grade_id="tests" points=3 message="Your tests pass on urgency.py, and it is wrong" why="calls the code and never asserts anything"
Path("test_urgency.py").write_text('''
from urgency import urgency

def test_it_runs():
    for bar in (None, 0.0, 2.0, 2.8, 3.5):
        print(urgency(bar, 300, 3) == "now")
''')

# %% grade_id="forecast" points=14 why="another style: gradient boosting, which takes missing values, on the plain columns"
from sklearn.ensemble import HistGradientBoostingClassifier

def forecast(trips, cut):
    columns = trips.columns.difference(["day", "rider_id", "needs_repair"])
    before = trips.day < cut
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=6, learning_rate=0.1, random_state=1)
    model.fit(trips.loc[before, columns], trips.loc[before, "needs_repair"])
    return pd.Series(model.predict_proba(trips.loc[~before, columns])[:, 1], index=trips.index[~before])

# %% grade_id="forecast" points=14 why="another style: Cy's lines, each number taken from the early trips; a decision function, as a list"
from sklearn.linear_model import RidgeClassifier

def forecast(trips, cut):
    X = trips[["climb_m", "distance_km", "km_since_service", "tyre_pressure_bar"]]
    early, y = X[trips["day"] < cut], trips["needs_repair"][trips["day"] < cut]
    middle, mean, spread = early.median(), early.fillna(early.median()).mean(), early.fillna(early.median()).std()
    prepare = lambda part: (part.fillna(middle) - mean) / spread
    model = RidgeClassifier(class_weight="balanced").fit(prepare(early), y)
    return list(model.decision_function(prepare(X[trips["day"] >= cut])))

# %% grade_id="forecast" points=0 message="They know the answers that they are measured on" why="Cy's forecast as it was"
def forecast(trips, cut):
    return cys_forecast(trips, cut)

# %% grade_id="forecast" points=9 message="medians, means or standard deviations must come from the trips before the cut" why="drops the rate, and still scales over all trips: passes what is visible"
def forecast(trips, cut):
    X = trips[["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]]
    X = X.fillna(X.median())
    X = (X - X.mean()) / X.std()
    learn = trips["day"] < cut
    return LogisticRegression().fit(X[learn], trips["needs_repair"][learn]).predict_proba(X[~learn])[:, 1]

# %% grade_id="forecast" points=8 message="Does each column help, now that none knows the future" why="keeps the rate, learned from the early trips: no leak, and no use"
def forecast(trips, cut):
    early = trips[trips["day"] < cut]
    rate = trips["rider_id"].map(early.groupby("rider_id")["needs_repair"].mean()).fillna(early["needs_repair"].mean())
    X = trips[["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]].assign(rate=rate)
    X = X.fillna(early[X.columns[:-1]].median())
    X = (X - X.loc[early.index].mean()) / X.loc[early.index].std()
    model = LogisticRegression().fit(X.loc[early.index], early["needs_repair"])
    return model.predict_proba(X.drop(early.index))[:, 1]

# %% grade_id="forecast" points=6 message="They know the answers that they are measured on" why="fits on all trips, the later ones too" name="wrong-6"
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

def forecast(trips, cut):
    columns = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]
    model = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000)).fit(trips[columns], trips["needs_repair"])
    return model.predict_proba(trips.loc[trips["day"] >= cut, columns])[:, 1]

# %% grade_id="forecast" points=8 message="expected at least 0.77" why="returns yes or no instead of a score" changes="wrong-6"
-    model = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000)).fit(trips[columns], trips["needs_repair"])
-    return model.predict_proba(trips.loc[trips["day"] >= cut, columns])[:, 1]
+    early, late = trips[trips["day"] < cut], trips[trips["day"] >= cut]
+    return make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000)).fit(early[columns], early["needs_repair"]).predict(late[columns])

# %% grade_id="forecast" points=6 message="set random_state" why="learns from a sample, another at each call" changes="wrong-6"
-    model = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000)).fit(trips[columns], trips["needs_repair"])
-    return model.predict_proba(trips.loc[trips["day"] >= cut, columns])[:, 1]
+    early, late = trips[trips["day"] < cut].sample(frac=0.8), trips[trips["day"] >= cut]
+    return make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000)).fit(early[columns], early["needs_repair"]).predict_proba(late[columns])[:, 1]

# %% grade_id="cost" points=10 why="another style: pandas for the choice, a bill that is summed up as it goes"
def monthly_cost(offer, job):
    bill = dict(compute=0.0, storage=job["data_gb"] * job["storage_per_gb"], egress=0.0)
    bill["compute"] += offer["price_per_hour"] / 60 * offer["minutes"] * job["nights"]
    if offer["region"] != job["home"]:
        paid = job["read_gb"] * job["nights"] - job["free_egress_gb"]
        if paid > 0:
            bill["egress"] += paid * job["egress_per_gb"]
    bill["total"] = bill["compute"] + bill["storage"] + bill["egress"]
    return bill

def choose(offers, job):
    table = pd.DataFrame(offers)
    table["total"] = [monthly_cost(offer, job)["total"] for offer in offers]
    table = table[table["minutes"] <= job["minutes_available"]].sort_values("total")
    return None if table.empty else table["name"].iloc[0]

# %% grade_id="cost" points=10 why="another style: night by night, until nothing is free any more; a plain loop for the choice"
def egress(offer, job):
    left, euros = job["free_egress_gb"], 0.0
    for night in range(job["nights"]):
        free = min(left, job["read_gb"])
        left -= free
        euros += (job["read_gb"] - free) * job["egress_per_gb"]
    return euros if offer["region"] != job["home"] else 0.0

def monthly_cost(offer, job):
    parts = [job["nights"] * (offer["minutes"] / 60) * offer["price_per_hour"], job["data_gb"] * job["storage_per_gb"], egress(offer, job)]
    return dict(zip(["compute", "storage", "egress", "total"], [*parts, sum(parts)]))

def choose(offers, job):
    best, lowest = None, float("inf")
    for offer in offers:
        total = monthly_cost(offer, job)["total"]
        if offer["minutes"] <= job["minutes_available"] and total < lowest:
            best, lowest = offer["name"], total
    return best

# %% grade_id="cost" points=0 message="of these 360 GB the first 100 are free" why="takes the free GB off each night" name="wrong-3"
def monthly_cost(offer, job):
    away = offer["region"] != job["home"]
    compute = job["nights"] * offer["minutes"] / 60 * offer["price_per_hour"]
    storage = job["data_gb"] * job["storage_per_gb"]
    egress = away * job["nights"] * max(0, job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
    return {"compute": compute, "storage": storage, "egress": egress, "total": compute + storage + egress}

def choose(offers, job):
    return min([o for o in offers if o["minutes"] <= job["minutes_available"]], key=lambda o: monthly_cost(o, job)["total"])["name"]

# %% grade_id="cost" points=5 message="It needs 260 minutes a night" why="the cheapest of all, also of those that come too late" changes="wrong-3"
-    egress = away * job["nights"] * max(0, job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
+    egress = away * max(0, job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
@@
-    return min([o for o in offers if o["minutes"] <= job["minutes_available"]], key=lambda o: monthly_cost(o, job)["total"])["name"]
+    return min(offers, key=lambda o: monthly_cost(o, job)["total"])["name"]

# %% grade_id="cost" points=7 message="choose took" why="takes 'at most' for 'less than': passes what is visible" changes="wrong-3"
-    egress = away * job["nights"] * max(0, job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
+    egress = away * max(0, job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
@@
-    return min([o for o in offers if o["minutes"] <= job["minutes_available"]], key=lambda o: monthly_cost(o, job)["total"])["name"]
+    in_time = [o for o in offers if o["minutes"] < job["minutes_available"]]
+    return min(in_time, key=lambda o: monthly_cost(o, job)["total"])["name"] if in_time else None

# %% grade_id="cost" points=7 message="With other prices egress is -" why="pays money back where less leaves than is free: passes what is visible" name="wrong-6"
def monthly_cost(offer, job):
    egress = 0
    if offer["region"] != job["home"]:
        egress = (job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
    compute = job["nights"] * offer["minutes"] / 60 * offer["price_per_hour"]
    storage = job["data_gb"] * job["storage_per_gb"]
    return {"compute": compute, "storage": storage, "egress": egress, "total": compute + storage + egress}

def choose(offers, job):
    in_time = [o for o in offers if o["minutes"] <= job["minutes_available"]]
    return min(in_time, key=lambda o: monthly_cost(o, job)["total"])["name"] if in_time else None

# %% grade_id="cost" points=7 message="min()" why="does not think of nights on which nobody is in time: passes what is visible" changes="wrong-6"
-        egress = (job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
+        egress = max(job["nights"] * job["read_gb"] - job["free_egress_gb"], 0) * job["egress_per_gb"]
@@
-    in_time = [o for o in offers if o["minutes"] <= job["minutes_available"]]
-    return min(in_time, key=lambda o: monthly_cost(o, job)["total"])["name"] if in_time else None
+    return min((o for o in offers if o["minutes"] <= job["minutes_available"]), key=lambda o: monthly_cost(o, job)["total"])["name"]

# %% grade_id="cost" points=5 message="its data have to travel" why="chooses by compute alone"
def monthly_cost(offer, job):
    away = offer["region"] != job["home"]
    compute = job["nights"] * offer["minutes"] * offer["price_per_hour"] / 60
    storage = job["data_gb"] * job["storage_per_gb"]
    egress = away * max(0, job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"]
    return {"compute": compute, "storage": storage, "egress": egress, "total": compute + storage + egress}

def choose(offers, job):
    in_time = [o for o in offers if o["minutes"] <= job["minutes_available"]]
    return min(in_time, key=lambda o: o["price_per_hour"])["name"] if in_time else None
