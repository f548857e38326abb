"""`scxemu demo`: what `make run` shows. A planted bug is found, replayed, and absent elsewhere."""

from pathlib import Path

import click

from cpuagents import campaign, reproducer
from cpuagents.verdict import CLEAN, FOUND
from tools import fuzz, options, show

SEED = 1
RUNS = 2000
CPUS = 2
WORKLOAD = "rush"
BROKEN = "leaky"
CORRECT = "simple"
STRATEGY = "sticky"


@click.command()
@options.seed_option
@options.out_option
def demo(seed: int, out: Path) -> None:
    """Find the bug planted in a broken scheduler, replay it, and run a correct one beside it."""
    scenario = options.load_scenario(WORKLOAD, CPUS, seed)
    click.echo(f"$ scxemu fuzz {WORKLOAD} -s {BROKEN} --cpus {CPUS} --seed {seed} --runs {RUNS}")
    broken = options.make_setting(
        sched=BROKEN, cpus=CPUS, scenario=scenario, strategy=STRATEGY, seed=seed
    )
    ops_class = options.load_scheduler(BROKEN)
    found = fuzz.with_progress(broken, ops_class, RUNS, 0, out, show_bar=True)
    fuzz.report(found, broken)
    if found.verdict != FOUND or not found.path:
        click.echo("the planted bug was not found")
        raise click.exceptions.Exit(4)
    click.echo(f"\n$ scxemu replay {found.path}")
    again = campaign.replay(reproducer.load(found.path), ops_class, out=out)[0]
    same = again.finding is not None and found.finding is not None
    same = same and again.finding.signature == found.finding.signature  # type: ignore[union-attr]
    click.echo(f"replayed {'exactly' if same else 'with another end'}, trace {again.hash}")
    click.echo(f"\n$ scxemu fuzz {WORKLOAD} -s {CORRECT} --cpus {CPUS} --seed {seed} --runs {RUNS}")
    correct = options.make_setting(
        sched=CORRECT, cpus=CPUS, scenario=scenario, strategy=STRATEGY, seed=seed
    )
    clean = fuzz.with_progress(
        correct, options.load_scheduler(CORRECT), RUNS, 0, out, show_bar=True
    )
    fuzz.report(clean, correct)
    if not same or clean.verdict != CLEAN:
        show.leave(clean)
        raise click.exceptions.Exit(5)
