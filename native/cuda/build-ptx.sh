#!/usr/bin/env bash
# Compiles src/main/cuda/*.cu to the PTX that is checked in under src/main/resources/org/clockwork/device/cuda.
#
#   native/cuda/build-ptx.sh           all files whose PTX is missing or was made from another source
#   native/cuda/build-ptx.sh --all     all files
#   native/cuda/build-ptx.sh --check   makes nothing; exit code 1 if a file is not up to date
#
# Needs clang 14 or later with its NVPTX backend (Debian: apt-get install clang-16), and no CUDA toolkit. CLANG chooses another
# one. The PTX is for sm_70, ISA 6.3: drivers from 10.0 on take it, for every GPU since Volta. A line in it holds the SHA-256 of
# its .cu followed by all headers of the folder in the order of their names; PtxTest compares it, and so do the stand-ins.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "${BASH_SOURCE[0]}")"
sources=src/main/cuda
target=src/main/resources/org/clockwork/device/cuda
mode="${1:-}"

clang="${CLANG:-}"
for candidate in clang-16 clang-17 clang-18 clang-15 clang-14 clang; do
    if [[ -z "$clang" ]] && command -v "$candidate" > /dev/null; then
        clang="$candidate"
    fi
done

source_hash() {
    cat "$1" $sources/*.h | sha256sum | cut -d' ' -f1
}

stale=0
for source in $sources/*.cu; do
    name="$(basename "$source" .cu)"
    ptx="$target/$name.ptx"
    hash="$(source_hash "$source")"
    if [[ "$mode" != --all ]] && grep -qs "^// cw-source-sha256: $hash\$" "$ptx"; then
        continue
    fi
    stale=1
    if [[ "$mode" == --check ]]; then
        echo "not up to date: $ptx (run native/cuda/build-ptx.sh)" >&2
        continue
    fi
    if [[ -z "$clang" ]]; then
        echo "native/cuda/build-ptx.sh: no clang found (apt-get install clang-16)" >&2
        exit 2
    fi
    mkdir -p "$target"
    "$clang" -x cuda --cuda-device-only -S --cuda-gpu-arch=sm_70 -Xclang -target-feature -Xclang +ptx63 \
        -nocudainc -nocudalib --cuda-path=/nonexistent -std=c++17 -O3 -Wall -Werror "$source" -o "$ptx.body"
    {
        echo "// Made from $name.cu by native/cuda/build-ptx.sh; not to be edited."
        echo "// cw-source-sha256: $hash"
        echo "// cw-compiler: $("$clang" --version | head -1)"
        cat "$ptx.body"
    } > "$ptx.new"
    rm "$ptx.body"
    mv "$ptx.new" "$ptx"
    echo "$ptx: $(grep -c '\.entry' "$ptx") entries"
done
if [[ "$mode" == --check && "$stale" == 1 ]]; then
    exit 1
fi
