"""Messages between processes: msgpack values behind a length, over socket pairs.

The coordinator reads and writes them under trio, the fork server and the control agents with
plain blocking sockets.
"""

import socket
from collections.abc import AsyncGenerator
from typing import Any

import msgpack
import trio

Message = dict[str, Any]  # Keys are names; values are what msgpack can carry.

LENGTH_BYTES = 4


def pack(message: Message) -> bytes:
    """The bytes of one message."""
    data: bytes = msgpack.packb(message)
    return len(data).to_bytes(LENGTH_BYTES, "little") + data


def send(sock: socket.socket, message: Message) -> None:
    """Send one message; blocks until it is gone."""
    sock.sendall(pack(message))


def receive(sock: socket.socket) -> Message | None:
    """The next message, or None when the other side is gone; blocks."""
    head = _read(sock, LENGTH_BYTES)
    if head is None:
        return None
    body = _read(sock, int.from_bytes(head, "little"))
    return None if body is None else msgpack.unpackb(body, strict_map_key=False)


def _read(sock: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            part = sock.recv(size - len(data))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return bytes(data)


class Channel:
    """The coordinator's end of a socket pair, under trio."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over `sock`; inside a trio run."""
        self._sending = trio.Lock()
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))

    async def send(self, message: Message) -> None:
        """Send one message; if the other side is gone, the death of it is news enough."""
        try:
            async with self._sending:
                await self._stream.send_all(pack(message))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Every message that comes, until the other side is gone."""
        data = bytearray()
        while True:
            while len(data) >= LENGTH_BYTES:
                size = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")
                if len(data) < size:
                    break
                yield msgpack.unpackb(bytes(data[LENGTH_BYTES:size]), strict_map_key=False)
                del data[:size]
            try:
                part = await self._stream.receive_some()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            if not part:
                return
            data += part

    async def aclose(self) -> None:
        """Close this end."""
        await self._stream.aclose()
