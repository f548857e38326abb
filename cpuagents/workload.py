"""Workloads by name: a bundled one, a generated one, or a file in the grammar of rt-app."""

import sys
from pathlib import Path

from cpuagents import generator, rtapp
from cpuagents.bad_input import BadInput
from cpuagents.rtapp.place import nearest
from cpuagents.scenario import Scenario

GENERATED = "generated"
NR_TASKS_GENERATED = 8
STANDARD_INPUT = "-"
SIZE_MAX = 16 << 20  # Bytes.
_DIRECTORY = Path(__file__).with_name("workloads")


def bundled() -> dict[str, str]:
    """The bundled workloads: name and one line about each, sorted by name."""
    found = {}
    for path in sorted(_DIRECTORY.glob("*.json")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        found[path.stem] = first.removeprefix("// ").strip()
    return found


def load(
    name_or_path: str, nr_cpus: int, seed: int, options: rtapp.Options | None = None
) -> Scenario:
    """The scenario of a workload, fitted to `nr_cpus`.

    Args:   seed: decides what `generated` is; the others do not need it.
    Errors: BadInput naming file, place, what was found and the mend.
    """
    if name_or_path == GENERATED:
        return generator.generate(seed, nr_cpus, NR_TASKS_GENERATED)
    if name_or_path in bundled():
        path = _DIRECTORY / f"{name_or_path}.json"
        return rtapp.scenario_of(_content(path), path.name, name_or_path, nr_cpus, options)
    if name_or_path == STANDARD_INPUT:
        text = sys.stdin.read(SIZE_MAX)
        return rtapp.scenario_of(text, "standard input", "standard input", nr_cpus, options)
    path = Path(name_or_path)
    if not path.exists() and path.name == name_or_path and not path.suffix:
        mend = nearest(name_or_path, [*bundled(), GENERATED])
        raise BadInput(f"{name_or_path}: no such workload; {mend}, or name a file")
    return rtapp.scenario_of(_content(path), name_or_path, path.stem, nr_cpus, options)


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_MAX:
            raise BadInput(f"{path}: larger than any workload; is this the right file?")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}; check the name") from error
    except UnicodeDecodeError as error:
        text = f"byte {error.start} is not UTF-8; save the file as UTF-8"
        raise BadInput(f"{path}: {text}") from error
