"""A display of its own for looking at the packed program from outside: Xvfb, its pixels, and closing a window.

Standard library only, and no program but Xvfb. The pixels are read from the file that Xvfb keeps them in; windows are
found and closed in X's own protocol, as a window manager would.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path
from types import TracebackType


class Screen:
    """`with Screen(1280, 800) as screen:` runs an X server; `screen.name` is its DISPLAY."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.name = ""

    def __enter__(self) -> Screen:
        self._folder = tempfile.TemporaryDirectory(prefix="screen-")
        reading, writing = os.pipe()
        # -ac: the program may run as another user than the one who looks.
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{self.width}x{self.height}x24", "-ac", "-noreset",
             "-nolisten", "tcp", "-fbdir", self._folder.name],
            pass_fds=[writing], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise OSError("Xvfb did not start")
        self.name = f":{number}"
        self._pixels = Path(self._folder.name) / "Xvfb_screen0"
        self._x = _Connection(int(number))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._x.close()
        self._server.terminate()
        self._server.wait(10)
        self._folder.cleanup()

    def rows(self) -> list[bytes]:
        """The screen now, top to bottom, four bytes a pixel: blue, green, red, nothing."""
        data = self._pixels.read_bytes()
        # The header of an XWD file: its own length first, bytes per line 13th, colours 20th (X11/XWDFile.h).
        head = struct.unpack_from(">20I", data)
        start, line = head[0] + 12 * head[19], head[12]
        return [data[start + y * line : start + y * line + 4 * self.width] for y in range(self.height)]

    def colours(self) -> int:
        """How many colours a sample of the screen shows: one while nothing is there, dozens once text is painted."""
        seen: set[int] = set()
        for row in self.rows()[::6]:
            seen.update(memoryview(row).cast("I"))
        return len(seen)

    def picture(self, path: Path) -> None:
        """Writes the screen as a PNG."""
        lines = []
        for row in self.rows():
            line = bytearray(3 * self.width)
            line[0::3], line[1::3], line[2::3] = row[2::4], row[1::4], row[0::4]
            lines.append(b"\0" + line)
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines), 6)), (b"IEND", b""))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts))

    def windows(self, program: str) -> list[int]:
        """The ids of the windows that are shown and whose class is `program`, whatever its capitals."""
        return [one for one in self._x.children() if self._x.is_shown(one) and program in self._x.classes(one)]

    def close_window(self, window: int) -> None:
        """What the cross in a window's corner does."""
        self._x.ask_to_close(window)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class _Connection:
    """As much of X's protocol as is needed (X Window System Protocol, release 7.7), in little-endian."""

    def __init__(self, display: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(f"/tmp/.X11-unix/X{display}")
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        accepted, _, _, length = struct.unpack("<BxHHH", self._exactly(8))
        body = self._exactly(4 * length)
        if accepted != 1:
            raise OSError("the X server refused the connection")
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        self._root = struct.unpack_from("<I", body, 32 + (vendor + 3) // 4 * 4 + 8 * formats)[0]

    def close(self) -> None:
        self._socket.close()

    def children(self) -> list[int]:
        body = self._ask(struct.pack("<BxHI", 15, 2, self._root))
        count = struct.unpack_from("<H", body, 16)[0]
        return list(struct.unpack_from(f"<{count}I", body, 32))

    def is_shown(self, window: int) -> bool:
        body = self._ask(struct.pack("<BxHI", 3, 2, window))
        return len(body) > 26 and body[26] == 2

    def classes(self, window: int) -> str:
        """Both halves of WM_CLASS (atom 67, a STRING, atom 31), in lower case."""
        body = self._ask(struct.pack("<BxHIIIII", 20, 6, window, 67, 31, 0, 64))
        length = struct.unpack_from("<I", body, 16)[0]
        return body[32 : 32 + length].decode("latin-1").lower()

    def ask_to_close(self, window: int) -> None:
        event = struct.pack("<BBHIIIIIII", 33, 32, 0, window, self._atom("WM_PROTOCOLS"), self._atom("WM_DELETE_WINDOW"),
                            0, 0, 0, 0)  # fmt: skip
        self._socket.sendall(struct.pack("<BBHII", 25, 0, 11, window, 0) + event)

    def _atom(self, name: str) -> int:
        raw = name.encode()
        words = (len(raw) + 3) // 4
        request = struct.pack("<BxHHxx", 16, 2 + words, len(raw)) + raw.ljust(4 * words, b"\0")
        return int(struct.unpack_from("<I", self._ask(request), 8)[0])

    def _ask(self, request: bytes) -> bytes:
        """The whole reply; an error (the window has gone meanwhile) is 64 zero bytes."""
        self._socket.sendall(request)
        while True:
            head = self._exactly(32)
            if head[0] == 0:
                return bytes(64)
            if head[0] == 1:
                return head + self._exactly(4 * int(struct.unpack_from("<I", head, 4)[0]))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise OSError("the X server has gone")
            data += piece
        return data
