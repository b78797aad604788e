"""Arguments and options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

CORES = os.cpu_count() or 1

LabNames = Annotated[list[str] | None, typer.Argument(metavar="[LAB]...", help="Labs, by slug; all of them if none is named.")]
LabName = Annotated[str, typer.Argument(metavar="LAB", help="A lab, by slug.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="How many notebooks run at the same time.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON, too.")]
CellSeconds = Annotated[float, typer.Option("--cell-seconds", min=1, help="How long one cell may run.")]
