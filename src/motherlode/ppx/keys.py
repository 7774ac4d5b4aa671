"""Make and read CURVE keys: without them nobody but this machine reaches a simulator.

One folder for each side: ``server`` stays with the simulator, ``client`` is copied to where campaigns run. Each file
holds one key as 40 characters of Z85; a server admits the clients whose public keys lie in ``server/clients``.
"""

import os
from pathlib import Path

import zmq

from motherlode.ppx.errors import KeysError

__all__ = ["ClientKeys", "client_keys", "create_keys", "server_keys"]

ClientKeys = tuple[bytes, bytes, bytes]


def create_keys(folder: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Write a new pair of key folders, ``server`` and ``client``.

    Parameters
    ----------
    folder
        Where; made if absent. Only this user may read what is written.

    Returns
    -------
    tuple[Path, Path]
        The server's and the client's folder.

    Raises
    ------
    KeysError
        If there are keys in the folder already: nothing is overwritten.
    """
    server, client = Path(folder) / "server", Path(folder) / "client"
    if server.exists() or client.exists():
        raise KeysError(str(folder), "it holds keys already, and simulators may depend on them")
    pairs = {"server": zmq.curve_keypair(), "client": zmq.curve_keypair()}
    _write(server / "server.public", pairs["server"][0])
    _write(server / "server.secret", pairs["server"][1])
    _write(server / "clients" / "client.public", pairs["client"][0])
    _write(client / "client.public", pairs["client"][0])
    _write(client / "client.secret", pairs["client"][1])
    _write(client / "server.public", pairs["server"][0])
    return server, client


def _write(path: Path, key: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key + b"\n")


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise KeysError(str(path), error.strerror or str(error)) from error
    if len(key) != 40:
        raise KeysError(str(path), f"a key has 40 characters, not {len(key)}")
    return key


def client_keys(folder: str | os.PathLike[str]) -> ClientKeys:
    """Return (public, secret, the server's public) from a client's folder.

    Raises
    ------
    KeysError
        If a file is missing or holds no key.
    """
    place = Path(folder)
    return _read(place / "client.public"), _read(place / "client.secret"), _read(place / "server.public")


def server_keys(folder: str | os.PathLike[str]) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """Return (public, secret, public keys of the clients that are admitted) from a server's folder.

    Raises
    ------
    KeysError
        If a file is missing or holds no key.
    """
    place = Path(folder)
    admitted = tuple(_read(path) for path in sorted((place / "clients").glob("*.public")))
    return _read(place / "server.public"), _read(place / "server.secret"), admitted
