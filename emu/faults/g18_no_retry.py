"""G18: a consumer that goes home after it has lost its task."""

from emu.core import dispatch
from emu.faults.fault import Fault


def retry_after_loss() -> bool:
    """Whoever took the task will see to the rest."""
    return False


NO_RETRY = Fault(
    name="no-retry",
    guard="G18",
    about="a consumer that lost its task does not look at the DSQ again",
    story=(
        "T, of CPU 1, and U, for CPU 0 only, wait on the shared DSQ. CPU 0 wakes up for U.",
        "CPU 0 takes T off, the first one, and waits for the rq of CPU 1.",
        "Somebody changes T, and CPU 0 loses it.",
        "CPU 0 goes idle, and U waits for ever.",
    ),
    module=dispatch,
    function="retry_after_loss",
    replacement=retry_after_loss,
    scheduler="scheduler_plugins.simple:Simple",
    scenario="pin",
    strategy="sticky",
    within=1500,
)
