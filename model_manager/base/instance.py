"""One window for each data folder: a second start hands its file to the first, and leaves.

The first holds a lock, which the system drops when the process dies, so a socket without a lock is stale. It listens on
a Unix socket in the program's own data folder; on Windows on a port of this computer alone, with a secret that lies in
that folder. Whatever fails here, a window opens.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

from model_manager.base.locking import taken

log = logging.getLogger(__name__)

WAIT = 1.5
"""Seconds that a second start waits for the first to answer, before it opens a window of its own."""
_LONGEST = 100
"""Bytes of path that fit into a socket's address everywhere (sun_path has 104 on macOS, 108 on Linux)."""
_LARGEST = 64 * 1024


class Instance:
    """`folder` is the data folder. Ask `hand_over` first; where it answers False, `listen` and go on."""

    def __init__(self, folder: str, local_port: bool = sys.platform == "win32") -> None:
        self._folder, self._local_port = folder, local_port
        self._lock: int | None = None
        self._socket: socket.socket | None = None

    def hand_over(self, path: str = "") -> bool:
        """Whether another window took this start, and the file with it, and has come to the front.

        Takes the lock when there is no other; never raises, and waits WAIT seconds at most.
        """
        try:
            self._lock = os.open(os.path.join(self._folder, "window.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            if taken(self._lock):
                return False
        except OSError as error:
            log.info("windows of %s cannot be told apart: %s", self._folder, error)
            self._drop_lock()
            return False
        self._drop_lock()
        end = time.monotonic() + WAIT
        # The first may be a moment old: it has the lock before it listens.
        while time.monotonic() < end:
            try:
                return self._asked(path)
            except (ConnectionError, FileNotFoundError, ValueError):  # ValueError: the port's file is half written
                time.sleep(0.02)
            except OSError as error:
                log.info("the other window does not answer: %s", error)
                return False
        return False

    def listen(self, take: Callable[[str], None]) -> None:
        """Calls `take(path)`, in a thread of its own, for every start that hands over; the path may be "".

        Does nothing where the lock is not held.
        """
        if self._lock is None:
            return
        threading.Thread(target=self._serve, args=(take,), name="other starts", daemon=True).start()

    def close(self) -> None:
        """Takes the socket away, then lets go of the lock."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._address)
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None
        self._drop_lock()

    @property
    def _address(self) -> str:
        return os.path.join(self._folder, "window.port" if self._local_port else "window.sock")

    def _drop_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _serve(self, take: Callable[[str], None]) -> None:
        try:
            # Whatever lies there belongs to a process that died: the lock is ours.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._address)
            door, secret = self._opened()
        except OSError as error:
            log.info("a second start will open a second window: %s", error)
            return
        self._socket = door
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            with caller:
                try:
                    caller.settimeout(1.0)
                    self._answer(caller, secret, take)
                except (OSError, ValueError) as error:
                    log.info("a start that could not be understood: %s", error)

    def _answer(self, caller: socket.socket, secret: str, take: Callable[[str], None]) -> None:
        asked = json.loads(_line(caller))
        path = asked.get("open") if isinstance(asked, dict) else None
        if not isinstance(path, str) or not secrets.compare_digest(str(asked.get("secret")).encode(), secret.encode()):
            caller.sendall(b"refused\n")
        elif asked.get("display") != _display():
            # Another screen (over SSH): the person there would see nothing.
            caller.sendall(b"elsewhere\n")
        else:
            caller.sendall(b"taken\n")
            take(path)

    def _asked(self, path: str) -> bool:
        caller, secret = self._reached()
        with caller:
            caller.sendall(json.dumps({"open": path, "display": _display(), "secret": secret}).encode() + b"\n")
            return _line(caller) == b"taken"

    def _opened(self) -> tuple[socket.socket, str]:
        if not self._local_port:
            door = socket.socket(socket.AF_UNIX)
            with _short(self._address) as address:
                door.bind(address)
            os.chmod(self._address, 0o600)
            door.listen()
            return door, ""
        door = socket.socket(socket.AF_INET)
        door.bind(("127.0.0.1", 0))
        door.listen()
        secret = secrets.token_hex(16)
        number = os.open(self._address, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w") as file:
            json.dump({"port": door.getsockname()[1], "secret": secret}, file)
        return door, secret

    def _reached(self) -> tuple[socket.socket, str]:
        if not self._local_port:
            caller, secret = socket.socket(socket.AF_UNIX), ""
            caller.settimeout(WAIT)
            with _short(self._address) as address:
                caller.connect(address)
            return caller, secret
        with open(self._address) as file:
            told = json.load(file)
        return socket.create_connection(("127.0.0.1", int(told["port"])), WAIT), str(told["secret"])


def _display() -> str:
    """The screen this process shows its windows on; ":0.0" is ":0"."""
    return os.environ.get("DISPLAY", "").removesuffix(".0") if sys.platform not in ("win32", "darwin") else ""


def _line(caller: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _LARGEST:
        piece = caller.recv(4096)
        if not piece:
            break
        data += piece
    return data.rstrip(b"\n")


@contextlib.contextmanager
def _short(path: str) -> Iterator[str]:
    """The path by a name that fits into a socket's address: through the folder's descriptor where it is long (Linux)."""
    if len(os.fsencode(path)) <= _LONGEST or not sys.platform.startswith("linux"):
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)
