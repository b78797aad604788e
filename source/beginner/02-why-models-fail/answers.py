# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="since-when" points=15 why="another style: walks back from the end, returns a date, works with an index"
def first_bad_day(log, trips):
    happened = trips.set_index("hour")["trips"]
    said = log.set_index("hour")["answer"]
    pairs = pd.DataFrame({"said": said, "happened": happened}).dropna()
    day = pairs.index.date
    share = (pairs["said"] - pairs["happened"]).abs().groupby(day).sum() / pairs["happened"].groupby(day).sum()
    limit = 3 * share.iloc[:14].median()
    first = None
    for when in reversed(share.index.tolist()):
        if share[when] <= limit:
            break
        first = when
    return first if first is not None and (share.index >= first).sum() >= 3 else None

# %% grade_id="since-when" points=15 why="another style: squared errors in daily ratio, Timestamps, a helper"
def daily(log, trips):
    table = pd.merge(log, trips[["hour", "trips"]], how="inner", on="hour")
    table = table[table["status"] == 200]
    by = table.assign(sq=(table.answer - table.trips) ** 2).resample("D", on="hour")
    return (by["sq"].mean() ** 0.5 / by["trips"].mean()).dropna()

def first_bad_day(log, trips):
    ratio = daily(log, trips)
    bad = ratio > 2.2 * ratio.head(14).median()
    if bad.iloc[-3:].all():
        return bad[::-1].cumprod()[lambda b: b == 1].index.min()

# %% grade_id="since-when" points=0 message="That day the answers became slow, not wrong" why="takes the day of the latency for the day of the fault"
def first_bad_day(log, trips):
    ms = log.groupby(log["hour"].dt.strftime("%Y-%m-%d"))["ms"].median()
    return ms[ms > 2 * ms.iloc[:7].median()].index[0]

# %% grade_id="since-when" points=0 message="That is the first Saturday" why="the first day above a limit, whatever comes after it"
def first_bad_day(log, trips):
    known = log.merge(trips[["hour", "trips"]], on="hour")
    error = (known["answer"] - known["trips"]).abs().groupby(known["hour"].dt.strftime("%Y-%m-%d")).mean()
    bad = error[error > 2.5 * error.iloc[:14].median()]
    return bad.index[0] if len(bad) else None

# %% grade_id="since-when" points=10 message="grow no faster than the trips" why="measures the error in trips, so growth looks like a fault: passes what is visible"
def first_bad_day(log, trips):
    known = log.merge(trips[["hour", "trips"]], on="hour")
    error = (known["answer"] - known["trips"]).abs().groupby(known["hour"].dt.strftime("%Y-%m-%d")).mean()
    fine = error.index[error <= 2.5 * error.iloc[:14].median()]
    stretch = error.index[error.index > fine.max()]
    return stretch[0] if len(stretch) >= 3 else None

# %% grade_id="since-when" points=10 message="its hours are not" why="compares the day's totals: passes what is visible"
def first_bad_day(log, trips):
    known = log.merge(trips[["hour", "trips"]], on="hour").dropna()
    sums = known.groupby(known["hour"].dt.strftime("%Y-%m-%d"))[["answer", "trips"]].sum()
    share = (sums["answer"] / sums["trips"] - 1).abs()
    fine = share.index[share <= max(0.3, 2.5 * share.iloc[:14].median())]
    stretch = share.index[share.index > fine.max()]
    return stretch[0] if len(stretch) >= 3 else None

# %% grade_id="since-when" points=10 message="too low" why="looks only for answers that are too high: passes what is visible"
def first_bad_day(log, trips):
    known = log.merge(trips[["hour", "trips"]], on="hour").dropna()
    known["over"] = (known["answer"] - known["trips"]).clip(lower=0)
    sums = known.groupby(known["hour"].dt.strftime("%Y-%m-%d"))[["over", "trips"]].sum()
    share = sums["over"] / sums["trips"]
    fine = share.index[share <= 4 * share.iloc[:14].median()]
    stretch = share.index[share.index > fine.max()]
    return stretch[0] if len(stretch) >= 3 else None

# %% grade_id="since-when" points=5 message="weeks later the answers became too low" why="the first three bad days in a row, though all is well again after them: passes what is visible"
def first_bad_day(log, trips):
    both = log.merge(trips[["hour", "trips"]], on="hour")
    both["off"] = (both["answer"] - both["trips"]).abs()
    both["day"] = both["hour"].dt.strftime("%Y-%m-%d")
    days = both.dropna(subset=["off"]).groupby("day")[["off", "trips"]].sum()
    share = days["off"] / days["trips"]
    bad = share > 2.5 * share.iloc[:14].median()
    run = bad.rolling(3).sum() == 3
    return bad.index[np.flatnonzero(run)[0] - 2] if run.any() else None

# %% grade_id="bell" points=18 why="another style: a z-score of daily means, a loop over columns"
def bell(before, day):
    broken = []
    for column in ("temperature_c", "rain_mm", "wind_mps"):
        values = day[column]
        if values.notna().sum() < 13:
            broken.append(column)
        elif column != "rain_mm":
            usual = before.groupby(before["hour"].dt.date)[column].mean()
            if values.nunique() == 1 or abs(values.mean() - usual.mean()) / usual.std() > 5:
                broken.append(column)
        elif values.max() == values.min() > 0:
            broken.append(column)
    return broken

# %% grade_id="bell" points=18 why="another style: half of the day above all that was seen, numpy, a tuple"
def bell(before, day):
    def broken(column):
        values, past = day[column].to_numpy(float), before[column].to_numpy(float)
        if np.isnan(values).mean() > 0.45:
            return True
        if column == "rain_mm":
            return 0 < np.nanmin(values) == np.nanmax(values)
        return np.nanmax(values) == np.nanmin(values) or np.nanmedian(values) > np.nanmax(past)
    return tuple(column for column in ("temperature_c", "rain_mm", "wind_mps") if broken(column))

# %% grade_id="bell" points=0 message="healthy days your bell rang" why="Cy's bell: compares with the day before"
def bell(before, day):
    limits = {"temperature_c": 4, "rain_mm": 1, "wind_mps": 3}
    return [column for column, limit in limits.items() if abs(day[column].mean() - before[column].tail(24).mean()) > limit]

# %% grade_id="bell" points=0 message="Dry days and fronts are part of the weather" why="a dry day is a frozen rain gauge: rings all the time"
def bell(before, day):
    broken = []
    for column in ("temperature_c", "rain_mm", "wind_mps"):
        if day[column].isna().mean() >= 0.5 or day[column].nunique() == 1:
            broken.append(column)
    if abs(day["temperature_c"].mean() - before["temperature_c"].mean()) > 15:
        broken.append("temperature_c")
    return broken

# %% grade_id="bell" points=12 message="temperature in Fahrenheit" why="plain limits for each value: a unit that stays plausible slips through; passes what is visible"
def bell(before, day):
    limits = {"temperature_c": (-25, 45), "rain_mm": (0, 30), "wind_mps": (0, 30)}
    broken = []
    for column, (low, high) in limits.items():
        values = day[column].dropna()
        if len(values) <= 12 or not values.between(low, high).all() or (column != "rain_mm" and values.nunique() == 1):
            broken.append(column)
    return broken

# %% grade_id="bell" points=9 message="expected temperature_c on one of them" why="asks for missing and frozen values, not for the unit"
def bell(before, day):
    missing = day[["temperature_c", "rain_mm", "wind_mps"]].isna().mean() >= 0.5
    frozen = [column for column in ("temperature_c", "wind_mps") if day[column].nunique() == 1]
    return list(missing.index[missing]) + frozen

# %% grade_id="bell" points=9 message="A frozen value has an ordinary mean" why="looks at means alone"
def bell(before, day):
    broken = {column for column in ("temperature_c", "rain_mm", "wind_mps") if day[column].isna().mean() >= 0.5}
    if abs(day["temperature_c"].mean() - before["temperature_c"].mean()) > 15:
        broken.add("temperature_c")
    if day["wind_mps"].mean() > 2.5 * before["wind_mps"].mean():
        broken.add("wind_mps")
    return broken

# %% grade_id="bell" points=12 message="Nothing was broken, and the 14 days before, taken together" why="compares the temperature with the last day, as Cy does, only with a wider limit: passes what is visible"
def bell(before, day):
    broken, last = [], before.tail(24)
    for column in ("temperature_c", "rain_mm", "wind_mps"):
        now = day[column]
        gone = now.isna().mean() >= 0.5
        frozen = now.nunique() == 1 and not (column == "rain_mm" and now.max() == 0)
        jump = (column == "temperature_c" and abs(now.mean() - last[column].mean()) > 15) or (
            column == "wind_mps" and now.mean() > 2.5 * before[column].mean()
        )
        if gone or frozen or jump:
            broken.append(column)
    return broken

# %% grade_id="skew" points=18 why="another style: calls the notebook's prepare on a tiny table, and corrects what needs the memory"
def remember(table):
    return {"fill": table["temperature_c"].median().item(), "wind": table["wind_mps"].agg(["mean", "std"]).tolist()}

def features(request, memory):
    last = pd.Timestamp(request["hour"]).tz_localize(None)
    n = len(request["rain_mm"])
    table = pd.DataFrame({"hour": pd.date_range(end=last, periods=n, freq="h"), "rain_mm": np.array(request["rain_mm"], dtype=float)})
    table["temperature_c"] = memory["fill"] if request["temperature_c"] is None else request["temperature_c"]
    table["wind_mps"] = request["wind_mps"]
    row = prepare(table).iloc[-1].to_dict()
    mean, std = memory["wind"]
    return row | {"wind": (request["wind_mps"] - mean) / std}

# %% grade_id="skew" points=18 why="another style: remembers by column, more than it needs; numpy with ddof=1; a Series"
def remember(table):
    wind = table["wind_mps"].to_numpy()
    return {"columns": list(table.columns), "temperature_c": {"median": float(np.nanmedian(table["temperature_c"]))},
            "wind_mps": {"mean": float(wind.mean()), "sd": float(np.std(wind, ddof=1))}}

def features(request, memory):
    when = datetime.strptime(request["hour"], "%Y-%m-%dT%H:%M:%SZ")
    temperature = request["temperature_c"]
    if temperature is None:
        temperature = memory["temperature_c"]["median"]
    values = [when.hour, when.isoweekday() in (6, 7), temperature, float(np.nansum(np.array(request["rain_mm"], dtype=float))),
              (request["wind_mps"] - memory["wind_mps"]["mean"]) / memory["wind_mps"]["sd"]]
    return pd.Series(values, index=["hour", "weekend", "temperature_c", "wet", "wind"])

# %% grade_id="skew" points=2 message="Skew in 'wind'" why="NumPy's standard deviation"
def remember(table):
    return {"t": float(table["temperature_c"].median()), "m": float(np.mean(table["wind_mps"])), "s": float(np.std(table["wind_mps"].to_numpy()))}

def features(request, memory):
    when = datetime.fromisoformat(request["hour"])
    t = memory["t"] if request["temperature_c"] is None else request["temperature_c"]
    return {"hour": when.hour, "weekend": int(when.weekday() > 4), "temperature_c": t,
            "wet": sum(r or 0 for r in request["rain_mm"]), "wind": (request["wind_mps"] - memory["m"]) / memory["s"]}

# %% grade_id="skew" points=12 message="Where a measurement is missing or 0" why="a temperature of 0.0 counts as missing: passes what is visible" name="wrong-4"
def remember(table):
    return {"t": float(table["temperature_c"].median()), "m": float(table["wind_mps"].mean()), "s": float(table["wind_mps"].std())}

def features(request, memory):
    when = datetime.fromisoformat(request["hour"])
    return {"hour": when.hour, "weekend": int(when.weekday() >= 5), "temperature_c": request["temperature_c"] or memory["t"],
            "wet": sum(r or 0 for r in request["rain_mm"]), "wind": (request["wind_mps"] - memory["m"]) / memory["s"]}

# %% grade_id="skew" points=6 message="What belongs to a training table must come from the memory" why="writes autumn's numbers into the code: passes what is visible"
MEDIAN, MEAN, STD = autumn["temperature_c"].median(), autumn["wind_mps"].mean(), autumn["wind_mps"].std()

def remember(table):
    return {}

def features(request, memory):
    when = datetime.fromisoformat(request["hour"])
    t = request["temperature_c"] if request["temperature_c"] is not None else MEDIAN
    return {"hour": when.hour, "weekend": int(when.weekday() >= 5), "temperature_c": t,
            "wet": sum(r or 0 for r in request["rain_mm"]), "wind": (request["wind_mps"] - MEAN) / STD}

# %% grade_id="skew" points=2 message="Skew in 'wind'" why="calls prepare on a table of one row"
def remember(table):
    return {"t": float(table["temperature_c"].median())}

def features(request, memory):
    one = pd.DataFrame([request]).assign(hour=pd.Timestamp(request["hour"]), rain_mm=sum(r or 0 for r in request["rain_mm"]))
    one["temperature_c"] = one["temperature_c"].astype(float).fillna(memory["t"])
    return prepare(one).fillna(0).iloc[0].to_dict()

# %% grade_id="skew" points=2 message="Skew in 'wet'" why="mends the Saturday and forgets the rain of the two hours before" changes="wrong-4"
-    return {"hour": when.hour, "weekend": int(when.weekday() >= 5), "temperature_c": request["temperature_c"] or memory["t"],
-            "wet": sum(r or 0 for r in request["rain_mm"]), "wind": (request["wind_mps"] - memory["m"]) / memory["s"]}
+    t = memory["t"] if request["temperature_c"] is None else request["temperature_c"]
+    return {"hour": when.hour, "weekend": int(when.weekday() >= 5), "temperature_c": t,
+            "wet": request["rain_mm"][-1] or 0, "wind": (request["wind_mps"] - memory["m"]) / memory["s"]}

# %% grade_id="skew" points=0 message="does not fit into a JSON file" why="remembers a Series"
def remember(table):
    return {"median": table.median(numeric_only=True), "std": table.std(numeric_only=True)}

def features(request, memory):
    return bos_features(request)

# %% grade_id="post-mortem" points=18 why="another style: the csv module, datetime, sets"
import csv

def read(folder, name):
    with open(f"{folder}/{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))

def post_mortem(folder):
    def clock(seconds):
        return datetime.fromtimestamp(float(seconds), tz=timezone.utc)

    rows = read(folder, "answers")
    wrong = [i for i, row in enumerate(rows) if abs(float(row["answer"]) - float(row["should_be"])) > 10]
    began = clock(rows[wrong[0]]["asked_at"])
    after = rows[wrong[-1] + 1 :]
    mentions = [clock(m["ts"]) for m in read(folder, "chat") if "forecast" in m["text"].lower()]
    order = {row["commit"]: -place for place, row in enumerate(read(folder, "commits"))}
    live = [row["commit"] for row in read(folder, "deploys") if datetime.fromisoformat(row["at"]) <= began]
    return dict(began=began, wrong_answers=len(wrong), noticed=min(m for m in mentions if m > began),
                mended=clock(after[0]["asked_at"]) if after else None,
                suspects={c for c, place in order.items() if order[live[-2]] < place <= order[live[-1]]})

# %% grade_id="post-mortem" points=18 why="another style: an index of times, texts for results, NaT for nothing"
def post_mortem(folder):
    at = Path(folder)
    answers = pd.read_csv(at / "answers.csv")
    answers.index = pd.DatetimeIndex(answers["asked_at"] * 10**9)
    bad = ~np.isclose(answers["answer"], answers["should_be"], rtol=0, atol=10)
    wrong = answers[bad]
    later = answers[answers.index > wrong.index[-1]].index
    chat = pd.read_csv(at / "chat.csv")
    chat.index = pd.to_datetime(chat["ts"], unit="s")
    chat = chat[chat.index > wrong.index[0]]
    noticed = chat[chat["text"].str.lower().str.contains("forecast")].index[0]
    deploys = pd.read_csv(at / "deploys.csv", parse_dates=["at"]).set_index("at")["commit"]
    before = deploys[deploys.index.tz_localize(None) <= wrong.index[0]]
    commits = pd.read_csv(at / "commits.csv")["commit"]
    newest, oldest = commits[commits == before.iloc[-1]].index[0], commits[commits == before.iloc[-2]].index[0]
    return {"began": str(wrong.index[0]), "wrong_answers": bad.sum(), "noticed": str(noticed), "mended": later[0] if len(later) else pd.NaT,
            "suspects": tuple(commits[newest:oldest])}

# %% grade_id="post-mortem" points=9 message="Single right answers, at night" why="takes the first right answer for the mending" name="wrong-3"
def post_mortem(folder):
    folder = Path(folder)
    answers, chat = pd.read_csv(folder / "answers.csv"), pd.read_csv(folder / "chat.csv")
    commits, deploys = pd.read_csv(folder / "commits.csv"), pd.read_csv(folder / "deploys.csv")
    asked = pd.to_datetime(answers["asked_at"], unit="s", utc=True)
    wrong = (answers["answer"] - answers["should_be"]).abs() > 10
    began = asked[wrong].iloc[0]
    said = pd.to_datetime(chat["ts"], unit="s", utc=True)
    history = commits["commit"].tolist()[::-1]
    earlier, live = deploys["commit"][pd.to_datetime(deploys["at"], utc=True) <= began].tolist()[-2:]
    return {"began": began, "wrong_answers": int(wrong.sum()), "mended": asked[~wrong & (asked > began)].iloc[0],
            "noticed": said[(said > began) & chat["text"].str.contains("forecast", case=False)].iloc[0],
            "suspects": history[history.index(earlier) + 1 : history.index(live) + 1]}

# %% grade_id="post-mortem" points=9 message="it went live on the 18th" why="suspects by the time of writing" name="wrong-4"
def post_mortem(folder):
    folder = Path(folder)
    answers, chat = pd.read_csv(folder / "answers.csv"), pd.read_csv(folder / "chat.csv")
    commits, deploys = pd.read_csv(folder / "commits.csv"), pd.read_csv(folder / "deploys.csv")
    asked = pd.to_datetime(answers["asked_at"], unit="s", utc=True)
    wrong = (answers["answer"] - answers["should_be"]).abs() > 10
    began, last = asked[wrong].iloc[0], asked[wrong].iloc[-1]
    said = pd.to_datetime(chat["ts"], unit="s", utc=True)
    at, written = pd.to_datetime(deploys["at"], utc=True), pd.to_datetime(commits["authored_at"], utc=True)
    earlier, live = at[at <= began].tolist()[-2:]
    after = asked[asked > last]
    return {"began": began, "wrong_answers": int(wrong.sum()), "mended": after.iloc[0] if len(after) else None,
            "noticed": said[(said > began) & chat["text"].str.contains("forecast", case=False)].iloc[0],
            "suspects": commits["commit"][(written > earlier) & (written <= live)].tolist()}

# %% grade_id="post-mortem" points=12 message="IndexError" why="an incident is always over: passes what is visible"
def post_mortem(folder):
    folder = Path(folder)
    answers, chat = pd.read_csv(folder / "answers.csv"), pd.read_csv(folder / "chat.csv")
    commits, deploys = pd.read_csv(folder / "commits.csv"), pd.read_csv(folder / "deploys.csv")
    asked = pd.to_datetime(answers["asked_at"], unit="s", utc=True).tolist()
    wrong = [i for i in range(len(answers)) if abs(answers["answer"][i] - answers["should_be"][i]) > 10]
    began = asked[wrong[0]]
    said = pd.to_datetime(chat["ts"], unit="s", utc=True)
    history = commits["commit"].tolist()[::-1]
    earlier, live = deploys["commit"][pd.to_datetime(deploys["at"], utc=True) <= began].tolist()[-2:]
    return {"began": began, "wrong_answers": len(wrong), "mended": [t for t in asked if t > asked[wrong[-1]]][0],
            "noticed": said[(said > began) & chat["text"].str.contains("forecast", case=False)].iloc[0],
            "suspects": history[history.index(earlier) + 1 : history.index(live) + 1]}

# %% grade_id="post-mortem" points=12 message="suspects are missing" why="counts from the highest commit ever deployed, not from the deploy before: passes what is visible" changes="wrong-4"
-    at, written = pd.to_datetime(deploys["at"], utc=True), pd.to_datetime(commits["authored_at"], utc=True)
-    earlier, live = at[at <= began].tolist()[-2:]
+    history = commits["commit"].tolist()[::-1]
+    live = [history.index(c) for c in deploys["commit"][pd.to_datetime(deploys["at"], utc=True) <= began]]
@@
-            "suspects": commits["commit"][(written > earlier) & (written <= live)].tolist()}
+            "suspects": history[max(live[:-1]) + 1 : live[-1] + 1]}

# %% grade_id="post-mortem" points=12 message="some answers too high and others too low" why="counts only answers that are too high: passes what is visible" changes="wrong-3"
-    wrong = (answers["answer"] - answers["should_be"]).abs() > 10
-    began = asked[wrong].iloc[0]
+    wrong = (answers["answer"] - answers["should_be"]) > 10
+    began, last = asked[wrong].iloc[0], asked[wrong].iloc[-1]
@@
-    return {"began": began, "wrong_answers": int(wrong.sum()), "mended": asked[~wrong & (asked > began)].iloc[0],
+    after = asked[asked > last]
+    return {"began": began, "wrong_answers": int(wrong.sum()), "mended": after.iloc[0] if len(after) else None,

# %% grade_id="post-mortem" points=6 message="On an incident that is over" why="writes this incident's facts into the code: passes what is visible"
def post_mortem(folder):
    return {"began": "2025-03-18 05:55", "wrong_answers": 413, "noticed": "2025-04-04 07:18:09", "mended": "2025-04-10 15:55",
            "suspects": ["7f6e1d8", "a95d03c"]}

# %% grade_id="loop" points=17 why="another style: plain loops; boldly up where every bike was taken, else the mean and a spread"
def forecast(history):
    last = history[history["day"] > history["day"].max() - 7]
    result = {}
    for station in range(1, 13):
        rows = last[last["station"] == station]
        left_over = sum(bikes > trips for bikes, trips in zip(rows["bikes"], rows["trips"]))
        mean = sum(rows["trips"]) / len(rows)
        result[station] = 2 + 1.6 * max(rows["bikes"]) if left_over <= 2 else mean + 1.2 * mean**0.5
    return result

# %% grade_id="loop" points=17 why="another style: a quantile of two weeks, half as much again where most days were sold out; whole bikes in a Series"
def forecast(history):
    plan = {}
    for station, rows in history.groupby("station"):
        rows = rows.sort_values("day").tail(14)
        level = rows["trips"].tail(7).quantile(0.8)
        plan[station] = round(level * (1.5 if (rows["trips"] >= rows["bikes"]).mean() > 0.4 else 1.15)) + 1
    return pd.Series(plan)

# %% grade_id="loop" points=11 message="does your forecast tell them apart" why="Ada's forecast times a constant, bikes never read: passes what is visible"
def forecast(history):
    newest = history[history["day"] > history["day"].max() - 14]
    return (1.4 * newest.groupby("station")["trips"].mean()).to_dict()

# %% grade_id="loop" points=0 message="trained on what it allowed itself" why="Ada's forecast"
def forecast(history):
    newest = history[history["day"] > history["day"].max() - 14]
    return newest.groupby("station")["trips"].mean()

# %% grade_id="loop" points=0 message="There are not enough bikes" why="puts out plenty"
def forecast(history):
    return history.groupby("station")["bikes"].max()

# %% grade_id="loop" points=0 message="trained on what it allowed itself" why="leaves out sold-out days: only the calm ones remain"
def forecast(history):
    newest = history[(history["day"] > history["day"].max() - 14) & (history["trips"] < history["bikes"])]
    return newest.groupby("station")["trips"].mean().reindex(range(1, 13)).fillna(20)

# %% grade_id="loop" points=5 message="In a city that grows" why="never learns again, so it cannot go wrong: passes what is visible"
def forecast(history):
    first = history[history["day"] < 14]
    return 1.25 * first.groupby("station")["trips"].mean()

# %% grade_id="loop" points=5 message="In a city that grows" why="the best of the last days: passes what is visible"
def forecast(history):
    newest = history[history["day"] > history["day"].max() - 14]
    return newest.groupby("station")["trips"].max()

# %% grade_id="choose" points=14 why="another style: bits, a set"
def choose(incidents, budget):
    names = list(CONTROLS)
    best, least = set(), replay(incidents)
    for bits in range(1, 2 ** len(names)):
        chosen = {name for place, name in enumerate(names) if bits >> place & 1}
        if sum(map(CONTROLS.get, chosen)) <= budget and replay(incidents, chosen) < least:
            best, least = chosen, replay(incidents, chosen)
    return best

# %% grade_id="choose" points=14 why="another style: recursion over the controls, a tuple"
def choose(incidents, budget, left=tuple(CONTROLS), chosen=()):
    if not left:
        return chosen
    first, *rest = left
    options = [choose(incidents, budget, tuple(rest), chosen)]
    if CONTROLS[first] <= budget:
        options.append(choose(incidents, budget - CONTROLS[first], tuple(rest), (*chosen, first)))
    return min(options, key=lambda names: replay(incidents, names))

# %% grade_id="choose" points=0 message="what one control saves depends on which others are there" why="the best single savings first"
def choose(incidents, budget):
    chosen = []
    for control in sorted(CONTROLS, key=lambda c: replay(incidents, [c])):
        if sum(CONTROLS[c] for c in chosen) + CONTROLS[control] <= budget:
            chosen.append(control)
    return chosen

# %% grade_id="choose" points=5 message="brings it down to" why="the best saving per day first, again and again: passes what is visible"
def choose(incidents, budget):
    chosen = []
    while True:
        left = budget - sum(CONTROLS[c] for c in chosen)
        options = [c for c in CONTROLS if c not in chosen and CONTROLS[c] <= left]
        if not options:
            return chosen
        chosen.append(min(options, key=lambda c: (replay(incidents, [*chosen, c]) - replay(incidents, chosen)) / CONTROLS[c]))

# %% grade_id="choose" points=0 message="take 25 days to build" why="everything is best"
def choose(incidents, budget):
    return list(CONTROLS) if budget > 1 else []

# %% grade_id="choose" points=5 message="Another set brings it down" why="the answer for these incidents, for all: passes what is visible"
def choose(incidents, budget):
    return ["input contract", "monitoring", "rollback"] if budget >= 11 else []
