"""Which logins there are: what may be known of them, in a small file that every command can read.

The one rule: nothing secret stands here. The file answers at once whether somebody is logged in; the tokens are in the
keyring or in a file of their own (`login_store`), and are asked for when a request is sent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from recipe_engine.errors import RecipeError

logger = logging.getLogger("recipe_engine")

FOLDER_SETTING = "RECIPE_LOGINS"
DEFAULT_FOLDER = Path(".recipe") / "logins"
Keeper = Literal["keyring", "file"]


class LoginFailed(RecipeError):
    """A login, or what is kept of one, that could not be had."""


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """One login: when it was made, for whom (empty when the vendor does not tell), what it may, the settings that the
    vendor told with it, where its tokens are kept, and when it ends (seconds since 1970, None for: until withdrawn)."""

    name: str
    id: str
    at: float
    kept_in: Keeper
    account: str = ""
    scopes: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    until: float | None = None


class LoginIndex(Mapping[str, LoginRecord]):
    """The logins of a folder, by name. Read anew when the file was changed, by whatever process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "index.json"
        self._seen: tuple[int, int, int] | None = None
        self._store = ""
        self._records: dict[str, LoginRecord] = {}

    @property
    def store(self) -> str:
        """A word that no other folder of logins has; empty before the first login."""
        self._read()
        return self._store

    def __getitem__(self, name: str) -> LoginRecord:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def begin(self) -> str:
        """The folder's word, made now if there is none yet. Raises OSError."""
        if not self.store:
            self._change({})
        return self.store

    def put(self, record: LoginRecord) -> None:
        """Add a login, or replace the one of its name. Raises OSError."""
        self._change({record.name: record})

    def remove(self, name: str) -> None:
        """Forget a login. Raises OSError."""
        self._change({name: None})

    def _change(self, changes: Mapping[str, LoginRecord | None]) -> None:
        from secrets import token_hex

        from filelock import FileLock

        make_private(self.folder)
        with FileLock(self.folder / "index.lock"):
            records = {**self._read(), **changes}
            data = {
                "version": 1,
                "store": self._store or token_hex(8),
                "logins": {name: asdict(each) for name, each in records.items() if each is not None},
            }
            replace_private(self._path, orjson.dumps(data, option=orjson.OPT_INDENT_2))

    def _read(self) -> dict[str, LoginRecord]:
        try:
            told = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            self._seen, self._store, self._records = None, "", {}
            return self._records
        seen = (told.st_mtime_ns, told.st_size, told.st_ino)
        if seen != self._seen:
            self._seen = seen
            try:
                data = orjson.loads(self._path.read_bytes())
                self._store = str(data["store"])
                self._records = {name: _record(each) for name, each in data["logins"].items()}
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                logger.warning("%s cannot be read, so nobody counts as logged in: %s", self._path, error)
                self._store, self._records = "", {}
        return self._records


def index_of(folder: Path | None, named: str | None) -> LoginIndex:
    """The logins of a project: those in the folder that RECIPE_LOGINS names, else in `.recipe/logins` of its folder."""
    return LoginIndex(Path(named) if named else (folder or Path()) / DEFAULT_FOLDER)


def make_private(folder: Path) -> None:
    """Have a folder that nobody else may look into."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def replace_private(path: Path, content: bytes) -> None:
    """Put a file in place of another at once: whoever reads sees the old one or the new one, whole; nobody else reads."""
    from secrets import token_hex

    new = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _record(data: Mapping[str, Any]) -> LoginRecord:
    return LoginRecord(**{**data, "scopes": tuple(data["scopes"]), "values": dict(data["values"])})
