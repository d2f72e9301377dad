#!/usr/bin/env bash
# Builds the stand-ins: libcuda.so.1, libcudnn.so.9, libcublas.so.12 and libcwkernels.so.
#
#   build.sh OUT NATIVES JAVA_HOME     OUT: where they go; NATIVES: the folder of JCuda's natives, which says what must be bound
#
# Needs 64-bit Linux on x86, g++ 10 or later, nm, and the JDK's headers. What lacks is said, and nothing is built; with CI set
# that is a failure. Objects are kept by the hash of what they are made from: a second run does nothing.
set -euo pipefail
export LC_ALL=C

mkdir -p "$1"
out="$(cd "$1" && pwd)"
natives="$(cd "$2" && pwd)"
java_home="$3"
cd "$(dirname "${BASH_SOURCE[0]}")"
self="$PWD/build.sh"
cd src/main/cpp
cuda_sources=../../../../cuda/src/main/cuda

lacks=""
[[ "$(uname -s) $(uname -m)" == "Linux x86_64" ]] || lacks="64-bit Linux on x86"
for tool in g++ nm sha256sum; do
    command -v "$tool" > /dev/null || lacks="${lacks:+$lacks, }$tool"
done
[[ -f "$java_home/include/jni.h" ]] || lacks="${lacks:+$lacks, }$java_home/include/jni.h"
grep -qw avx2 /proc/cpuinfo 2> /dev/null || lacks="${lacks:+$lacks, }a processor with AVX2"
if [[ -n "$lacks" ]]; then
    echo "==================================================================================================" >&2
    echo "The stand-ins for the CUDA libraries are NOT built, and no test that needs them will run: no $lacks" >&2
    echo "==================================================================================================" >&2
    rm -f "$out"/*.so*
    [[ -z "${CI:-}" ]] || exit 1
    exit 0
fi

flags=(-std=c++20 -march=x86-64-v3 -fPIC -fvisibility=hidden -pthread -Wall -Wextra -Werror -Wno-stringop-overflow)
include=(-I"$java_home/include" -I"$java_home/include/linux" -Ikernels -I"$cuda_sources")
objects="$out/objects"
mkdir -p "$objects"
hash_of() {
    cat "$@" | sha256sum | cut -d' ' -f1
}
kernel_headers="$(hash_of kernels/*.h "$cuda_sources"/*.h "$self")"
library_headers="$(hash_of common/*.h compute/*.h dnn/*.h driver/*.h kernels/grid.h "$self")"
headers="$kernel_headers"
compiler="$(g++ --version | head -1)"

# compile SOURCE [FLAG...]: sets `object`
compile() {
    local source="$1"
    shift
    local hash
    hash="$(printf '%s\n' "$headers" "$compiler" "${flags[*]}" "$*" "$(cat "$source")" | sha256sum | cut -c1-20)"
    object="$objects/$(basename "${source%.*}")-$hash.o"
    if [[ ! -f "$object" ]]; then
        rm -f "$objects/$(basename "${source%.*}")"-????????????????????.o
        g++ "${flags[@]}" "${include[@]}" "$@" -c "$source" -o "$object.new"
        mv "$object.new" "$object"
    fi
}

# stubs PATTERN ERROR NATIVE OBJECT...: for each function that a native of JCuda binds and no object defines, one that gives ERROR; sets `object`
stubs() {
    local pattern="$1" error="$2" native="$3"
    shift 3
    local source="$objects/stubs-$pattern.cpp"
    {
        echo '#include "common/standin.h"'
        echo "extern \"C\" {"
        comm -23 <(nm -D --undefined-only "$native" | awk '{print $2}' | sed 's/@.*//' | grep -E "^$pattern[A-Z]" | sort -u) \
            <(nm --defined-only "$@" | awk 'NF == 3 && $2 == "T" {print $3}' | sort -u) \
            | sed "s/.*/CW_EXPORT int &() { static cw::Function\& f = cw::function(\"not supported: &\"); ++f.calls; return $error; }/"
        echo "}"
    } > "$source.new"
    mv "$source.new" "$source"
    compile "$source" -O1 -I.
}

# link NAME INPUT...: only if an input is newer
link() {
    local name="$1" stale="" input
    shift
    for input in "$@"; do
        [[ "$input" == -* || "$input" -ot "$out/$name" ]] || stale=1
    done
    if [[ -n "$stale" ]]; then
        g++ -shared -pthread -Wl,-soname,"$name" -Wl,-z,defs "$@" -o "$out/$name.new"
        mv "$out/$name.new" "$out/$name"
    fi
}

# Host builds of the kernels (clang has warned already): each .cu as it is, then a table of its entries with the hash that its PTX holds.
compile kernels/grid.cpp -O3
kernel_objects=("$object")
tables=""
for cu in "$cuda_sources"/*.cu; do
    name="$(basename "$cu" .cu)"
    hash="$(cat "$cu" "$cuda_sources"/*.h | sha256sum | cut -d' ' -f1)"
    source="$objects/kernel-$name.cpp"
    {
        echo "#define CW_HOST_KERNELS"
        cat "$cu"
        echo "extern const CwHostKernel cwTable_$name[] = {"
        tr '\n' ' ' < "$cu" | grep -oE 'extern "C" __global__ void +(__launch_bounds__\([^)]*\) +)?[A-Za-z_0-9]+ *\(' \
            | sed -E 's/ *\($//; s/.* //' | sed "s/.*/    CW_HOST_KERNEL(&, \"$hash\"),/"
        echo "};"
        echo "extern const int cwTableSize_$name = sizeof cwTable_$name / sizeof *cwTable_$name;"
    } > "$source.new"
    cmp -s "$source.new" "$source" || mv "$source.new" "$source"
    rm -f "$source.new"
    compile "$source" -O3 -w
    kernel_objects+=("$object")
    tables="$tables $name"
done
{
    echo '#include "grid.h"'
    echo '#include <vector>'
    for name in $tables; do
        echo "extern const CwHostKernel cwTable_$name[];"
        echo "extern const int cwTableSize_$name;"
    done
    echo 'extern "C" __attribute__((visibility("default"))) const CwHostKernel* cwHostKernels(int* count) {'
    echo '    static const std::vector<CwHostKernel> all = [] {'
    echo '        std::vector<CwHostKernel> k;'
    for name in $tables; do
        echo "        k.insert(k.end(), cwTable_$name, cwTable_$name + cwTableSize_$name);"
    done
    echo '        return k;'
    echo '    }();'
    echo '    *count = static_cast<int>(all.size());'
    echo '    return all.data();'
    echo '}'
} > "$objects/kernel_list.cpp"
compile "$objects/kernel_list.cpp" -O1
kernel_objects+=("$object")
link libcwkernels.so "${kernel_objects[@]}"

headers="$library_headers"
driver=()
for source in driver/*.cpp; do
    compile "$source" -O1
    driver+=("$object")
done
stubs cu 801 "$natives"/libJCudaDriver-*.so "${driver[@]}"
driver+=("$object")
link libcuda.so.1 "${driver[@]}" -ldl

# cuDNN's and cuBLAS's symbols carry the library's name as their version.
for library in dnn:cudnn:libcudnn.so.9:3000:libJCudnn blas:cublas:libcublas.so.12:15:libJCublas2; do
    IFS=: read -r folder pattern name error native <<< "$library"
    own=()
    for source in "$folder"/*.cpp compute/*.cpp; do
        case "$source" in
            compute/* | dnn/pointwise.cpp) compile "$source" -O3 ;;
            *) compile "$source" -O1 ;;
        esac
        own+=("$object")
    done
    stubs "$pattern" "$error" "$natives/$native"-*.so "${own[@]}"
    own+=("$object")
    echo "$name { global: $pattern*; local: *; };" > "$objects/$pattern.map"
    link "$name" "${own[@]}" "$out/libcuda.so.1" -Wl,--version-script="$objects/$pattern.map"
done
