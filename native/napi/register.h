// Each part of the addon adds its functions to the exports. Called once per environment (main thread, each worker).
#pragma once

#include <napi.h>

namespace rr {

void registerRing(Napi::Env env, Napi::Object exports) __attribute__((weak));
void registerRecorder(Napi::Env env, Napi::Object exports) __attribute__((weak));
void registerReplay(Napi::Env env, Napi::Object exports) __attribute__((weak));

}  // namespace rr
