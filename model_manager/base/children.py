"""Processes of our own that work for this one: the one place where they are started, watched and ended.

Work that keeps the interpreter busy, or that may die of what it reads, runs in a child: this program itself, started
with a hidden word (`--child NAME`). Both sides speak lines of JSON. The child's stdin brings requests, one a line; its
stdout brings `{"step": …}` as often as it likes and then `{"result": …}` or `{"error": …}`; its stderr goes to the log.

A child never outlives its parent: it watches its stdin, whose end means that nobody waits any more, and on Linux the
kernel kills it as well when the thread that started it ends, however it ends. What it is doing must therefore be such that
it may be killed at any instant: it reads, the parent keeps.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from model_manager.base.errors import MissingPart, ModelManagerError, UsageError
from model_manager.base.messages import figure, kept, read_back, said
from model_manager.base.own_command import WORD, command
from model_manager.base.text import later

log = logging.getLogger(__name__)

LONGEST = 1 << 20
"""Bytes of one line at most, either way."""
_LOGGED = 100
"""Lines of a child's stderr that go to the log at most; the others are read and counted."""
_ASKED_S, _TERMINATED_S = 2.0, 2.0
"""Seconds that a child has to end once its stdin is closed, and then once it was terminated, before it is killed."""
_POLL_S = 0.1
"""Seconds between two looks whether the work is still wanted."""
_AHEAD = 64
"""Lines that are read ahead: beyond them a child that floods us waits in its own write."""
_ERRORS: dict[str, type[ModelManagerError]] = {
    one.__name__: one for one in (ModelManagerError, UsageError, MissingPart)
}


class Child:
    """A process that answers one request after the other. Leaving the `with` ends it.

    Start it, ask it and end it in one thread: on Linux it lives no longer than that.
    """

    def __init__(self, name: str, start: Callable[..., list[str]] = command) -> None:
        """`name`: the work, as `serve` knows it. Raises ModelManagerError where no process can be started."""
        self._lines: queue.Queue[bytes] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        windowless, pipe = getattr(subprocess, "CREATE_NO_WINDOW", 0), subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                start(WORD, name), stdin=pipe, stdout=pipe, stderr=pipe, creationflags=windowless
            )
        except OSError as error:
            raise _failed(said("no process could be started for it: {0}", error.strerror or error)) from error
        self._threads = [threading.Thread(target=work, name=f"child {name}", daemon=True)
                         for work in (self._read, self._log)]  # fmt: skip
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def ask(self, request: Mapping[str, Any], step: Callable[[Any], object]) -> Any:
        """Sends a request and waits for its result.

        `step(told)` is called for whatever the child tells on the way, and with None ten times a second at least; what it
        raises ends the child and is raised here. Raises ModelManagerError: the child's own, or what became of the child.
        """
        try:
            message = self._answer(request, step)
        except BaseException:
            self.end()
            raise
        if "error" in message:
            raise _told(message["error"])
        return message["result"]

    def _answer(self, request: Mapping[str, Any], step: Callable[[Any], object]) -> dict[str, Any]:
        """The line that ends it: with a result or an error of the child's."""
        if self._over.is_set():
            raise self._ended()
        self._send(request)
        while True:
            try:
                line = self._lines.get(timeout=_POLL_S)
            except queue.Empty:
                step(None)
                continue
            message = self._understood(line)
            if "step" not in message:
                return message
            step(message["step"])

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(_line(request))
            self._process.stdin.flush()
        except (OSError, ValueError):  # it has ended; what it said before is still to be read
            log.info("child %d takes no request any more", self.pid)

    def _understood(self, line: bytes) -> dict[str, Any]:
        if not line:
            raise self._ended()
        if not line.endswith(b"\n"):
            if len(line) > LONGEST:
                raise _failed(said("a line of more than {0} bytes came from the process that does it", figure(LONGEST)))
            raise self._ended()  # in the middle of a line
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not message.keys() & {"result", "error", "step"}:
            log.warning("child %d said %r", self.pid, line[:200])
            raise _failed(later("what came from the process that does it makes no sense"))
        return message

    def _ended(self) -> ModelManagerError:
        """Why there is nothing more to read."""
        self.end()
        status = self._process.returncode
        if status < 0:
            try:
                name = signal.Signals(-status).name
            except ValueError:
                name = str(-status)
            return _failed(said("the process that does it was ended by signal {0}", name))
        return _failed(said("the process that does it ended with status {0} and no result", status))

    def end(self) -> None:
        """Asks it to end, then makes it: stdin is closed, then it is terminated, then killed."""
        process = self._process
        self._over.set()
        assert process.stdin is not None
        try:
            process.stdin.close()
        except OSError:  # what was still to be sent goes nowhere
            pass
        for seconds, harder in ((_ASKED_S, process.terminate), (_TERMINATED_S, process.kill)):
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                harder()
        process.wait()
        for thread in self._threads:
            thread.join(_ASKED_S)  # not for ever: a process that it started may hold the pipe open

    def _read(self) -> None:
        """Brings its lines, an empty one at the end; nothing after a line that is too long."""
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            while not self._over.is_set():
                line = stdout.readline(LONGEST + 1)
                self._put(line)
                if not line.endswith(b"\n"):
                    break
            while self._over.is_set() and stdout.read(1 << 16):  # it must not wait in a write, or it could not end
                pass

    def _put(self, line: bytes) -> None:
        while not self._over.is_set():
            try:
                self._lines.put(line, timeout=_POLL_S)
                break
            except queue.Full:
                continue

    def _log(self) -> None:
        assert self._process.stderr is not None
        count = 0
        with self._process.stderr as stderr:
            while line := stderr.readline(500):
                count += 1
                if count <= _LOGGED:
                    log.info("child %d: %s", self.pid, line.decode("utf-8", "replace").rstrip())
        if count > _LOGGED:
            log.info("child %d: %d more lines", self.pid, count - _LOGGED)


class Unwanted(BaseException):
    """Raised in a child amid its work: the parent has gone, or wants no answer any more. Never caught on the way out."""


def serve(work: Callable[[Mapping[str, Any], Callable[[Any], None]], Any]) -> int:
    """The child's side: answers requests by `work(request, tell)` until stdin ends; answers the exit status.

    `tell(what)` brings `what` to the parent's `step`, and raises Unwanted once nobody waits any more.
    Whatever anybody prints goes to stderr, never among the answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer: it reaches the whole group
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    requests: queue.Queue[bytes] = queue.Queue()
    left = threading.Event()
    threading.Thread(target=_listen, args=(requests, left), name="requests", daemon=True).start()

    def tell(what: Any) -> None:
        if left.is_set():
            raise Unwanted
        answers.write(_line({"step": what}))

    while line := requests.get():
        try:
            answer = {"result": work(json.loads(line), tell)}
        except Unwanted:
            break
        except ModelManagerError as error:
            told = [kept(part) for part in (error.verb, error.path, error.reason, error.hint)]
            answer = {"error": [type(error).__name__, *told]}
        answers.write(_line(answer))
    return 0


def _listen(requests: queue.Queue[bytes], left: threading.Event) -> None:
    """Passes requests on. At the end of stdin nobody waits for anything: work that does not ask is ended a second later."""
    with open(0, "rb", closefd=False) as stdin:  # sys.stdin would be waited for at Python's end, while we read it here
        while line := stdin.readline(LONGEST + 1):
            requests.put(line)
        left.set()
        requests.put(b"")
        time.sleep(_ASKED_S / 2)
        os._exit(0)


def _die_with_parent() -> None:
    """On Linux the kernel kills us with the thread that started us, even where it was killed itself."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG, prctl(2)
    except (OSError, AttributeError):  # a C library without it: the end of stdin is watched all the same
        pass


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode("ascii") + b"\n"


def _failed(reason: str) -> ModelManagerError:
    return ModelManagerError(later("finish this"), "", reason, later("try again; the log says more"))


def _told(error: Any) -> ModelManagerError:
    """An error of the child, as it was raised there."""
    if isinstance(error, list) and len(error) == 5:
        try:
            verb, path, reason, hint = map(read_back, error[1:])
        except ValueError:
            return _failed(said("what came from the process that does it makes no sense"))
        return _ERRORS.get(str(error[0]), ModelManagerError)(verb, path, reason, hint)
    return _failed(later("what came from the process that does it makes no sense"))
