// A kernel's fault ends the kernel and its context, not the process: the signal is caught on the threads of streams.
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <pthread.h>

#include "memory.h"
#include "stream.h"

namespace cw {
namespace {

// Of a thread that runs a stream. Kept under a key and not in thread-local memory, which the handler would have to allocate on
// threads of the virtual machine that come by.
struct Guard {
    sigjmp_buf back;
    volatile bool active = false;
    void* volatile at = nullptr;
    char* signalStack = nullptr;
};

constexpr size_t SIGNAL_STACK_BYTES = 64 << 10;
pthread_key_t guardKey;

void forgetGuard(void* value) {
    auto* const guard = static_cast<Guard*>(value);
    stack_t off{};
    off.ss_flags = SS_DISABLE;
    sigaltstack(&off, nullptr);
    std::free(guard->signalStack);
    delete guard;
}

Guard& guardOfThisThread() {
    auto* guard = static_cast<Guard*>(pthread_getspecific(guardKey));
    if (guard == nullptr) {
        guard = new Guard;
        guard->signalStack = static_cast<char*>(std::malloc(SIGNAL_STACK_BYTES));
        stack_t stack{};
        stack.ss_sp = guard->signalStack;
        stack.ss_size = SIGNAL_STACK_BYTES;
        sigaltstack(&stack, nullptr);
        pthread_setspecific(guardKey, guard);
    }
    return *guard;
}

struct sigaction before[2];

void onFault(int signal, siginfo_t* info, void* state) {
    auto* const guard = static_cast<Guard*>(pthread_getspecific(guardKey));
    if (guard != nullptr && guard->active) {
        guard->active = false;
        guard->at = info->si_addr;
        siglongjmp(guard->back, signal);
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
        pthread_key_create(&guardKey, forgetGuard);
        struct sigaction ours {};
        ours.sa_sigaction = onFault;
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigfillset(&ours.sa_mask);
        sigaction(SIGSEGV, &ours, &before[0]);
        sigaction(SIGBUS, &ours, &before[1]);
    });
}

int runGuarded(const std::function<void()>& body, const char* name) {
    Guard* volatile const guard = &guardOfThisThread();  // volatile: it outlives a jump
    if (sigsetjmp(guard->back, 1) == 0) {
        guard->active = true;
        body();
        guard->active = false;
        return 0;
    }
    void* const at = guard->at;
    if (isDeviceAddress(at)) {
        breach("%s: touched device memory at %p, which is not mapped", name, at);
        return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    if (at == nullptr) {
        breach("%s: touched a null pointer, or an address that is not aligned as its type", name);
        return CUDA_ERROR_MISALIGNED_ADDRESS;
    }
    breach("%s: touched %p, which is not device memory", name, at);
    return CUDA_ERROR_ILLEGAL_ADDRESS;
}

}  // namespace cw
