"""Keys let the right client in, and a failed handshake is reported as such, not as a timeout."""

import os
import socket
import stat
import subprocess
import threading

import numpy as np
import pytest
import zmq
from zmq.auth.thread import ThreadAuthenticator

from motherlode.frontends.remote import connect
from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import HandshakeError, KeysError
from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.messages import Handshake, HandshakeResult
from motherlode.ppx.keys import client_keys, create_keys, server_keys


@pytest.fixture
def server(tmp_path):
    """Serve handshakes at a tcp endpoint to the client in tmp_path/client only."""
    folder, _ = create_keys(tmp_path)
    public, secret, admitted = server_keys(folder)
    with zmq.Context() as context:
        authenticator = ThreadAuthenticator(context)
        authenticator.start()
        authenticator.configure_curve_callback(credentials_provider=Admit(admitted))
        socket = context.socket(zmq.REP)
        socket.linger = 0
        socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, public, secret
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        stop = threading.Event()
        thread = threading.Thread(target=greet, args=(socket, stop))
        thread.start()
        yield f"tcp://127.0.0.1:{port}"
        stop.set()
        thread.join()
        authenticator.stop()


class Admit:
    def __init__(self, admitted):
        self.admitted = admitted

    def callback(self, domain, key):
        return key in self.admitted


def greet(socket, stop):
    while not stop.is_set():
        if socket.poll(20):
            assert isinstance(decode(socket.recv()), Handshake)
            socket.send(encode(HandshakeResult("locked", "locked")))
    socket.close()


def test_right_keys_open(server, tmp_path):
    with Session(server, 5.0, keys=client_keys(tmp_path / "client")) as session:
        assert session.peer.model_name == "locked"


def test_no_keys(server):
    with pytest.raises(HandshakeError, match="keys"):
        Session(server, 5.0)


def test_keys_of_a_stranger(server, tmp_path):
    create_keys(tmp_path / "other")
    public, secret, _ = client_keys(tmp_path / "other/client")
    _, _, known_server = client_keys(tmp_path / "client")
    with pytest.raises(HandshakeError, match="keys"):
        Session(server, 5.0, keys=(public, secret, known_server))


def test_keys_of_another_server(server, tmp_path):
    create_keys(tmp_path / "other")
    with pytest.raises(HandshakeError, match="keys"):
        Session(server, 5.0, keys=client_keys(tmp_path / "other/client"))


def test_secrets_are_private_and_never_overwritten(tmp_path):
    server, client = create_keys(tmp_path / "keys")
    for secret in (server / "server.secret", client / "client.secret"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(KeysError, match="already"):
        create_keys(tmp_path / "keys")


def test_missing_and_broken_keys(tmp_path):
    with pytest.raises(KeysError, match="No such file"):
        client_keys(tmp_path)
    _, client = create_keys(tmp_path)
    (client / "client.secret").write_text("short")
    with pytest.raises(KeysError, match="40 characters"):
        client_keys(client)


@pytest.fixture
def locked_board(galton, tmp_path):
    """The C++ board on all interfaces, for the client in tmp_path/client."""
    create_keys(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"MOTHERLODE_KEYS": str(tmp_path / "server")}
    child = subprocess.Popen([galton, f"tcp://*:{port}"], env=environment)
    yield f"tcp://127.0.0.1:{port}"
    child.terminate()
    assert child.wait(5) == 0


@pytest.mark.cpp
def test_board_with_keys_admits_its_client_only(locked_board, tmp_path):
    theta = np.full((100, 1), -0.7)
    with connect(locked_board, keys=tmp_path / "client") as board:
        assert len(board.mine(theta, [[-0.5]])) == 100
    with pytest.raises(HandshakeError, match="keys"):
        connect(locked_board)
    create_keys(tmp_path / "other")
    public, secret, _ = client_keys(tmp_path / "other/client")
    _, _, known_server = client_keys(tmp_path / "client")
    with pytest.raises(HandshakeError, match="keys"):
        Session(locked_board, 5.0, keys=(public, secret, known_server))
    with connect(locked_board, keys=tmp_path / "client") as board:
        assert board.name == "galton"


@pytest.mark.cpp
def test_board_with_broken_keys_does_not_serve(galton, tmp_path):
    environment = os.environ | {"MOTHERLODE_KEYS": str(tmp_path)}
    result = subprocess.run([galton, "tcp://*:5556"], env=environment, capture_output=True, text=True, timeout=10)
    assert result.returncode != 0
    assert "motherlode keys" in result.stderr
