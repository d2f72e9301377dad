// A kernel's fault ends the kernel and its context, not the process: the signal is caught on the threads of streams.
#include <csetjmp>
#include <csignal>
#include <cstdlib>

#include "memory.h"
#include "stream.h"

namespace cw {
namespace {

struct Guard {
    sigjmp_buf back;
    bool active = false;
    void* at = nullptr;
    char* signalStack = nullptr;
    ~Guard() {
        if (signalStack != nullptr) {
            stack_t off{};
            off.ss_flags = SS_DISABLE;
            sigaltstack(&off, nullptr);
            std::free(signalStack);
        }
    }
};

thread_local Guard guard;
struct sigaction before[2];

void onFault(int signal, siginfo_t* info, void* state) {
    if (guard.active) {
        guard.active = false;
        guard.at = info->si_addr;
        siglongjmp(guard.back, signal);
    }
    // Not ours: as if we were not here.
    const struct sigaction& old = before[signal == SIGSEGV ? 0 : 1];
    if ((old.sa_flags & SA_SIGINFO) != 0) {
        old.sa_sigaction(signal, info, state);
    } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
        sigaction(signal, &old, nullptr);
    } else {
        old.sa_handler(signal);
    }
}

}  // namespace

void installFaultHandler() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction ours {};
        ours.sa_sigaction = onFault;
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigfillset(&ours.sa_mask);
        sigaction(SIGSEGV, &ours, &before[0]);
        sigaction(SIGBUS, &ours, &before[1]);
    });
}

int runGuarded(const std::function<void()>& body, const char* name) {
    if (guard.signalStack == nullptr) {
        guard.signalStack = static_cast<char*>(std::malloc(64 << 10));
        stack_t stack{};
        stack.ss_sp = guard.signalStack;
        stack.ss_size = 64 << 10;
        sigaltstack(&stack, nullptr);
    }
    if (sigsetjmp(guard.back, 1) == 0) {
        guard.active = true;
        body();
        guard.active = false;
        return 0;
    }
    if (isDeviceAddress(guard.at)) {
        breach("%s: touched device memory at %p, which is not mapped", name, guard.at);
        return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    if (guard.at == nullptr) {
        breach("%s: touched a null pointer, or an address that is not aligned as its type", name);
        return CUDA_ERROR_MISALIGNED_ADDRESS;
    }
    breach("%s: touched %p, which is not device memory", name, guard.at);
    return CUDA_ERROR_ILLEGAL_ADDRESS;
}

}  // namespace cw
