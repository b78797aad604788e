"""What a submission's kernels used: noted by the place in which they run."""

from dataclasses import dataclass, field


@dataclass
class Use:
    """Bytes of memory at the peak, commands that were still running at the end, and why a kernel was ended, empty if none was."""

    peak: int = 0
    running: list[str] = field(default_factory=list)
    why: str = ""
