// What the control commands read (control.cpp).
#pragma once

#include "state.h"

namespace cw {

int64_t counted(Thing thing);
std::vector<Function*> allFunctions();
std::vector<std::string> takeBreaches();
// A device that is gone: its contexts are lost, and no new one can be had until the state is reset.
void loseDevice(CUdevice device, int error);
void restoreDevices();
// The name of an entry that is run wrongly from now on (its last block is left out); empty: none.
void runWrongly(const std::string& kernel);
void useKernels(const std::string& library);
void awaitStreamThreads();

}  // namespace cw
