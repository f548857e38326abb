"""Options of the suite; the soak tests are short unless asked otherwise."""

SOAK_RUNS = 96
SOAK_SEED = 1


def pytest_addoption(parser):
    """`--soak-runs` and `--soak-seed`."""
    parser.addoption("--soak-runs", type=int, default=SOAK_RUNS, help="schedules of a soak test")
    parser.addoption("--soak-seed", type=int, default=SOAK_SEED, help="seed of the soak tests")


def pytest_report_header(config):
    """The numbers that a soak test depends on, so that a failure can be repeated."""
    runs, seed = config.getoption("--soak-runs"), config.getoption("--soak-seed")
    return f"soak: --soak-runs {runs} --soak-seed {seed}"
