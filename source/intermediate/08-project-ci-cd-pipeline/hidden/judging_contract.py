"""What the judge cells of the contract share: tables that keep another contract, and such that do not."""


def depot_contract(chance):
    """Return a contract of another table, and rows that keep it."""
    depots = chance.sample(["North Yard", "Quay", "Mill", "Castle", "Station"], 3)
    low, high = chance.randrange(-40, -5), chance.randrange(60, 90)
    contract = {
        "key": ["night", "depot"],
        "columns": {
            "night": {"type": "date", "known": "before"},
            "depot": {"type": "text", "values": depots, "known": "before"},
            "balance": {"type": "number", "min": low, "max": high, "known": "after"},
            "staffed": {"type": "number", "values": [0, 1], "known": "before"},
            "charge_kwh": {"type": "number", "min": 0, "known": "after"},
            "driver": {"type": "text", "known": "before"},
            "remark": {"type": "text", "may_be_empty": True, "known": "after"},
            "spare": {"type": "number", "min": 0, "max": 9, "may_be_empty": True, "known": "after"},
        },
    }
    rows = [
        {
            "night": f"2026-02-{day:02}",
            "depot": depot,
            "balance": str(chance.randrange(low, high)),
            "staffed": chance.choice("01"),
            "charge_kwh": f"{chance.uniform(0, 900):.1f}",
            "driver": chance.choice(["Ola", "Pia", "Quim"]),
            "remark": chance.choice(["", "rain"]),
            "spare": chance.choice(["", "3"]),
        }
        for day in range(1, 29)
        for depot in depots
    ]
    rows[0]["balance"], rows[1]["balance"] = str(low), str(high)
    return contract, rows


def breaches(contract, rows, chance):
    """Return tables with one fault each: (what, the column that must be named or None, rows)."""
    at, other = chance.sample(range(5, len(rows)), 2)
    high, depots = contract["columns"]["balance"]["max"], contract["columns"]["depot"]["values"]

    def with_value(name, value, at=at, rows=rows):
        return [{**row, name: value} if number == at else row for number, row in enumerate(rows)]

    two = with_value("driver", "", other, with_value("balance", str(high + 1)))

    def renamed(old, new):
        return [{new if name == old else name: value for name, value in row.items()} for row in rows]

    return [
        ("a column is missing", "charge_kwh", [{name: value for name, value in row.items() if name != "charge_kwh"} for row in rows]),
        ("a column has another name", "balance", renamed("balance", "Balance")),
        (
            "a column that may be empty is missing altogether",
            "remark",
            [{name: value for name, value in row.items() if name != "remark"} for row in rows],
        ),
        ("one value is above the maximum", "balance", with_value("balance", str(high + 1))),
        ("one value is below the minimum, and the column has no maximum", "charge_kwh", with_value("charge_kwh", "-0.5")),
        ("one value has a decimal comma", "charge_kwh", with_value("charge_kwh", "12,5")),
        ("one number is the text nan", "balance", with_value("balance", "nan")),
        ("one number is the text inf, and the column has no maximum", "charge_kwh", with_value("charge_kwh", "inf")),
        ("one number is empty", "balance", with_value("balance", "")),
        ("one text is empty, and any text is allowed", "driver", with_value("driver", "")),
        ("one text is not among the allowed ones", "depot", with_value("depot", depots[0].lower())),
        ("one number is not among the allowed ones", "staffed", with_value("staffed", "2")),
        ("one value that may be empty is filled, and out of range", "spare", with_value("spare", "10")),
        ("one day does not exist", "night", with_value("night", "2026-02-30")),
        ("one day is written the other way round", "night", with_value("night", "14.02.2026")),
        ("one day is written without hyphens", "night", with_value("night", "20260214")),
        ("one balance is above the maximum, and one driver is empty", "balance", two),
        ("one balance is above the maximum, and one driver is empty", "driver", two),
        ("a row is there twice, with other numbers", None, [*rows, {**rows[at], "balance": "1"}]),
        ("the table has no rows", None, []),
    ]


def kept(contract, rows):
    """Return tables that keep the contract: (what, rows)."""
    return [
        ("the table as it should be", rows),
        ("the columns stand in another order", [dict(reversed(row.items())) for row in rows]),
        ("the rows stand in another order", rows[::-1]),
        ("there is one more column, which the contract does not know", [{**row, "weather": "nan"} for row in rows]),
        ("numbers are written 1.0 and 0.0", [{**row, "staffed": f"{row['staffed']}.0"} for row in rows]),
        ("a column that may be empty is empty", [{**row, "spare": "", "remark": ""} for row in rows]),
    ]
