// What the libraries' handles and descriptors are kept in.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "standin.h"

namespace cw {

// A counted table from the values that callers hold to objects; a destroyed one is recognised.
template <typename T>
class Objects {
public:
    Objects(unsigned tag, Thing thing) : tag_(tag), thing_(thing) {}

    void* add(std::shared_ptr<T> object) {
        void* const value = reinterpret_cast<void*>(newHandle(tag_));
        const std::lock_guard<std::mutex> hold(lock_);
        objects_.emplace(value, std::move(object));
        count(thing_, 1);
        return value;
    }

    std::shared_ptr<T> find(void* value) {
        const std::lock_guard<std::mutex> hold(lock_);
        const auto at = objects_.find(value);
        return at == objects_.end() ? nullptr : at->second;
    }

    std::shared_ptr<T> remove(void* value) {
        const std::lock_guard<std::mutex> hold(lock_);
        const auto at = objects_.find(value);
        if (at == objects_.end()) {
            return nullptr;
        }
        std::shared_ptr<T> object = std::move(at->second);
        objects_.erase(at);
        count(thing_, -1);
        return object;
    }

private:
    const unsigned tag_;
    const Thing thing_;
    std::mutex lock_;
    std::unordered_map<void*, std::shared_ptr<T>> objects_;
};

}  // namespace cw
