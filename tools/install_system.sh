#!/usr/bin/env bash
# Install the Debian or Ubuntu packages the C++ parts need, or say which ones are missing.
set -euo pipefail

PYTHON=${PYTHON:-python3}
missing=()

need() { # need PACKAGE TEST...
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

header() { [ -n "$(find /usr/include /usr/local/include -path "*/$1" -print -quit 2>/dev/null)" ]; }

need g++ command -v g++
need cmake command -v cmake
need make command -v make
need libzmq3-dev header zmq.h
need cppzmq-dev header zmq.hpp
need libflatbuffers-dev header flatbuffers/flatbuffers.h
need flatbuffers-compiler command -v flatc
need python3-venv "$PYTHON" -c "import ensurepip, venv"

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "motherlode needs Python 3.11 or newer; $PYTHON is $("$PYTHON" --version 2>&1). Say make setup PYTHON=python3.11." >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "These are missing (Debian's names): ${missing[*]}. Install them with your package manager, then make again." >&2
  echo "Going on without: everything but the C++ front end works, and the demo takes the Python board." >&2
  exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
  run=()
elif sudo -n true 2>/dev/null; then
  run=(sudo)
else
  echo "Without root or sudo nothing can be installed here. Please run: sudo apt-get install ${missing[*]}" >&2
  case " ${missing[*]} " in *" python3-venv "*) exit 1 ;; esac
  echo "Going on without: everything but the C++ front end works, and the demo takes the Python board." >&2
  exit 0
fi
echo "installing ${missing[*]}"
"${run[@]}" apt-get update -q
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
