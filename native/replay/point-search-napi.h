// The class PointSearch of TypeScript (engine/replay/primitives.ts).
#pragma once

#include "napi/node-api.h"

namespace rr {

Napi::Function definePointSearch(Napi::Env env);

}  // namespace rr
