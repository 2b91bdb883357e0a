// What the replay's objects of TypeScript have in common: its processes, and what is kept for each.
#pragma once

#include <map>
#include <memory>

#include "counter/tick-counter.h"
#include "napi/node-api.h"
#include "replay/point-search.h"
#include "replay/processes.h"
#include "tracee/xsave-layout.h"

namespace rr {

struct ReplayTracees {
  ReplayProcesses processes;
  std::map<pid_t, TickCounter> counters;
  XsaveAdapter xsave;
  // Of one search at a time.
  PointBuffers pointBuffers;
  // Which one that is; null: none has run.
  const void* searching = nullptr;

  // Throws an Error with the errno where the kernel refuses it.
  const TraceeMemory& memory(Napi::Env env, pid_t tid);
  // Throws an Error where no counter is open for it.
  TickCounter& counter(Napi::Env env, pid_t tid);
  // For the script. A tracee that has ended is reaped by the wait that says so, and forgotten here.
  Napi::Value status(Napi::Env env, pid_t tid, int status);
};

// Those of a ReplayProcesses of TypeScript. Throws a TypeError for anything else.
std::shared_ptr<ReplayTracees> traceesOf(const Napi::Value& processes);

}  // namespace rr
