"""After every test here no child, zombie, socket file or thread may be left."""

import time

import pytest
from peers import children, folders


@pytest.fixture(autouse=True)
def nothing_left():
    before = children(), folders()
    yield
    deadline = time.monotonic() + 3
    while (children() - before[0] or folders() - before[1]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not children() - before[0]
    assert not folders() - before[1]
