"""Launch fake peers and look for what they may have left behind."""

import sys
import tempfile
from pathlib import Path

from motherlode.frontends.remote import launch

FAKE = Path(__file__).with_name("fake_peer.py")


def start(mode, **options):
    return launch([sys.executable, str(FAKE), mode, "{endpoint}"], **options)


def children():
    """Return process ids of our living or undead children."""
    own = Path("/proc/self/task")
    return {int(pid) for task in own.iterdir() for pid in (task / "children").read_text().split()}


def folders():
    return set(Path(tempfile.gettempdir()).glob("motherlode-*"))
