"""Where the tokens of logins are kept: the system's keyring, or files encrypted with a key of the operator's.

The one rule: no token is ever written in the clear. Without a keyring and without a key there is no place, and that is said
together with how to make one.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import orjson

from recipe_engine.runtime.login_index import Keeper, LoginFailed, make_private, replace_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SETTING = "RECIPE_LOGIN_KEY"
SERVICE = "recipe_engine"
HOW_TO_MAKE_A_KEY = (
    f"make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'` and set it as {KEY_SETTING} "
    "in the environment or in .env, for every process that uses the login"
)
_SHORTEST_KEY = 16
# scrypt's cost: some 16 MB and some hundredths of a second for each guess at a key (RFC 7914, section 2).
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class Vault(Protocol):
    """Keeps one text per name. All raise LoginFailed when the place cannot be used; blocking, for threads."""

    kind: Keeper

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, text: str) -> None: ...

    def delete(self, name: str) -> None: ...

    def place(self, name: str) -> str:
        """Where that is, in words."""
        ...


class KeyringVault:
    """The keyring of the system, by the package `keyring`. `store` tells folders of logins apart."""

    kind: Keeper = "keyring"

    def __init__(self, store: str) -> None:
        self._store = store

    def read(self, name: str) -> str | None:
        import keyring
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(SERVICE, self._user(name))
        except KeyringError as error:
            raise _no_access(error) from error

    def write(self, name: str, text: str) -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(SERVICE, self._user(name), text)
        except KeyringError as error:
            raise _no_access(error) from error

    def delete(self, name: str) -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            if keyring.get_password(SERVICE, self._user(name)) is not None:
                keyring.delete_password(SERVICE, self._user(name))
        except KeyringError as error:
            raise _no_access(error) from error

    def place(self, name: str) -> str:
        return f"the system's keyring, as {self._user(name)} of {SERVICE}"

    def _user(self, name: str) -> str:
        return f"{name}@{self._store}"


class FileVault:
    """Files encrypted with AES-256-GCM, whose key is derived from the operator's. Each is bound to its name and folder, so
    that one cannot be put in the place of another."""

    kind: Keeper = "file"

    def __init__(self, folder: Path, key: str | None, store: str) -> None:
        self._folder = folder
        self._key = key
        self._store = store
        self._derived: dict[bytes, AESGCM] = {}

    def read(self, name: str) -> str | None:
        path = self._path(name)
        try:
            parts = orjson.loads(path.read_bytes())
            salt, nonce, sealed = (base64.b64decode(parts[each]) for each in ("salt", "nonce", "sealed"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise LoginFailed(f"{path} cannot be read: {error}", "log in again") from error
        cipher = self._cipher(salt)
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(nonce, sealed, self._bound_to(name)).decode()
        except InvalidTag as error:
            hint = "set the key that it was encrypted with, or log in again"
            raise LoginFailed(f"{KEY_SETTING} does not open {path}", hint) from error

    def write(self, name: str, text: str) -> None:
        salt = next(iter(self._derived), None) or os.urandom(16)
        nonce = os.urandom(12)
        sealed = self._cipher(salt).encrypt(nonce, text.encode(), self._bound_to(name))
        parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
        data = {"version": 1, **{each: base64.b64encode(value).decode() for each, value in parts.items()}}
        path = self._path(name)
        try:
            make_private(self._folder)
            replace_private(path, orjson.dumps(data))
        except OSError as error:
            raise LoginFailed(f"{path} cannot be written: {error.strerror or error}") from error

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise LoginFailed(f"{self._path(name)} cannot be deleted: {error.strerror or error}") from error

    def place(self, name: str) -> str:
        return f"{self._path(name)}, encrypted with {KEY_SETTING}"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.login"

    def _bound_to(self, name: str) -> bytes:
        return f"{SERVICE}/{self._store}/{name}".encode()

    def _cipher(self, salt: bytes) -> AESGCM:
        if salt not in self._derived:
            if not self._key:
                raise LoginFailed(
                    f"{KEY_SETTING} is not set, and the login is encrypted with it", "set it as it was then"
                )
            self._derived[salt] = _cipher_class()(hashlib.scrypt(self._key.encode(), salt=salt, dklen=32, **_SCRYPT))
        return self._derived[salt]


def new_vault(folder: Path, key: str | None, store: str) -> Vault:
    """Where a new login is kept: in a file when there is a key, for whoever sets one wants it read by other processes than
    those of the desktop; else in the keyring.

    Raises LoginFailed when there is neither.
    """
    if key and len(key) < _SHORTEST_KEY:
        raise LoginFailed(f"{KEY_SETTING} is shorter than {_SHORTEST_KEY} characters", HOW_TO_MAKE_A_KEY)
    if key:
        _cipher_class()
        return FileVault(folder, key, store)
    why = _no_keyring()
    if why is None:
        return KeyringVault(store)
    raise LoginFailed(f"there is no place to keep a login: {why}, and {KEY_SETTING} is not set", HOW_TO_MAKE_A_KEY)


def vault_of(kind: Keeper, folder: Path, key: str | None, store: str) -> Vault:
    """Where a login that was made is kept. Raises LoginFailed when it cannot be used here."""
    if kind == "file":
        return FileVault(folder, key, store)
    why = _no_keyring()
    if why is not None:
        hint = f"log in again here; with {KEY_SETTING} set it goes into a file that every process can read"
        raise LoginFailed(f"the login is in the system's keyring: {why}", hint)
    return KeyringVault(store)


def _cipher_class() -> type[AESGCM]:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        hint = "pip install 'recipe-engine[login]'"
        raise LoginFailed("encrypted files need the package cryptography", hint) from error
    return AESGCM


def _no_keyring() -> str | None:
    """Why there is no keyring that keeps secrets; None when there is one. Without a desktop `keyring` answers with a
    backend that fails; others of low priority keep texts in the clear."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return "the package keyring is not installed (pip install 'recipe-engine[login]')"
    try:
        backend = keyring.get_keyring()
        if float(backend.priority) >= 1:
            return None
    except (KeyringError, RuntimeError) as error:
        return f"the system's keyring cannot be used ({error})"
    return "this machine has no keyring that can be used"


def _no_access(error: Exception) -> LoginFailed:
    return LoginFailed(
        f"the system's keyring gives no access: {error}",
        f"unlock it, or set {KEY_SETTING} and log in again to use an encrypted file",
    )
