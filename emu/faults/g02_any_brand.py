"""G02: a verdict on an old hand-over passes for one on the present hand-over."""

from emu.core import dispatch
from emu.faults.fault import Fault


def brand_matches(word: int, brand: int) -> bool:
    """That the scheduler owns the task is enough."""
    return True


ANY_BRAND = Fault(
    name="any-brand",
    guard="G02",
    about="the brand of a verdict is not compared",
    story=(
        "CPU 0 gives the verdict that T goes to its local DSQ.",
        "Somebody lets T run on CPU 1 only: it is taken off, and handed over again, newly branded.",
        "CPU 0 carries out the old verdict: a CPU that T may not use any more.",
    ),
    module=dispatch,
    function="brand_matches",
    replacement=brand_matches,
    scheduler="scheduler_plugins.courier:Courier",
    scenario="pin",
    strategy="sticky",
    within=100,
)
