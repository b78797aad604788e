#!/usr/bin/env bash
# Builds Horovod from its released source, for the PyTorch in .venv, and installs it there (make horovod).
#
# The release of 2023 does not build with today's PyTorch, whose headers want C++17 or later: its two lines that ask for C++14 are
# changed. Its own copy of gloo wants a CMake older than 4. The wheel is kept in ~/.cache/mlops-labs (MLOPS_LABS_CACHE: elsewhere).
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=0.28.1
SHA256=92a43f5a94c43907a56805bad15f19700c62ffc83b7ca483f9e104e229f67ef0
PYTHON=$PWD/.venv/bin/python
CACHE=${MLOPS_LABS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mlops-labs}

if "$PYTHON" -c "import horovod.torch" 2>/dev/null; then
    echo "Horovod is in .venv already."
    exit
fi
TORCH=$("$PYTHON" -c "import torch; print(torch.__version__)")
WHEELS=$CACHE/horovod-$VERSION-torch-$TORCH

if ! ls "$WHEELS"/horovod-"$VERSION"-"$("$PYTHON" -c "import sys; print('cp%d%d' % sys.version_info[:2])")"-*.whl >/dev/null 2>&1; then
    command -v c++ >/dev/null || { echo "extras/horovod.sh: there is no C++ compiler; install one (on Debian and Ubuntu: sudo apt install g++), and run make horovod again." >&2; exit 1; }
    PLACE=$(mktemp -d)
    trap 'rm -rf "$PLACE"' EXIT
    echo "Building Horovod $VERSION for PyTorch $TORCH: about four minutes on two cores ..."
    "$PYTHON" -m venv "$PLACE/tools"
    "$PLACE/tools/bin/pip" install --quiet "cmake>=3.31,<4" packaging "setuptools<81" wheel
    "$PLACE/tools/bin/pip" download --quiet --no-deps --no-build-isolation --no-binary :all: --dest "$PLACE" "horovod==$VERSION"
    echo "$SHA256  $PLACE/horovod-$VERSION.tar.gz" | sha256sum --check --quiet
    tar -C "$PLACE" -xzf "$PLACE/horovod-$VERSION.tar.gz"
    cd "$PLACE/horovod-$VERSION"
    sed -i 's/set(CMAKE_CXX_STANDARD 14)/set(CMAKE_CXX_STANDARD 20)/' CMakeLists.txt horovod/torch/CMakeLists.txt
    # The build asks the Python that it runs in for PyTorch. So the tools' Python sees the packages of .venv, behind its own.
    "$PYTHON" -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$("$PLACE/tools/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")/venv.pth"
    env PATH="$PLACE/tools/bin:$PATH" MAKEFLAGS="-j$(nproc)" HOROVOD_WITH_PYTORCH=1 HOROVOD_WITHOUT_TENSORFLOW=1 HOROVOD_WITHOUT_MXNET=1 \
        HOROVOD_WITH_GLOO=1 HOROVOD_WITHOUT_MPI=1 HOROVOD_CPU_OPERATIONS=GLOO \
        "$PLACE/tools/bin/pip" wheel --no-build-isolation --no-deps --wheel-dir "$PLACE/wheels" . > "$PLACE/log" 2>&1 \
        || { tail -40 "$PLACE/log" >&2; echo "extras/horovod.sh: the build failed; its last lines are above. The labs work without Horovod." >&2; exit 1; }
    cd - >/dev/null
    mkdir -p "$WHEELS"
    mv "$PLACE"/wheels/*.whl "$WHEELS/"
fi
.venv/bin/uv pip install --quiet --python "$PYTHON" --no-deps --compile-bytecode "$WHEELS"/horovod-"$VERSION"-*.whl
"$PYTHON" -c "import horovod.torch as hvd; hvd.init(); assert hvd.gloo_built() and hvd.size() == 1; hvd.shutdown()"
echo "Horovod $VERSION is in .venv."
