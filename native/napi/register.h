// Each part of the addon adds its functions to the exports. Called once per environment (main thread, each worker).
#pragma once

#include "napi/node-api.h"

namespace rr {

void registerRing(Napi::Env env, Napi::Object exports);
void registerRecorder(Napi::Env env, Napi::Object exports);
void registerReplay(Napi::Env env, Napi::Object exports);
void registerMachine(Napi::Env env, Napi::Object exports);
void registerStore(Napi::Env env, Napi::Object exports);

}  // namespace rr
