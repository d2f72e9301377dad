// What the driver reads in PTX text: its header, and the entries with their parameters and limits.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cw {

struct PtxEntry {
    std::vector<unsigned> paramSizes;  // in bytes
    unsigned maxThreads = 1024;        // .maxntid or .reqntid
    unsigned sharedBytes = 0;          // declared in the entry
};

struct Ptx {
    int version = 0;                   // 63: 6.3
    int target = 0;                    // 70: sm_70
    std::string sourceHash;            // of the comment cw-source-sha256; empty if there is none
    std::map<std::string, PtxEntry> entries;
};

// Empty, or what is wrong with the text.
std::string parsePtx(const std::string& text, Ptx& ptx);

}  // namespace cw
