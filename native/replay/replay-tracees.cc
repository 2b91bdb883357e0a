#include "replay/replay-tracees.h"

#include <errno.h>
#include <sys/wait.h>

#include "replay/napi-values.h"

namespace rr {

const TraceeMemory& ReplayTracees::memory(Napi::Env env, pid_t tid) {
  const TraceeMemory* memory = processes.memory(tid);
  if (!memory) throw systemError(env, onTask("opening the memory", tid), errno);
  return *memory;
}

TickCounter& ReplayTracees::counter(Napi::Env env, pid_t tid) {
  const auto found = counters.find(tid);
  if (found == counters.end()) throw systemError(env, onTask("counting ticks", tid), ENOENT);
  return found->second;
}

Napi::Value ReplayTracees::status(Napi::Env env, pid_t tid, int status) {
  if (status >= 0 && !WIFSTOPPED(status)) {
    processes.forget(tid);
    counters.erase(tid);
  }
  return Napi::Number::New(env, status);
}

}  // namespace rr
