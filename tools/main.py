"""The `scxemu` command: its commands, and what becomes of errors.

Exit statuses: 0 clean, 1 finding, 2 bad input or usage, 3 our own bug, 4 inconclusive, 5 a replay
diverged, 130 interrupted.
"""

import sys
import traceback

import click

from cpuagents.bad_input import BadInput
from cpuagents.strategies import StrategyError
from emu.bpf.ops import PluginError
from emu.faults import UnknownFault
from emu.machine.arena import ArenaError
from emu.machine.irq import LineError
from tools.bench import bench
from tools.demo import demo
from tools.fuzz import fuzz
from tools.listing import listing
from tools.replay import replay
from tools.run import run

EXIT_BAD_INPUT = 2
EXIT_OWN_BUG = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141  # 128 + SIGPIPE, as a shell has it.


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="scx-emu")
def cli() -> None:
    """Emulate the kernel's extensible scheduler class, every CPU a process of its own.

    \b
    Examples:
      scxemu run ping_pong -s simple --cpus 4
      scxemu fuzz -s leaky --seed 1 --runs 2000
      scxemu replay findings/lost-wakeup-1f2e3d4c.repro --until 118
      scxemu run workload.json -s my_sched.py:MySched --mode free --time-scale 10

    \b
    Shell completion (bash; zsh and fish likewise):
      eval "$(_SCXEMU_COMPLETE=bash_source scxemu)"
    """


for command in (run, fuzz, replay, listing, bench, demo):
    cli.add_command(command)


def main() -> None:
    """Run the command line and leave with its exit status."""
    if not __debug__:
        click.echo("scxemu: runs with assertions only; leave out python -O", err=True)
        sys.exit(EXIT_BAD_INPUT)
    try:
        status = cli.main(prog_name="scxemu", standalone_mode=False)
    except click.exceptions.Exit as leave:
        status = leave.exit_code
    except click.ClickException as error:
        error.show()
        status = EXIT_BAD_INPUT
    except (BadInput, StrategyError, PluginError, UnknownFault, ArenaError, LineError) as error:
        click.echo(f"scxemu: {error}", err=True)
        status = EXIT_BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("scxemu: interrupted", err=True)
        status = EXIT_INTERRUPTED
    except SystemExit:
        status = EXIT_PIPE  # Click leaves like this when nobody reads the output any more.
    except Exception:
        traceback.print_exc()
        click.echo(
            "scxemu: this is a bug of scxemu; please report it with the lines above", err=True
        )
        status = EXIT_OWN_BUG
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
