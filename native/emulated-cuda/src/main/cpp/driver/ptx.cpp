#include "ptx.h"

#include <cctype>
#include <cstdlib>

namespace cw {
namespace {

// A directive's first word after `key`, from `at` on; empty if there is none.
std::string wordAfter(const std::string& text, const std::string& key, size_t at = 0) {
    at = text.find(key, at);
    if (at == std::string::npos) {
        return "";
    }
    at = text.find_first_not_of(" \t", at + key.size());
    return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \t\r\n(;,", at) - at);
}

unsigned sizeOf(const std::string& declaration) {
    const size_t dot = declaration.find_first_of("bsuf", declaration.rfind('.'));
    unsigned bytes = static_cast<unsigned>(std::atoi(declaration.c_str() + dot + 1)) / 8;
    return bytes;
}

// ".param .align 8 .b8 name[24]" or ".param .u64 name", optionally with .ptr attributes.
unsigned paramSize(const std::string& declaration) {
    const size_t bracket = declaration.find('[');
    if (bracket != std::string::npos) {
        return static_cast<unsigned>(std::atoi(declaration.c_str() + bracket + 1));
    }
    for (const char* type : {".b8", ".b16", ".b32", ".b64", ".u8", ".u16", ".u32", ".u64", ".s8", ".s16", ".s32", ".s64", ".f16", ".f32", ".f64"}) {
        const size_t at = declaration.find(std::string(type) + " ");
        if (at != std::string::npos) {
            return sizeOf(declaration.substr(at, std::string(type).size()));
        }
    }
    return 0;
}

unsigned product(const std::string& text, size_t at) {
    unsigned n = 1;
    const size_t end = text.find('\n', at);
    while (at < end) {
        if (std::isdigit(static_cast<unsigned char>(text[at]))) {
            n *= static_cast<unsigned>(std::atoi(text.c_str() + at));
            while (std::isdigit(static_cast<unsigned char>(text[at]))) {
                at++;
            }
        } else {
            at++;
        }
    }
    return n;
}

unsigned sharedBytes(const std::string& body) {
    unsigned bytes = 0;
    for (size_t at = body.find(".shared .align"); at != std::string::npos; at = body.find(".shared .align", at + 1)) {
        const size_t end = body.find(';', at);
        const size_t bracket = body.find('[', at);
        if (bracket < end) {
            bytes += static_cast<unsigned>(std::atoi(body.c_str() + bracket + 1));
        }
    }
    return bytes;
}

}  // namespace

std::string parsePtx(const std::string& text, Ptx& ptx) {
    const std::string version = wordAfter(text, "\n.version");
    const std::string target = wordAfter(text, "\n.target");
    if (version.empty() || target.rfind("sm_", 0) != 0 || text.find("\n.address_size 64") == std::string::npos) {
        return "no .version, .target sm_* and .address_size 64";
    }
    ptx.version = static_cast<int>(std::atof(version.c_str()) * 10 + 0.5);
    ptx.target = std::atoi(target.c_str() + 3);
    ptx.sourceHash = wordAfter(text, "// cw-source-sha256:");
    for (size_t at = text.find(".entry "); at != std::string::npos; at = text.find(".entry ", at + 1)) {
        const std::string name = wordAfter(text, ".entry", at);
        const size_t open = text.find('(', at);
        const size_t close = text.find("\n)", at) == std::string::npos ? text.find(')', at) : text.find(')', open);
        const size_t begin = text.find("\n{", at);
        const size_t end = text.find("\n}", at);
        if (open == std::string::npos || close == std::string::npos || begin == std::string::npos || end == std::string::npos) {
            return "entry " + name + " is cut off";
        }
        PtxEntry entry;
        for (size_t p = text.find(".param", open); p < close; p = text.find(".param", p + 1)) {
            const size_t stop = std::min(text.find_first_of(",\n", p), close);
            entry.paramSizes.push_back(paramSize(text.substr(p, stop - p) + " "));
        }
        for (const char* limit : {".maxntid", ".reqntid"}) {
            const size_t l = text.find(limit, close);
            if (l < begin) {
                entry.maxThreads = product(text, l);
            }
        }
        entry.sharedBytes = sharedBytes(text.substr(begin, end - begin));
        ptx.entries[name] = entry;
    }
    return "";
}

}  // namespace cw
