import pytest
import torch
from gaussian import gaussian_events


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def events():
    return gaussian_events(2000)
