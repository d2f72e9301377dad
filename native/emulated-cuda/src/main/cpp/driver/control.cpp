// What tests command: one line of text in, text out. Through JNI for org.clockwork.emulatedcuda.EmulatedCuda, and as a C function.
//
//   set NAME VALUE                        devices, memoryBytes, queueEntries, poison, copyBytesPerSecond, computeCapability, races, compute
//   fail FUNCTION NTH TIMES ERROR STICKY  the NTH call from now (1: the next) and TIMES - 1 more fail
//   latency FUNCTION NS                   each call takes so long ("execute:kernel": each kernel, at least)
//   calls FUNCTION                        how often it was called
//   functions                             all that were called, one per line with the number of calls
//   counts                                what is allocated now, NAME VALUE per line
//   breaches                              what was done wrong since the last time this was asked
//   lose DEVICE ERROR                     the device is gone
//   wrong KERNEL                          that kernel leaves out its last block; without a name: none does
//   kernels [FILE]                        loads the host builds of kernels, from beside this library or from FILE
//   reset                                 no faults, no latencies, settings of the start, devices there again, no breaches
#include "control.h"

#include <jni.h>
#include <sstream>

namespace cw {
namespace {

constexpr const char* THINGS[] = {
    "contexts", "streams", "events", "modules", "allocations", "deviceBytes", "physicalBlocks", "mappings", "reservations",
    "pinnedBlocks", "pinnedBytes", "graphs", "dnnHandles", "dnnDescriptors", "blasHandles"};
static_assert(std::size(THINGS) == static_cast<size_t>(Thing::NUMBER));

std::atomic<int64_t>* setting(const std::string& name) {
    return name == "devices" ? &settings.devices
        : name == "memoryBytes" ? &settings.memoryBytes
        : name == "queueEntries" ? &settings.queueEntries
        : name == "poison" ? &settings.poison
        : name == "copyBytesPerSecond" ? &settings.copyBytesPerSecond
        : name == "races" ? &settings.races
        : name == "compute" ? &settings.compute
        : name == "computeCapability" ? &settings.computeCapability
        : nullptr;
}

void resetAll() {
    for (Function* f : allFunctions()) {
        f->failFrom = 0;
        f->latencyNs = 0;
    }
    settings.devices = 1;
    settings.memoryBytes = 1LL << 30;
    settings.queueEntries = 1024;
    settings.poison = 1;
    settings.copyBytesPerSecond = 0;
    settings.computeCapability = 70;
    settings.races = 0;
    settings.compute = 1;
    restoreDevices();
    runWrongly("");
    takeBreaches();
}

std::string command(const std::string& line) {
    std::istringstream in(line);
    std::ostringstream out;
    std::string verb, name;
    in >> verb;
    if (verb == "set") {
        int64_t value;
        in >> name >> value;
        std::atomic<int64_t>* const target = setting(name);
        if (in.fail() || target == nullptr) {
            return "error: " + line;
        }
        *target = value;
    } else if (verb == "fail") {
        uint64_t nth, times;
        int error, sticky;
        in >> name >> nth >> times >> error >> sticky;
        if (in.fail() || nth == 0) {
            return "error: " + line;
        }
        Function& f = function(name.c_str());
        f.failWith = error;
        f.sticky = sticky != 0;
        f.failUntil = f.calls + nth + times;
        f.failFrom = f.calls + nth;
    } else if (verb == "latency") {
        int64_t ns;
        in >> name >> ns;
        if (in.fail()) {
            return "error: " + line;
        }
        function(name.c_str()).latencyNs = ns;
    } else if (verb == "calls") {
        std::getline(in >> std::ws, name);
        out << function(name.c_str()).calls;
    } else if (verb == "functions") {
        for (const Function* f : allFunctions()) {
            if (f->calls > 0) {
                out << f->name << ' ' << f->calls << '\n';
            }
        }
    } else if (verb == "counts") {
        awaitStreamThreads();
        for (int i = 0; i < static_cast<int>(Thing::NUMBER); i++) {
            out << THINGS[i] << ' ' << counted(static_cast<Thing>(i)) << '\n';
        }
    } else if (verb == "breaches") {
        for (const std::string& text : takeBreaches()) {
            out << text << '\n';
        }
    } else if (verb == "lose") {
        int device, error;
        in >> device >> error;
        if (in.fail()) {
            return "error: " + line;
        }
        loseDevice(device, error);
    } else if (verb == "wrong") {
        in >> name;
        runWrongly(name);
    } else if (verb == "kernels") {
        std::getline(in >> std::ws, name);
        useKernels(name);
    } else if (verb == "reset") {
        resetAll();
    } else {
        return "error: " + line;
    }
    return out.str();
}

}  // namespace
}  // namespace cw

// Writes at most `size` bytes of the answer; gives its whole length.
extern "C" CW_EXPORT size_t cwemu_command(const char* line, char* answer, size_t size) {
    const std::string text = cw::command(line);
    if (size > 0) {
        const size_t n = text.copy(answer, size - 1);
        answer[n] = 0;
    }
    return text.size();
}

extern "C" JNIEXPORT jstring JNICALL Java_org_clockwork_emulatedcuda_EmulatedCuda_command(JNIEnv* env, jclass, jstring line) {
    const char* const text = env->GetStringUTFChars(line, nullptr);
    if (text == nullptr) {
        return nullptr;
    }
    const std::string answer = cw::command(text);
    env->ReleaseStringUTFChars(line, text);
    return env->NewStringUTF(answer.c_str());
}
