"""Compiled kernels on disk: used only where nobody else can write, and only where they are whole.

Loading a kernel runs it. numba trusts its own files, so what is kept here are files of this module's:
one a kernel and signature, behind a digest that is checked before anything is made of the rest.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import pickle
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core import caching, serialize
from numba.core.compiler import CompileResult

from snnc.errors import Diagnostic, Severity
from snnc.files.user_cache import user_cache

from .ahead import VERSIONS, magic

LOG = logging.getLogger("snnc")
SUFFIX = ".nbc"
DIGEST = hashlib.sha256().digest_size
ROOT = 0
OTHERS = stat.S_IWGRP | stat.S_IWOTH
UNUSED_DAYS = 30
RENEWED = "compiling the fast simulator, once on this machine: some seconds"
HARM = "the disk was full, the machine stopped, or somebody changed it"
AGAIN = "nothing to do: it is compiled again (some seconds), or one that came with snnc is used"
INSTALL = "install snnc again; until then it is compiled for this machine (some seconds)"
EACH_TIME = "the fast simulator is compiled for this process alone, some seconds each time"


def warn(code: str, what: str, where: str = "", why: str = "", cure: str = "") -> None:
    """Say what happened to the kernels; the run goes on."""
    LOG.warning("%s", Diagnostic(code, what, where, why, cure, Severity.WARNING).render())


UNSAID: list[Callable[[], None]] = []
"""What is said as soon as something is compiled after all."""


def cache_folder(name: str, later: bool = False) -> Path:
    """Where compiled kernels are kept: ``$XDG_CACHE_HOME/snnc/<name>`` or ``~/.cache/snnc/<name>``.

    Where others can write there, or it can be neither written nor has kernels, a new folder for this
    process alone (N760). What ``snnc warm-up`` left in an image that is mounted read-only is used.

    Args:
        name: of the folder.
        later: kernels came with snnc: what this says is said where something is compiled all the same.
    """
    folder = Path("~/.cache/snnc", name)
    try:
        home = user_cache()
        folder = home / "snnc" / name
        home.mkdir(parents=True, exist_ok=True)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        reason = distrusted(folder, (folder, folder.parent, home))
        empty = not any(folder.glob(f"*{SUFFIX}"))
        if not reason and empty and not os.access(folder, os.W_OK):
            reason = f"{folder} cannot be written"
    except OSError as problem:
        reason = f"{problem.filename}: {problem.strerror}"
    if not reason:
        if empty:
            _say(lambda: LOG.warning(RENEWED), later)
            forget_unused(folder.parent)
        with suppress(OSError):
            os.utime(folder)
        return folder
    cure = "set XDG_CACHE_HOME to a folder that only you can write to, or chmod go-w what others can"
    what = f"compiled kernels are not kept: {reason}"
    _say(lambda: warn("N760", what, str(folder), EACH_TIME, cure), later)
    private = tempfile.mkdtemp(prefix="snnc-kernels-")
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    return Path(private)


def _say(message: Callable[[], None], later: bool) -> None:
    if later:
        UNSAID.append(message)
    else:
        message()


def forget_unused(kept: Path) -> None:
    """Remove kernels of other versions of the sources that nobody has used for :data:`UNUSED_DAYS`."""
    since = time.time() - UNUSED_DAYS * 86400
    for folder in kept.glob("kernels-*"):
        with suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_mtime < since:
                shutil.rmtree(folder)


def distrusted(folder: Path, own: tuple[Path, ...]) -> str:
    """Why nothing may be loaded from a folder, empty where nobody else can have put anything there.

    Args:
        folder: which; it exists.
        own: of the folder and those above it the ones that have to belong to the user, or to root, who
            can write anywhere. Those further up count too, but a sticky bit will do there: others
            cannot rename what is not theirs.
    """
    me = os.geteuid()
    for place in own:
        owner = place.stat().st_uid
        if owner not in (me, ROOT):
            return f"{place} belongs to the user {owner}, you are {me}"
    for place in dict.fromkeys((folder, *folder.parents, *folder.resolve().parents)):
        mode = place.stat().st_mode
        sticky = mode & stat.S_ISVTX and place != folder
        if mode & OTHERS and not sticky:
            return f"others can write to {place}"
    return ""


class KernelCache(caching._Cache):
    """One function's compiled forms, in the way in which numba asks for them.

    Files are written beside their names and renamed, and nothing in one depends on another: processes
    that compile at the same time do not meet.
    """

    damaged = False
    """Whether this process has said already that it found damage."""

    refused = False
    """Whether it has said already that the folder takes nothing."""

    takes_ahead = True
    """Whether kernels that came with snnc will do."""

    def __init__(self, name: str, folder: Path, ahead: Path | None = None) -> None:
        self._name, self._folder, self._ahead = name, folder, ahead

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self._folder)

    def enable(self) -> None:
        """It always is."""

    def disable(self) -> None:
        """It cannot be."""

    def flush(self) -> None:
        """Files are whole as soon as they are there."""

    def path(self, signature: Any, magic: tuple[str, str, str]) -> Path:
        """The file of one compiled form: named after all that it depends on but the sources.

        Args:
            signature: of the form.
            magic: triple, processor and features, as numba's code generator has them.
        """
        key = hashlib.sha256(repr((str(signature), *VERSIONS, magic)).encode()).hexdigest()[:24]
        return self._folder / f"{self._name}-{key}{SUFFIX}"

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled form for a signature; None where there is none that is whole."""
        target_context.refresh()
        here = target_context.codegen().magic_tuple()
        paths = [self.path(signature, here)]
        if self._ahead and KernelCache.takes_ahead:
            paths.append(self._ahead / self.path(signature, magic(here[0])).name)
        for path in paths:
            found = self._read(path, signature, target_context)
            if found is not None:
                return found
        while self._ahead and UNSAID:
            UNSAID.pop(0)()
        return None

    def _read(self, path: Path, signature: Any, target_context: Any) -> Any:
        """A compiled form; None where the file is not there or is not whole."""
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            return self._damage(path, f"{problem.strerror}")
        digest, body = found[:DIGEST], found[DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            return self._damage(path, f"its digest does not match: {HARM}")
        rebuild: Any = CompileResult._rebuild  # numba does not say its types
        try:
            kept, parts = pickle.loads(body)
            return rebuild(target_context, *parts) if kept == signature else None
        except Exception as problem:  # whole, but not what numba takes
            return self._damage(path, f"{type(problem).__name__}: {HARM}")

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep a compiled form; a folder that cannot take it is said once (N762)."""
        if data.lifted or data.library.has_dynamic_globals:
            return  # addresses of this process
        dumps: Any = serialize.dumps
        body = dumps((signature, data._reduce()))
        path = self.path(signature, data.codegen.magic_tuple())
        try:
            _write(path, hashlib.sha256(body).digest() + body)
        except OSError as problem:
            if not KernelCache.refused:
                KernelCache.refused = True
                warn("N762", f"a compiled kernel is not kept: {problem.strerror}", str(path), EACH_TIME)

    def _damage(self, path: Path, reason: str) -> None:
        own = path.parent == self._folder
        if not KernelCache.damaged:
            KernelCache.damaged = True
            cure = AGAIN if own else INSTALL
            warn("N761", "a compiled kernel is damaged and is not used", str(path), reason, cure)
        if own:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Beside its name, then renamed: whoever reads finds all of it or nothing."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(content)
            file.flush()
            beside.replace(path)
        except BaseException:
            beside.unlink()
            raise
