# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="as-of" points=14 why="another style: a binary search for each row, a list of dictionaries"
def as_of(rows, reports, max_age):
    names = [name for name in reports.columns if name not in ("station_id", "reported_for", "received_at")]
    by_station = {station: part.sort_values("reported_for") for station, part in reports.groupby("station_id")}
    found = []
    for when, station in zip(rows["asked_at"], rows["station_id"]):
        values = dict.fromkeys(names, float("nan"))
        if station in by_station:
            part = by_station[station]
            place = part["reported_for"].searchsorted(when, side="right") - 1
            if place >= 0 and when - part["reported_for"].iloc[place] <= max_age:
                values = part.iloc[place][names].to_dict()
        found.append(values)
    return pd.concat([rows, pd.DataFrame(found, index=rows.index)], axis=1)

# %% grade_id="as-of" points=14 why="another style: all pairs, then the last one of each row; another order of columns"
def as_of(rows, reports, max_age):
    table = rows.copy().reset_index(drop=True)
    table["row"] = table.index
    pairs = table.merge(reports, on="station_id")
    pairs = pairs[pairs["reported_for"].between(pairs["asked_at"] - max_age, pairs["asked_at"])]
    best = pairs.loc[pairs.groupby("row")["reported_for"].idxmax()].set_index("row")
    for name in reports.columns.drop(["station_id", "reported_for", "received_at"]):
        table.insert(0, name, best[name].reindex(table.index))
    return table.drop(columns="row")

# %% grade_id="as-of" points=0 message="expected 20" why="Cy's join: the report of the window in which it was asked"
def as_of(rows, reports, max_age):
    window = reports.assign(window=reports["reported_for"].dt.floor("3h") - pd.Timedelta(hours=3)).drop(columns=["reported_for", "received_at"])
    window = window.drop_duplicates(["station_id", "window"])
    return rows.assign(window=rows["asked_at"].dt.floor("3h")).merge(window, on=["station_id", "window"], how="left")

# %% grade_id="as-of" points=0 message="departures_3h is 7 for station 4" why="forgets that values get too old"
def as_of(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    joined = pd.merge_asof(place, reports.sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id")
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="as-of" points=0 message="departures_3h is 10 for station 1" why="takes the nearest report, before or after"
def as_of(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    joined = pd.merge_asof(place, reports.sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age, direction="nearest")
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="as-of" points=0 message="the rows came back in another order" why="hands back what merge_asof gives"
def as_of(rows, reports, max_age):
    return pd.merge_asof(rows.sort_values("asked_at"), reports.sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)

# %% grade_id="as-of" points=5 message="the rows came back in another order" why="restores the order by the index, which need not be sorted: passes what is visible"
def as_of(rows, reports, max_age):
    joined = pd.merge_asof(rows.reset_index().sort_values("asked_at"), reports.sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)
    return joined.set_index("index").sort_index()

# %% grade_id="as-of" points=10 message="as_of stopped with KeyError" why="names the features of these reports in the code: passes what is visible"
def as_of(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    values = reports[["station_id", "reported_for", "departures_3h", "departures_24h"]].sort_values("reported_for")
    joined = pd.merge_asof(place, values, left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="as-of" points=10 message="missing in a fifth of the reports" why="leaves out reports with a missing number, so that an older one counts: passes what is visible"
def as_of(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    joined = pd.merge_asof(place, reports.dropna().sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="training-table" points=20 why="another style: asks the registry where the tables lie, and joins by hand"
def training_table(folder, rows, features):
    store = open_store(folder)
    result = rows.reset_index(drop=True)
    for reference in features:
        view_name, name = reference.split(":")
        view = store.get_feature_view(view_name)
        table = pd.read_parquet(view.batch_source.path)
        clock = view.batch_source.timestamp_field
        table = table[["station_id", clock, name]].sort_values(clock).astype({clock: "datetime64[ns, UTC]"})
        ordered = result[["asked_at", "station_id"]].sort_values("asked_at")
        joined = pd.merge_asof(ordered, table, left_on="asked_at", right_on=clock, by="station_id", tolerance=view.ttl)
        result[name] = pd.Series(joined[name].to_numpy(), index=ordered.index)
    return result

# %% grade_id="training-table" points=20 why="another style: one feature after the other, answers looked up in a Series by key"
def training_table(folder, rows, features):
    keys = pd.MultiIndex.from_frame(rows[["asked_at", "station_id"]])
    unique = keys.unique().to_frame(index=False)
    columns = {}
    for reference in features:
        answer = bos_table(folder, unique, [reference])
        name = reference.partition(":")[2]
        columns[name] = answer.set_index(["asked_at", "station_id"])[name].reindex(keys).to_numpy()
    return rows.assign(**columns)

# %% grade_id="training-table" points=0 message="4 rows came back of 7" why="trusts the store"
def training_table(folder, rows, features):
    return bos_table(folder, rows, features)

# %% grade_id="training-table" points=14 message="What one view drops must not take the other view's value with it" why="asks for all views at once: passes what is visible"
def training_table(folder, rows, features):
    found = bos_table(folder, rows[["asked_at", "station_id"]].drop_duplicates(), features)
    return rows.merge(found, on=["asked_at", "station_id"], how="left")

# %% grade_id="training-table" points=0 message="Length of values" why="puts the store's column beside the rows"
def training_table(folder, rows, features):
    names = [reference.split(":")[1] for reference in features]
    found = bos_table(folder, rows, features)
    return rows.assign(**{name: found[name].to_numpy() for name in names})

# %% grade_id="training-table" points=0 message="expected nothing (NaN)" why="fills what was lost with 0"
def training_table(folder, rows, features):
    names = [reference.split(":")[1] for reference in features]
    found = bos_table(folder, rows[["asked_at", "station_id"]].drop_duplicates(), features)
    joined = rows.merge(found, on=["asked_at", "station_id"], how="left")
    joined[names] = joined[names].fillna(0)
    return joined

# %% grade_id="training-table" points=0 message="5 rows came back of 7" why="an inner join: the pairs are back, the lost rows are not"
def training_table(folder, rows, features):
    found = bos_table(folder, rows[["asked_at", "station_id"]].drop_duplicates(), features)
    return rows.merge(found, on=["asked_at", "station_id"])

# %% grade_id="training-table" points=0 message="departures_3h is nothing (NaN) for station 1" why="joins back by a row number: of merged rows only one gets its values"
def training_table(folder, rows, features):
    numbered = rows.reset_index(drop=True).reset_index(names="number")
    names = [reference.split(":")[1] for reference in features]
    found = bos_table(folder, numbered, features).set_index("number")[names]
    return numbered.join(found, on="number").drop(columns="number")

# %% grade_id="training-table" points=14 message="how long a value counts, the store knows" why="joins the tables by hand, with the TTLs of our store written in: passes what is visible"
def training_table(folder, rows, features):
    docks = pd.read_parquet(f"{folder}/inspections.parquet").rename(columns={"inspected_at": "reported_for"})
    joined = as_of(rows, newest(pd.read_parquet(f"{folder}/reports.parquet")), HALF_DAY)
    joined = as_of(joined, docks, pd.Timedelta(days=3))
    return joined[[*rows.columns, *[reference.split(":")[1] for reference in features]]]

# %% grade_id="known-at" points=16 why="another style: a loop over the rows"
def known_at(rows, reports, max_age):
    names = [name for name in reports if name not in ("station_id", "reported_for", "received_at")]
    ordered = reports.sort_values(["reported_for", "received_at"])
    parts = dict(list(ordered.groupby("station_id")))
    result = rows.copy()
    values = np.full((len(rows), len(names)), np.nan)
    for number, row in enumerate(rows.itertuples()):
        part = parts.get(row.station_id)
        if part is None:
            continue
        there = part[(part["received_at"] <= row.asked_at) & (part["reported_for"] >= row.asked_at - max_age) & (part["reported_for"] <= row.asked_at)]
        if len(there):
            values[number] = there[names].to_numpy(float)[-1]
    result[names] = values
    return result

# %% grade_id="known-at" points=16 why="another style: a station at a time, a matrix of rows and reports, the last column that holds"
def known_at(rows, reports, max_age):
    names = list(reports.columns.drop(["station_id", "reported_for", "received_at"]))
    ordered = reports.sort_values(["reported_for", "received_at"])
    values = pd.DataFrame(np.nan, index=range(len(rows)), columns=names)
    for station, part in ordered.groupby("station_id"):
        places = np.flatnonzero(rows["station_id"] == station)
        asked = rows["asked_at"].iloc[places].to_numpy()[:, None]
        event, came = part["reported_for"].to_numpy()[None], part["received_at"].to_numpy()[None]
        holds = (event <= asked) & (event >= asked - max_age) & (came <= asked)
        last = len(part) - 1 - holds[:, ::-1].argmax(axis=1)
        values.iloc[places] = np.where(holds.any(axis=1)[:, None], part[names].to_numpy(float)[last], np.nan)
    return pd.concat([rows.reset_index(drop=True), values], axis=1)

# %% grade_id="known-at" points=0 message="at nine it was not known" why="event time alone"
def known_at(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    joined = pd.merge_asof(place, newest(reports).sort_values("reported_for"), left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="known-at" points=0 message="known_at and the service's log disagree" why="takes what came in last for the newest"
def known_at(rows, reports, max_age):
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    joined = pd.merge_asof(place, reports.sort_values("received_at"), left_on="asked_at", right_on="received_at", by="station_id")
    late = joined["asked_at"] - joined["reported_for"] > max_age
    joined.loc[late, ["departures_3h", "departures_24h"]] = np.nan
    return joined.sort_values("place", ignore_index=True)

# %% grade_id="known-at" points=5 message="known_at and the service's log disagree" why="keeps only the corrected version: before its arrival nothing is known" name="wrong-5"
def known_at(rows, reports, max_age):
    numbered = rows.reset_index(drop=True).reset_index(names="number")
    pairs = numbered[["number", "asked_at", "station_id"]].merge(newest(reports), on="station_id")
    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (pairs["asked_at"] - pairs["reported_for"] <= max_age) & (pairs["reported_for"] <= pairs["asked_at"])]
    last = pairs.sort_values("reported_for").drop_duplicates("number", keep="last")[["number", "departures_3h", "departures_24h"]]
    return numbered.merge(last, on="number", how="left")

# %% grade_id="known-at" points=5 message="known_at and the service's log disagree" why="never takes the correction" changes="wrong-5"
-    pairs = numbered[["number", "asked_at", "station_id"]].merge(newest(reports), on="station_id")
+    first = reports.sort_values("received_at").drop_duplicates(["station_id", "reported_for"])
+    pairs = numbered[["number", "asked_at", "station_id"]].merge(first, on="station_id")

# %% grade_id="known-at" points=6 message="With reports of which" why="measures the age from the arrival: passes what is visible" name="wrong-7"
def known_at(rows, reports, max_age):
    numbered = rows.reset_index(drop=True).reset_index(names="number")
    pairs = numbered[["number", "asked_at", "station_id"]].merge(reports, on="station_id")
    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (pairs["asked_at"] - pairs["received_at"] <= max_age) & (pairs["reported_for"] <= pairs["asked_at"])]
    last = pairs.sort_values(["reported_for", "received_at"]).drop_duplicates("number", keep="last")[["number", "departures_3h", "departures_24h"]]
    return numbered.merge(last, on="number", how="left")

# %% grade_id="known-at" points=5 message="known_at and the service's log disagree" why="takes a report that a wrong clock has dated ahead" changes="wrong-7"
-    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (pairs["asked_at"] - pairs["received_at"] <= max_age) & (pairs["reported_for"] <= pairs["asked_at"])]
+    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (pairs["asked_at"] - pairs["reported_for"] <= max_age)]

# %% grade_id="known-at" points=5 message="known_at and the service's log disagree" why="leaves out what came in on the very second" changes="wrong-7"
-    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (pairs["asked_at"] - pairs["received_at"] <= max_age) & (pairs["reported_for"] <= pairs["asked_at"])]
+    pairs = pairs[(pairs["received_at"] < pairs["asked_at"]) & (pairs["asked_at"] - pairs["reported_for"] <= max_age) & (pairs["reported_for"] <= pairs["asked_at"])]

# %% grade_id="refresh" points=16 why="another style: the whole history each time"
def refresh(folder, now):
    open_store(folder).materialize(pd.Timestamp("2000-01-01", tz="UTC"), now)

# %% grade_id="refresh" points=16 why="another style: one window for all views, as long as the longest TTL"
def refresh(folder, now):
    store = open_store(folder)
    longest = max(view.ttl for view in store.list_feature_views())
    store.materialize(start_date=(now - longest).to_pydatetime(), end_date=now.to_pydatetime())

# %% grade_id="refresh" points=0 message="also what came in late" why="Bo's job"
def refresh(folder, now):
    open_store(folder).materialize_incremental(now)

# %% grade_id="refresh" points=0 message="also what came in late" why="the last three hours, for that is how often it runs"
def refresh(folder, now):
    open_store(folder).materialize(now - pd.Timedelta(hours=3), now)

# %% grade_id="refresh" points=6 message="station_docks of station" why="twelve hours for all views: passes what is visible"
def refresh(folder, now):
    open_store(folder).materialize(now - pd.Timedelta(hours=12), now)

# %% grade_id="refresh" points=11 message="The TTL is the view's" why="takes the TTLs from the module, not from the store: passes what is visible"
def refresh(folder, now):
    store = open_store(folder)
    for name, ttl in TTL.items():
        store.materialize(now - ttl, now, feature_views=[name])

# %% grade_id="refresh" points=11 message="A window ends at `now`" why="a window that ends ten minutes later, to be safe: passes what is visible"
def refresh(folder, now):
    store = open_store(folder)
    for view in store.list_feature_views():
        store.materialize(now - view.ttl, now + pd.Timedelta(minutes=10), feature_views=[view.name])

# %% grade_id="online" points=14 why="another style: station by station, a list of dictionaries, seconds since 1970"
def online(folder, station_ids, features, now):
    store = open_store(folder)
    seconds = now.timestamp()
    limits = {view.name: view.ttl.total_seconds() for view in store.list_feature_views()}
    rows = []
    for station in station_ids:
        said = store.get_online_features(features, [{"station_id": station}]).to_dict(include_event_timestamps=True)
        row = {"station_id": station}
        for reference in features:
            view, name = reference.split(":")
            fresh_enough = seconds - said[f"{name}__ts"][0] <= limits[view]
            row[name] = said[name][0] if fresh_enough and said[name][0] is not None else np.nan
        rows.append(row)
    return pd.DataFrame(rows)

# %% grade_id="online" points=14 why="another style: to_df, full names, numpy"
def online(folder, station_ids, features, now):
    store = open_store(folder)
    table = store.get_online_features(features, {"station_id": list(station_ids)}, full_feature_names=True).to_df(include_event_timestamps=True)
    result = table[["station_id"]].copy()
    for reference in features:
        view, name = reference.split(":")
        oldest = (now - store.get_feature_view(view).ttl).timestamp()
        values = table[f"{view}__{name}"].astype(float)
        result[name] = np.where(table[f"{view}__{name}__ts"] >= oldest, values, np.nan)
    return result

# %% grade_id="online" points=0 message="That value is of yesterday noon" why="hands out what the store holds"
def online(folder, station_ids, features, now):
    return open_store(folder).get_online_features(features, [{"station_id": i} for i in station_ids]).to_df()

# %% grade_id="online" points=6 message="That is what a training table says about this moment" why="twelve hours for every feature: passes what is visible"
def online(folder, station_ids, features, now):
    found = open_store(folder).get_online_features(features, [{"station_id": i} for i in station_ids]).to_df(include_event_timestamps=True)
    for name in (reference.split(":")[1] for reference in features):
        age = now - pd.to_datetime(found[f"{name}__ts"], unit="s", utc=True)
        found[name] = found[name].astype(float).where(age <= HALF_DAY)
    return found

# %% grade_id="online" points=10 message="The TTL is the view's" why="takes the TTLs from the module, not from the store: passes what is visible"
def online(folder, station_ids, features, now):
    found = open_store(folder).get_online_features(features, [{"station_id": i} for i in station_ids]).to_df(include_event_timestamps=True)
    for view, name in (reference.split(":") for reference in features):
        age = now - pd.to_datetime(found[f"{name}__ts"], unit="s", utc=True)
        found[name] = found[name].astype(float).where(age <= TTL[view])
    return found

# %% grade_id="online" points=10 message="That is what a training table says about this moment" why="a value that is exactly as old as the TTL is refused: passes what is visible" name="wrong-6"
def online(folder, station_ids, features, now):
    store = open_store(folder)
    found = store.get_online_features(features, [{"station_id": i} for i in station_ids]).to_df(include_event_timestamps=True)
    for view, name in (reference.split(":") for reference in features):
        age = now - pd.to_datetime(found[f"{name}__ts"], unit="s", utc=True)
        found[name] = found[name].astype(float).where(age < store.get_feature_view(view).ttl)
    return found

# %% grade_id="online" points=0 message="online answered about the stations [1, 1]" why="leaves out stations of which nothing is known" changes="wrong-6"
-        found[name] = found[name].astype(float).where(age < store.get_feature_view(view).ttl)
+        found = found[age <= store.get_feature_view(view).ttl]

# %% grade_id="online" points=6 message="That is what a training table says about this moment" why="holds the first feature's time against the TTL, for all features: passes what is visible"
def online(folder, station_ids, features, now):
    store = open_store(folder)
    found = store.get_online_features(features, [{"station_id": i} for i in station_ids]).to_df(include_event_timestamps=True)
    view, first = features[0].split(":")
    fine = now - pd.to_datetime(found[f"{first}__ts"], unit="s", utc=True) <= store.get_feature_view(view).ttl
    names = [reference.split(":")[1] for reference in features]
    for name in names:
        found[name] = found[name].astype(float).where(fine)
    return found

# %% grade_id="online" points=6 message="The service asks the online store" why="asks the training table, and never the online store: passes what is visible"
def online(folder, station_ids, features, now):
    rows = pd.DataFrame({"station_id": list(station_ids), "asked_at": now})
    return training_table(folder, rows, features).drop(columns="asked_at")

# %% grade_id="busy" points=10 why="another style: one row at a time"
def of_one(row):
    three, day = row["departures_3h"], row["departures_24h"]
    if pd.isna(three) or pd.isna(day) or day == 0:
        return np.nan
    return 8 * three / day

def busy(inputs):
    return pd.DataFrame({"busy": [of_one(row) for _, row in inputs.iterrows()]}, index=inputs.index, dtype=float)

# %% grade_id="busy" points=10 why="another style: numpy, infinities replaced afterwards, an index given back"
def busy(inputs):
    three = pd.to_numeric(inputs["departures_3h"]).to_numpy(dtype=float)
    day = pd.to_numeric(inputs["departures_24h"]).to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = three * 8 / day
    return pd.DataFrame({"busy": pd.Series(ratio, index=inputs.index).replace([np.inf, -np.inf], np.nan)})

# %% grade_id="busy" points=0 message="must not depend on the other rows" why="Bo's: looks across the batch"
def busy(inputs):
    usual = inputs["departures_24h"].astype(float).mean() / 8
    return pd.DataFrame({"busy": inputs["departures_3h"].astype(float) / usual})

# %% grade_id="busy" points=0 message="over an eighth" why="compares three hours with a single one"
def busy(inputs):
    numbers = inputs[["departures_3h", "departures_24h"]].astype(float)
    day = numbers["departures_24h"].where(numbers["departures_24h"] > 0)
    return (numbers["departures_3h"] / (day / 24)).to_frame("busy")

# %% grade_id="busy" points=4 message="busy is inf" why="divides by zero: passes what is visible"
def busy(inputs):
    numbers = inputs[["departures_3h", "departures_24h"]].astype(float)
    return (8 * numbers["departures_3h"] / numbers["departures_24h"]).to_frame("busy")

# %% grade_id="busy" points=0 message="station 3 never reported" why="fills what is missing with an ordinary value"
def busy(inputs):
    numbers = inputs[["departures_3h", "departures_24h"]].astype(float)
    usual = numbers["departures_24h"] / 8
    return (numbers["departures_3h"] / usual.where(usual > 0)).fillna(1.0).to_frame("busy")

# %% grade_id="busy" points=4 message="the index is not that of the inputs" why="a frame with a new index: passes what is visible"
def busy(inputs):
    numbers = inputs[["departures_3h", "departures_24h"]].astype(float)
    usual = (numbers["departures_24h"] / 8).where(numbers["departures_24h"] > 0)
    return pd.DataFrame({"busy": (numbers["departures_3h"] / usual).to_numpy()})

# %% grade_id="busy" points=4 message="expected nan" why="takes a missing count for no departures: passes what is visible"
def busy(inputs):
    numbers = inputs[["departures_3h", "departures_24h"]].fillna(0).astype(float)
    usual = numbers["departures_24h"] / 8
    return (numbers["departures_3h"] / usual.where(usual > 0)).to_frame("busy")

# %% grade_id="busy" points=6 message="busy changed the table that it was given" why="works in the caller's table"
def busy(inputs):
    inputs["usual"] = inputs["departures_24h"].replace(0, np.nan) / 8
    inputs["busy"] = inputs["departures_3h"] / inputs["usual"]
    return inputs[["busy"]]

# %% grade_id="release" points=10 why="another style: a regular expression, a dictionary of numbers"
import re

def release(folder, name, features):
    there = services(folder)
    numbers = {int(found[1]): service for service in there if (found := re.fullmatch(re.escape(name) + r"_v(\d+)", service))}
    for service in numbers.values():
        if there[service] == features:
            return service
    number = max(numbers, default=0) + 1
    with quiet():
        open_store(folder).apply(FeatureService(name=f"{name}_v{number}", features=features))
    return f"{name}_v{number}"

# %% grade_id="release" points=10 why="another style: asks Feast for the services, puts the list together itself"
def release(folder, name, features):
    store = FeatureStore(repo_path=folder)
    start, highest = name + "_v", 0
    for service in store.list_feature_services():
        number = service.name[len(start):]
        if not service.name.startswith(start) or not number.isdecimal():
            continue
        held = [f"{view.name}:{field.name}" for view in service.feature_view_projections for field in view.features]
        if held == features:
            return service.name
        highest = max(highest, int(number))
    store.apply([FeatureService(name=start + str(highest + 1), features=features)])
    return start + str(highest + 1)

# %% grade_id="release" points=0 message="expected demand_v1, demand_v2" why="Ada's way: one name, replaced"
def release(folder, name, features):
    open_store(folder).apply([FeatureService(name=f"{name}_v1", features=features)])
    return f"{name}_v1"

# %% grade_id="release" points=0 message="and demand_v1 once more" why="a new version each time, though nothing is new"
def release(folder, name, features):
    numbers = [int(service.split("_v")[-1]) for service in services(folder) if service.rsplit("_v", 1)[0] == name]
    new = f"{name}_v{max(numbers, default=0) + 1}"
    open_store(folder).apply([FeatureService(name=new, features=features)])
    return new

# %% grade_id="release" points=4 message="after the highest, v10, comes v11" why="counts the versions: passes what is visible" name="wrong-5"
def release(folder, name, features):
    mine = {service: held for service, held in services(folder).items() if service.rsplit("_v", 1)[0] == name}
    for service, held in mine.items():
        if held == features:
            return service
    new = f"{name}_v{len(mine) + 1}"
    open_store(folder).apply([FeatureService(name=new, features=features)])
    return new

# %% grade_id="release" points=4 message="after the highest, v10, comes v11" why="the highest as text, v9, so that v10 is replaced: passes what is visible" changes="wrong-5"
-    new = f"{name}_v{len(mine) + 1}"
+    last = max(mine, default=f"{name}_v0")
+    new = f"{name}_v{int(last.rsplit('_v', 1)[1]) + 1}"

# %% grade_id="release" points=4 message="in another order are other inputs" why="compares without the order: passes what is visible"
def release(folder, name, features):
    mine = {service: held for service, held in services(folder).items() if service.rsplit("_v", 1)[0] == name}
    for service, held in mine.items():
        if set(held) == set(features):
            return service
    new = f"{name}_v{max((int(service.rsplit('_v', 1)[1]) for service in mine), default=0) + 1}"
    open_store(folder).apply([FeatureService(name=new, features=features)])
    return new

# %% grade_id="release" points=4 message="itself count" why="takes every name that begins alike for a version: passes what is visible" changes="wrong-5"
-    mine = {service: held for service, held in services(folder).items() if service.rsplit("_v", 1)[0] == name}
+    mine = {service: held for service, held in services(folder).items() if service.startswith(name)}
@@
-    new = f"{name}_v{len(mine) + 1}"
+    new = f"{name}_v{max((int(service.rsplit('_v', 1)[1]) for service in mine), default=0) + 1}"
