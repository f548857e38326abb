"""Structures in shared memory, declared as classes whose attributes are fields of the machine.

- A structure is a class deriving from `Struct`; its fields lie in the order of their declaration.
- `size` is what one takes, a multiple of a cache line.
- A cell (an instance) has no attributes but its fields: everything else would not be shared.
"""

from typing import Any, ClassVar

from emu.machine import _machine as hw

CACHE_LINE_BYTES = 64


class _Slotted(type):
    """Gives every structure empty slots: state outside its fields would not be shared."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> "_Slotted":
        return super().__new__(cls, name, bases, {"__slots__": (), **body})


class Struct(hw.Cell, metaclass=_Slotted):
    """Base of every declared structure."""

    size: ClassVar[int] = 0
    fields: ClassVar[tuple[hw.Field, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Give each field its place, in the order of declaration."""
        at = 0
        fields = []
        for name, field in list(cls.__dict__.items()):
            if isinstance(field, hw.Field):
                field.name = name
                field.offset = at
                at += field.size
                fields.append(field)
        cls.fields = tuple(fields)
        cls.size = -(-at // CACHE_LINE_BYTES) * CACHE_LINE_BYTES

    @classmethod
    def field_at(cls, offset: int) -> str:
        """The name of the field that covers `offset` bytes from the start of a cell."""
        for field in cls.fields:
            if field.offset <= offset < field.offset + field.size:
                word = (offset - field.offset) // 8
                return f"{field.name}[{word}]" if field.nr > 1 else field.name
        return f"+{offset}"
