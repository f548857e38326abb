"""rt-app workloads: text -> nodes -> tasks, phases, events -> scenario.

`text` is the tolerant JSON, `place` the typed access with messages, `reader`, `tasks`, `events` and
`params` the grammar, `review` what concerns a file as a whole, `compile` the programs.
"""

from cpuagents.rtapp.compile import compiled
from cpuagents.rtapp.place import Options, Source
from cpuagents.rtapp.reader import read
from cpuagents.rtapp.review import review
from cpuagents.rtapp.text import Lines
from cpuagents.scenario import Scenario

__all__ = ["Options", "scenario_of"]


def scenario_of(
    content: str, file: str, name: str, nr_cpus: int, options: Options | None = None
) -> Scenario:
    """The scenario that the content of a file describes.

    Errors: BadInput naming file, place, what was found and the mend.
    """
    source = Source(file, Lines(content), nr_cpus, options or Options())
    workload = read(source, content)
    review(workload)
    return compiled(workload, name)
