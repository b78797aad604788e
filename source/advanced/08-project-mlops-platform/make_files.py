"""Write files/training.yaml, the compiled training pipeline, from files/training.py."""

import sys
from pathlib import Path

FILES = Path(__file__).resolve().parent / "files"


def main():
    """Write what lies beside the notebook and can be made again."""
    sys.path.insert(0, str(FILES))
    from training import compile_to

    compile_to(FILES / "training.yaml")


if __name__ == "__main__":
    main()
