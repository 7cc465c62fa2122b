"""Packs Model Manager for this system into `dist/`, and starts what it made. Standard library only.

PyInstaller and what the program needs live in an environment of their own, `.build/venv`, made once.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import start
from system_parts import mend_parts

ROOT = Path(__file__).resolve().parent.parent
BUILD, DIST = ROOT / ".build", ROOT / "dist"
NAME = "model-manager"
LARGEST = 35_000_000
"""Bytes that the one file may have."""
SLOWEST = 2.5
"""Seconds from its start to the painted window that it should stay below; said, not enforced: machines are busy."""
DONE, FAILED = 0, 1

# What a build is made of, below ROOT: while none of it changes, what was built is still right.
INPUTS = ("model_manager", "packaging", "assets/icons", "pyproject.toml", "LICENSE")


def inputs() -> Iterator[Path]:
    """Every file that a build is made of, always in the same order."""
    for name in INPUTS:
        path = ROOT / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (one for one in found if one.is_file() and not _is_cache(one.relative_to(ROOT)))


def _is_cache(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def fingerprint() -> str:
    """Stands for all inputs and the Python that builds."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix}".encode())
    for path in inputs():
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def version() -> str:
    lines = (ROOT / "model_manager" / "__init__.py").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("__version__")).split('"')[1]


def requirements() -> list[str]:
    """What pip has to bring: the program's own needs and the packer, as pyproject.toml names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["build"]]


def prepared() -> Path:
    """The Python of the build's environment; makes it, or makes it anew when what it was made from has changed."""
    venv = BUILD / "venv"
    needs = requirements()
    facts = {"venv": f"{sys.version} | {sys.base_prefix} | {venv}", "project": "\n".join(needs), "extra": ""}
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / start.STAMP
    if stamp.is_file() and python.exists() and json.loads(stamp.read_text()) == facts:
        return python
    print("Making the build's environment (once; about a minute) …", flush=True)
    start.remove_venv(venv)
    BUILD.mkdir(exist_ok=True)
    start.quiet_run([start.base_python(), "-I", "-m", "venv", str(venv)], "Making the build's environment")
    start.quiet_run([str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                     *needs], "Installing what the build needs")  # fmt: skip
    start.write_stamp(venv, facts)
    return python


def pack(python: Path) -> None:
    """Runs PyInstaller; both forms are then below `dist/`."""
    print("Packing …", flush=True)
    for path in (DIST / NAME, DIST / f"{NAME}.exe"):
        path.unlink(missing_ok=True)
    # The seed: sets in PyInstaller's archives would come in another order each time.
    environment = {**start.clean_environment(), "PYTHONHASHSEED": "1"}
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "--distpath", str(DIST),
               "--workpath", str(BUILD / "work"), str(ROOT / "packaging" / f"{NAME}.spec")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False)  # fmt: skip
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise start.StartError("Packing failed; the reason is above.")


def archive_name() -> str:
    return f"{NAME}-{version()}-linux-{platform.machine()}"


def archive(folder: Path, target: Path) -> None:
    """The folder form with what puts it into a home, as `.tar.xz`. Owners and times are nobody's and the same."""
    top = archive_name()

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = 0
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    draft = target.with_name(target.name + ".new")
    with tarfile.open(draft, "w:xz", preset=6) as tar:
        tar.add(folder, f"{top}/program", filter=plain)
        for path in sorted((ROOT / "packaging" / "linux").iterdir()):
            tar.add(path, f"{top}/{path.name}", filter=plain)
        for path in sorted((ROOT / "assets" / "icons").glob("*.[ps][nv]g")):
            tar.add(path, f"{top}/icons/{path.name}", filter=plain)
        tar.add(ROOT / "LICENSE", f"{top}/LICENSE", filter=plain)
        words = readme().encode()
        entry = tarfile.TarInfo(f"{top}/README")
        entry.size = len(words)
        tar.addfile(entry, io.BytesIO(words))
    os.replace(draft, target)


def readme() -> str:
    return (
        f"Model Manager {version()}\n\n./install.sh puts it into your home: the program, its menu entry, icons, and"
        ' "Open with" for .gguf and .safetensors.\n./program/model-manager starts it without installing anything.\n'
        "~/.local/lib/model-manager/uninstall.sh removes it again and leaves your models alone.\n"
    )


def built() -> Path:
    """The one file, packed only when something it is made of has changed."""
    mark, facts = BUILD / "built.json", {"inputs": fingerprint()}
    file = DIST / (f"{NAME}.exe" if os.name == "nt" else NAME)
    if mark.is_file() and file.is_file() and json.loads(mark.read_text()) == facts:
        print("Nothing has changed since the last build.", flush=True)
        return file
    mark.unlink(missing_ok=True)
    pack(prepared())
    if sys.platform == "linux":
        for old in DIST.glob(f"{NAME}-*.tar.xz"):
            old.unlink()
        archive(DIST / f"{NAME}-folder", DIST / f"{archive_name()}.tar.xz")
    mark.write_text(json.dumps(facts))
    return file


def look_at(file: Path, folder: bool) -> None:
    """The smoke test, on Linux; its pictures go to `dist/pictures/`."""
    import smoke

    forms = [file, *([DIST / f"{NAME}-folder"] if folder else [])]
    for form in forms:
        with smoke.here(form) as place:
            figures = smoke.smoke(place, DIST / "pictures" / form.name)
        print(f"{form.name}: painted after {figures.painted:.2f} s (the first time {figures.first:.2f}), "
              f"{smoke.MODELS} models {figures.scanned:.2f} s later, a second start handed over in {figures.handed:.2f} s, "
              f"closed in {figures.closed:.2f} s", flush=True)  # fmt: skip
        if figures.painted > SLOWEST:
            print(f"  that is slower than the {SLOWEST} s it should take", flush=True)


def needed_parts(system: str, checking: bool) -> list[str]:
    """The parts of the system that packing cannot do without, by start.py's names."""
    linux = ["objcopy", "libpython", *(["xvfb"] if checking else [])]
    return ["venv", "tk", *(linux if system == "linux" else [])]


def main(arguments: Sequence[str]) -> int:
    """Runs one build and returns the exit status."""
    parser = argparse.ArgumentParser(prog="packaging/build.py", description=__doc__)
    parser.add_argument("--no-check", action="store_true", help="pack only; do not start what was packed")
    parser.add_argument(
        "--bare",
        action="store_true",
        help="also start it in a bare Debian without Python (as root; downloads 100 MB once)",
    )
    options = parser.parse_args(arguments)
    parts = needed_parts(sys.platform, not options.no_check)
    try:
        if sys.platform == "linux":
            start.switch_to_system_python(__file__)
        if mend_parts(parts):
            return start.MISSING
        file = built()
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}: {size / 1e6:.1f} MB", flush=True)
        if size > LARGEST:
            raise start.StartError(f"That is more than the {LARGEST / 1e6:.0f} MB it may have.")
        if not options.no_check and sys.platform == "linux":
            look_at(file, folder=True)
        if options.bare:
            import bare

            bare.look_at(file, BUILD / "bare", DIST / "pictures" / "bare")
    except start.StartError as error:
        print(str(error), file=sys.stderr)
        return error.status
    except (subprocess.SubprocessError, OSError) as error:
        print(f"Could not build: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return start.INTERRUPTED
    return DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
