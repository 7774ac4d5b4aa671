"""Every figure leaves the settings of matplotlib as they were."""

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def _settings_stay_untouched():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
