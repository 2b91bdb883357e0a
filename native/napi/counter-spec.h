// A CounterSpec as TypeScript has it (engine/machine/native-probes.ts).
#pragma once

#include "counter/tick-counter.h"
#include "napi/node-api.h"

namespace rr {

inline CounterSpec counterSpec(const Napi::Object& object) {
  const auto number = [&](const char* name) { return object.Get(name).As<Napi::Number>().Int64Value(); };
  CounterSpec spec;
  spec.type = static_cast<uint32_t>(number("type"));
  spec.config = static_cast<uint64_t>(number("config"));
  spec.address = static_cast<uint64_t>(number("address"));
  spec.skid = static_cast<uint32_t>(number("skid"));
  return spec;
}

}  // namespace rr
