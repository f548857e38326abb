"""Reproducers: one file that shows a finding again. A file is data; loading one runs no code.

The form: a line that says what it is, with the version; the SHA-256 of the rest; then one
msgpack value with the setting, the schedule and the finding. Everything in it is checked before
it is used.
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from cpuagents import finding as findings
from cpuagents import schedule as schedules
from cpuagents import setting as settings
from cpuagents.bad_input import BadInput
from cpuagents.finding import Finding
from cpuagents.schedule import Schedule
from cpuagents.setting import Setting

NAME = b"scxemu reproducer "
VERSION = 1
DIGEST_BYTES = 32
SIZE_MAX = 64 << 20


@dataclass(frozen=True)
class Reproducer:
    """What a file holds."""

    setting: Setting
    schedule: Schedule
    finding: Finding


def save(directory: Path, reproducer: Reproducer) -> Path:
    """Write a reproducer so that it is on disk, whole, when this returns.

    Returns: its path, named after scheduler and signature: the same bug writes the same file.
    Errors:  BadInput if the directory cannot be written.
    """
    payload = msgpack.packb(
        {
            "setting": settings.to_data(reproducer.setting),
            "schedule": schedules.to_data(reproducer.schedule),
            "finding": findings.to_data(reproducer.finding),
        }
    )
    head = NAME + str(VERSION).encode() + b"\n" + hashlib.sha256(payload).digest()
    name = re.sub(r"[^A-Za-z0-9_]+", "-", reproducer.setting.scheduler.rpartition(":")[2]).lower()
    path = directory / f"{name}-{reproducer.finding.slug()}.repro"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_whole(path, head + payload)
    except OSError as error:
        raise BadInput(
            f"{path}: cannot write the finding: {error.strerror}; choose another place with --out"
        ) from error
    return path


def _write_whole(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".repro-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> Reproducer:
    """Read and check a reproducer.

    Errors: BadInput naming the file, what is wrong with it, and what to do.
    """
    try:
        if path.stat().st_size > SIZE_MAX:
            raise BadInput(f"{path}: larger than any reproducer; is this the right file?")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}; check the name") from error
    payload = _checked(path, data)
    try:
        value: Any = msgpack.unpackb(payload, strict_map_key=False)
        if not isinstance(value, dict):
            raise ValueError("it is not a table")
        return Reproducer(
            settings.from_data(value.get("setting")),
            schedules.from_data(value.get("schedule")),
            findings.from_data(value.get("finding")),
        )
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise BadInput(
            f"{path}: not a sound reproducer: {error}; find the bug again with scxemu fuzz"
        ) from error


def _checked(path: Path, data: bytes) -> bytes:
    first, _, rest = data.partition(b"\n")
    if not first.startswith(NAME):
        raise BadInput(f"{path}: not a reproducer; give a file that scxemu fuzz or run wrote")
    version = first.removeprefix(NAME).decode("ascii", "replace")
    if version != str(VERSION):
        raise BadInput(
            f"{path}: a reproducer of version {version}, this scxemu reads version {VERSION}; "
            "use the scxemu that wrote it, or find the bug again"
        )
    digest, payload = rest[:DIGEST_BYTES], rest[DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        raise BadInput(
            f"{path}: truncated or changed since it was written (its checksum is wrong); "
            "copy it again, or find the bug again"
        )
    return payload
