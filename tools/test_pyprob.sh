#!/usr/bin/env bash
# Test the pyprob front end in an environment of its own: pyprob pins flatbuffers==2.0 and needs Python <= 3.11.
# The environment is kept in PYPROB_VENV (default: the user's cache) and used again while its inputs are the same.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
venv=${PYPROB_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/motherlode/pyprob-venv}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then
  echo "pyprob cannot be imported on Python 3.12 or later, so its tests are left out."
  exit 0
fi
wanted=$(cat pyproject.toml constraints.txt | sha256sum)
if [ "$(cat "$venv/.wanted" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$venv"
  "$PYTHON" -m venv "$venv"
  "$venv/bin/pip" install -q -c constraints.txt torch
  "$venv/bin/pip" install -q -c constraints.txt -e ".[pyprob,test]"
  echo "$wanted" > "$venv/.wanted"
fi
OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} PYTHONPATH=src "$venv/bin/python" -m pytest -q -o filterwarnings=default \
  tests/frontends/test_pyprob.py tests/frontends/test_four_ways.py "$@"
OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} PYTHONPATH=src "$venv/bin/python" -m pytest -q -o filterwarnings=default \
  tests/structure/test_public_api.py -k pyprob
