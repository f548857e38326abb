"""`python -m tools.tidy [ROOT]`: exit status 0 if the tree is tidy, warnings aside, else 1."""

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
    nr_warnings = sum(violation.is_warning for violation in found)
    nr_violations = len(found) - nr_warnings
    print(f"tidy: {len(files)} files, {nr_violations} violations, {nr_warnings} warnings")
    return 1 if nr_violations else 0


if __name__ == "__main__":
    sys.exit(main())
