"""After every test here no child, zombie or socket folder may be left."""

import shutil
import signal
import tempfile
import time

import pytest
from peers import children, folders


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    """Hear SIGINT also where a shell started these tests in the background: it is ignored there, in children too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch, tmp_path_factory):
    """Give each test a temporary folder of its own, short enough for sockets, and look what remains."""
    tmp_path_factory.getbasetemp()
    own = tempfile.mkdtemp(prefix="ml")
    monkeypatch.setattr("tempfile.tempdir", own)
    monkeypatch.setenv("TMPDIR", own)
    before = children()
    yield
    monkeypatch.setattr("tempfile.tempdir", own)
    deadline = time.monotonic() + 3
    while (children() - before or folders()) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = children() - before, folders()
    shutil.rmtree(own)
    assert left == (set(), set())
