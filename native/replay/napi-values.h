// Arguments and results of the replay's primitives, between N-API and ours.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <string>

#include "napi/node-api.h"

namespace rr {

// An Error with `code` (the errno's name, as in Node's own errors) and `errno` (positive).
Napi::Error systemError(Napi::Env env, const std::string& what, int error);

std::string onTask(const char* what, pid_t tid);

inline pid_t tidOf(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

inline uint64_t wordOf(const Napi::Value& value) {
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

// A Uint32Array of 54 elements: the registers of user_regs_struct in halves.
user_regs_struct* registersOf(const Napi::Value& value);

struct Bytes {
  uint8_t* data;
  size_t length;
};

// Arguments (bytes: Uint8Array, offset, length) from `at` on, checked against the array.
Bytes bytesOf(const Napi::CallbackInfo& info, size_t at);

}  // namespace rr
