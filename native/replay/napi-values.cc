#include "replay/napi-values.h"

#include <string.h>

namespace rr {

Napi::Error systemError(Napi::Env env, const std::string& what, int error) {
  const char* name = strerrorname_np(error);
  Napi::Error result =
      Napi::Error::New(env, what + ": " + strerror(error) + (name ? " (" + std::string(name) + ")" : ""));
  if (name) result.Set("code", Napi::String::New(env, name));
  result.Set("errno", Napi::Number::New(env, error));
  return result;
}

std::string onTask(const char* what, pid_t tid) { return std::string(what) + " on process " + std::to_string(tid); }

user_regs_struct* registersOf(const Napi::Value& value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_uint32_array || length * 4 != sizeof(user_regs_struct)) {
    throw Napi::TypeError::New(value.Env(), "registers: expected a Uint32Array of 54 elements");
  }
  return static_cast<user_regs_struct*>(data);
}

Bytes bytesOf(const Napi::CallbackInfo& info, size_t at) {
  napi_typedarray_type type;
  size_t size = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(info.Env(), info[at], &type, &size, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_uint8_array) throw Napi::TypeError::New(info.Env(), "expected a Uint8Array");
  const uint64_t offset = wordOf(info[at + 1]);
  const uint64_t length = wordOf(info[at + 2]);
  if (offset > size || length > size - offset) {
    throw Napi::RangeError::New(info.Env(), "offset and length reach beyond the Uint8Array");
  }
  return {static_cast<uint8_t*>(data) + offset, length};
}

}  // namespace rr
