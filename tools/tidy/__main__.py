"""`python -m tools.tidy [ROOT]`: exit status 0 if the tree is tidy, 1 if it is not."""

import sys
from pathlib import Path

from tools.tidy import violations
from tools.tidy.source import read_tree


def main() -> int:
    """Check the tree and print what is wrong."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    files = read_tree(root)
    if not files:
        print(f"tidy: {root} holds none of our files; give the root of the repository")
        return 1
    found = violations(files)
    for violation in found:
        print(violation)
    print(f"tidy: {len(files)} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
