// Modules and kernels. PTX is parsed for its entries; what runs is the host build of the same .cu, found by the entry's name and
// tied to the PTX by the hash of the source and the sizes of the parameters.
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>

#include "../kernels/grid.h"
#include "control.h"
#include "memory.h"
#include "ptx.h"
#include "stream.h"

namespace cw {
namespace {

constexpr unsigned SHARED_LIMIT = 48 << 10;
constexpr unsigned SHARED_LIMIT_OPT_IN = 96 << 10;

struct Module {
    std::shared_ptr<Context> context;
    Ptx ptx;
    std::vector<uint64_t> functions;
    std::mutex lock;
};

struct Kernel {
    std::shared_ptr<Context> context;
    std::string name;
    PtxEntry entry;
    const CwHostKernel* host = nullptr;
    std::atomic<unsigned> dynamicLimit{0};
};

Handles<Module>& modules() {
    static auto* const table = new Handles<Module>(0x30);
    return *table;
}

Handles<Kernel>& kernels() {
    static auto* const table = new Handles<Kernel>(0x31);
    return *table;
}

// The library of host builds: beside this one, unless a test names another.
struct HostKernels {
    std::mutex lock;
    std::string file;
    bool loaded = false;
    std::map<std::string, const CwHostKernel*> byName;
    decltype(&cwRunGrid) run = nullptr;
    std::string wrong;
};

HostKernels& hostKernels() {
    static auto* const k = new HostKernels;
    return *k;
}

void loadHostKernels(HostKernels& k) {
    k.loaded = true;
    if (k.file.empty()) {
        Dl_info info{};
        dladdr(reinterpret_cast<void*>(&loadHostKernels), &info);
        const std::string self = info.dli_fname;
        k.file = self.substr(0, self.rfind('/') + 1) + "libcwkernels.so";
    }
    void* const library = dlopen(k.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        breach("no host builds of kernels: %s", dlerror());
        return;
    }
    const auto list = reinterpret_cast<decltype(&cwHostKernels)>(dlsym(library, "cwHostKernels"));
    k.run = reinterpret_cast<decltype(&cwRunGrid)>(dlsym(library, "cwRunGrid"));
    int number = 0;
    const CwHostKernel* const all = list(&number);
    for (int i = 0; i < number; i++) {
        k.byName[all[i].name] = &all[i];
    }
}

const CwHostKernel* hostKernel(const std::string& name) {
    HostKernels& k = hostKernels();
    const std::lock_guard<std::mutex> hold(k.lock);
    if (!k.loaded) {
        loadHostKernels(k);
    }
    const auto at = k.byName.find(name);
    return at == k.byName.end() ? nullptr : at->second;
}

bool isWrong(const std::string& name) {
    HostKernels& k = hostKernels();
    const std::lock_guard<std::mutex> hold(k.lock);
    return !name.empty() && k.wrong == name;
}

CUresult load(const Call& call, CUmodule* result, const void* image) {
    REQUIRE(image != nullptr && result != nullptr, CUDA_ERROR_INVALID_VALUE, "cuModuleLoadData: no image");
    const char* const text = static_cast<const char*>(image);
    REQUIRE(std::memcmp(text, "\x7f" "ELF", 4) != 0 && std::memcmp(text, "\x50\xed\x55\xba", 4) != 0, CUDA_ERROR_NOT_SUPPORTED,
        "cuModuleLoadData: binaries can't be run here, only PTX");
    auto module = std::make_shared<Module>();
    module->context = call.context;
    const std::string wrong = parsePtx(text, module->ptx);
    REQUIRE(wrong.empty(), CUDA_ERROR_INVALID_PTX, "cuModuleLoadData: %s", wrong.c_str());
    REQUIRE(module->ptx.version <= 85, CUDA_ERROR_INVALID_PTX, "cuModuleLoadData: PTX %d is newer than this driver", module->ptx.version);
    if (module->ptx.target > settings.computeCapability) {
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    *result = reinterpret_cast<CUmodule>(modules().add(module));
    count(Thing::MODULES, 1);
    return CUDA_SUCCESS;
}

// Is it an address of this process's own memory, though not pinned? Only what lies as high as a 64-bit Linux puts libraries,
// stacks and big allocations is looked at: lower values are numbers.
bool isHostAddress(uint64_t value) {
    constexpr uint64_t LOWEST = 1ULL << 40;
    constexpr uint64_t END = 1ULL << 47;
    constexpr uint64_t PAGE = 4096;
    unsigned char resident;
    return value >= LOWEST && value < END && pinned(reinterpret_cast<const void*>(value), 1) != Pinned::WHOLE
        && mincore(reinterpret_cast<void*>(value / PAGE * PAGE), PAGE, &resident) == 0;
}

// Values in the parameters that are addresses: that of device memory must be there still when the kernel runs, and one of host
// memory that is not pinned is out of a GPU's reach (here the kernel would write over whatever lies there).
void findPointers(const std::vector<char>& params, std::vector<Range>& ranges) {
    for (size_t at = 0; at + 8 <= params.size(); at += 8) {
        uint64_t value;
        std::memcpy(&value, params.data() + at, 8);
        if (isDeviceAddress(value) || isHostAddress(value)) {
            ranges.push_back({reinterpret_cast<const void*>(value), 1, false, "pointer in a parameter"});
        }
    }
}

struct Launch {
    std::shared_ptr<Kernel> kernel;
    CwDim grid, block;
    unsigned dynamicShared;
    std::vector<char> params;
    std::vector<unsigned> offsets;

    void run() {
        void* pointers[256];
        for (size_t i = 0; i < offsets.size(); i++) {
            pointers[i] = params.data() + offsets[i];
        }
        if (hostKernels().run(kernel->host, pointers, grid, block, dynamicShared, isWrong(kernel->name)) != CW_GRID_DONE) {
            breach("%s: threads of a block wait for each other in vain", kernel->name.c_str());
            lose(*kernel->context, CUDA_ERROR_LAUNCH_TIMEOUT);
        }
    }
};

CUresult checkShape(const Kernel& k, CwDim grid, CwDim block, unsigned dynamicShared) {
    const char* const name = k.name.c_str();
    REQUIRE(grid.x > 0 && grid.y > 0 && grid.z > 0 && block.x > 0 && block.y > 0 && block.z > 0, CUDA_ERROR_INVALID_VALUE,
        "%s: a dimension of the grid or the block is 0", name);
    REQUIRE(grid.x <= 0x7fffffffu && grid.y <= 65535 && grid.z <= 65535, CUDA_ERROR_INVALID_VALUE,
        "%s: grid %u x %u x %u is too large", name, grid.x, grid.y, grid.z);
    REQUIRE(block.x <= 1024 && block.y <= 1024 && block.z <= 64 && block.x * block.y * block.z <= 1024, CUDA_ERROR_INVALID_VALUE,
        "%s: block %u x %u x %u is too large", name, block.x, block.y, block.z);
    REQUIRE(block.x * block.y * block.z <= k.entry.maxThreads, CUDA_ERROR_INVALID_VALUE,
        "%s: %u threads in a block, its launch bounds allow %u", name, block.x * block.y * block.z, k.entry.maxThreads);
    const unsigned limit = std::max(SHARED_LIMIT, k.dynamicLimit.load() + k.entry.sharedBytes);
    REQUIRE(k.entry.sharedBytes + dynamicShared <= limit, CUDA_ERROR_INVALID_VALUE,
        "%s: %u bytes of shared memory, %u allowed", name, k.entry.sharedBytes + dynamicShared, limit);
    return CUDA_SUCCESS;
}

}  // namespace

void useKernels(const std::string& library) {
    HostKernels& k = hostKernels();
    const std::lock_guard<std::mutex> hold(k.lock);
    k.file = library;
    k.byName.clear();
    loadHostKernels(k);
}

void runWrongly(const std::string& kernel) {
    HostKernels& k = hostKernels();
    const std::lock_guard<std::mutex> hold(k.lock);
    k.wrong = kernel;
}

void releaseModules(const std::shared_ptr<Context>& context) {
    int leaked = 0;
    for (const auto& [handle, module] : modules().all()) {
        if (module->context == context) {
            leaked++;
            modules().remove(handle);
            count(Thing::MODULES, -1);
            for (const uint64_t f : module->functions) {
                kernels().remove(f);
            }
        }
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d modules", leaked);
    }
}

}  // namespace cw

using namespace cw;

API cuModuleLoadData(CUmodule* module, const void* image) {
    ENTER(CONTEXT);
    return load(call, module, image);
}

API cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned, int*, void**) {
    ENTER(CONTEXT);
    return load(call, module, image);
}

API cuModuleUnload(CUmodule handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Module> module = modules().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(module, CUDA_ERROR_INVALID_HANDLE, "cuModuleUnload: no such module (unloaded already?)");
    awaitContext(*module->context);
    modules().remove(reinterpret_cast<uint64_t>(handle));
    for (const uint64_t f : module->functions) {
        kernels().remove(f);
    }
    count(Thing::MODULES, -1);
    return CUDA_SUCCESS;
}

API cuModuleGetFunction(CUfunction* result, CUmodule handle, const char* name) {
    ENTER(CONTEXT);
    const std::shared_ptr<Module> module = modules().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(module, CUDA_ERROR_INVALID_HANDLE, "cuModuleGetFunction: no such module (unloaded?)");
    const auto entry = module->ptx.entries.find(name);
    if (entry == module->ptx.entries.end()) {
        return CUDA_ERROR_NOT_FOUND;
    }
    const CwHostKernel* const host = hostKernel(name);
    REQUIRE(host != nullptr, CUDA_ERROR_NOT_FOUND, "cuModuleGetFunction: %s has no host build", name);
    REQUIRE(module->ptx.sourceHash == host->sourceHash, CUDA_ERROR_INVALID_IMAGE,
        "cuModuleGetFunction: %s: the PTX was made from another source than the host build (run native/cuda/build-ptx.sh)", name);
    const std::vector<unsigned> sizes(host->paramSizes, host->paramSizes + host->paramCount);
    REQUIRE(sizes == entry->second.paramSizes, CUDA_ERROR_INVALID_IMAGE,
        "cuModuleGetFunction: %s: the parameters of PTX and host build differ in size", name);
    auto kernel = std::make_shared<Kernel>();
    kernel->context = module->context;
    kernel->name = name;
    kernel->entry = entry->second;
    kernel->host = host;
    const uint64_t function = kernels().add(kernel);
    const std::lock_guard<std::mutex> hold(module->lock);
    module->functions.push_back(function);
    *result = reinterpret_cast<CUfunction>(function);
    return CUDA_SUCCESS;
}

API cuModuleGetGlobal_v2(CUdeviceptr*, size_t*, CUmodule, const char*) {
    ENTER(CONTEXT);
    return CUDA_ERROR_NOT_FOUND;
}

API cuFuncGetAttribute(int* value, int attribute, CUfunction handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Kernel> kernel = kernels().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(kernel, CUDA_ERROR_INVALID_HANDLE, "cuFuncGetAttribute: no such function");
    switch (attribute) {
        case 0: *value = static_cast<int>(kernel->entry.maxThreads); break;
        case 1: *value = static_cast<int>(kernel->entry.sharedBytes); break;
        case 4: *value = 32; break;
        case 5: *value = 63; break;
        case 6: *value = static_cast<int>(settings.computeCapability); break;
        case 8: *value = static_cast<int>(std::max(kernel->dynamicLimit.load(), SHARED_LIMIT - kernel->entry.sharedBytes)); break;
        default: *value = 0;
    }
    return CUDA_SUCCESS;
}

API cuFuncSetAttribute(CUfunction handle, int attribute, int value) {
    ENTER(CONTEXT);
    const std::shared_ptr<Kernel> kernel = kernels().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(kernel, CUDA_ERROR_INVALID_HANDLE, "cuFuncSetAttribute: no such function");
    if (attribute == 8) {
        REQUIRE(value >= 0 && static_cast<unsigned>(value) + kernel->entry.sharedBytes <= SHARED_LIMIT_OPT_IN, CUDA_ERROR_INVALID_VALUE,
            "cuFuncSetAttribute: %d bytes of dynamic shared memory", value);
        kernel->dynamicLimit = static_cast<unsigned>(value);
    }
    return CUDA_SUCCESS;
}

API cuFuncSetCacheConfig(CUfunction, int) {
    ENTER(CONTEXT);
    return CUDA_SUCCESS;
}

API cuLaunchKernel(CUfunction handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, unsigned blockZ,
        unsigned dynamicShared, CUstream streamHandle, void** params, void** extra) {
    ENTER(CONTEXT);
    static Function& kind = function("execute:kernel");
    const std::shared_ptr<Kernel> kernel = kernels().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(kernel, CUDA_ERROR_INVALID_HANDLE, "cuLaunchKernel: no such function (its module unloaded?)");
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, kernel->name.c_str());
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(kernel->context == call.context && stream->context == call.context, CUDA_ERROR_INVALID_HANDLE,
        "%s: function or stream belongs to another context", kernel->name.c_str());
    const CUresult shape = checkShape(*kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, dynamicShared);
    if (shape != CUDA_SUCCESS) {
        return shape;
    }
    if (extra != nullptr) {
        return CUDA_ERROR_NOT_SUPPORTED;
    }
    REQUIRE(params != nullptr || kernel->entry.paramSizes.empty(), CUDA_ERROR_INVALID_VALUE, "%s: no parameters", kernel->name.c_str());
    auto launch = std::make_shared<Launch>();
    launch->kernel = kernel;
    launch->grid = {gridX, gridY, gridZ};
    launch->block = {blockX, blockY, blockZ};
    launch->dynamicShared = dynamicShared;
    for (size_t i = 0; i < kernel->entry.paramSizes.size(); i++) {
        REQUIRE(params[i] != nullptr, CUDA_ERROR_INVALID_VALUE, "%s: parameter %zu is null", kernel->name.c_str(), i);
        const unsigned size = kernel->entry.paramSizes[i];
        const auto offset = static_cast<unsigned>((launch->params.size() + 15) / 16 * 16);
        launch->offsets.push_back(offset);
        launch->params.resize(offset + size);
        std::memcpy(launch->params.data() + offset, params[i], size);
    }
    std::vector<Range> ranges;
    findPointers(launch->params, ranges);
    return submitTo(stream, {&kind, kernel->name, std::move(ranges), [launch] { launch->run(); }, {}, 0, true});
}
