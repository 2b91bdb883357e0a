// Our memory in a program that stands at its first instruction: our page in any, and where calls are buffered from the
// start the in-tracee runtime, and the jumps to it in the code that the program starts in.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "record/files/vdso.h"
#include "record/filters/foreign-filters.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/runtime/runtime.h"
#include "record/runtime/site-patcher.h"
#include "record/runtime/sites.h"
#include "record/task.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class ProgramStart {
 public:
  ProgramStart(const RecorderOptions& options, Waits& waits, const ForeignFilters& filters, const Vdso& vdso,
               const Runtime& runtime, SitePatcher& patcher, Sites& sites, RecordingLog& log)
      : options_(options),
        waits_(waits),
        filters_(filters),
        vdso_(vdso),
        runtime_(runtime),
        patcher_(patcher),
        sites_(sites),
        log_(log) {}

  // Whether the program's calls may be buffered from its first one on: then setUp() is to be called, else mapPage().
  bool buffers(const Task& task, uint64_t vdsoStart) const;
  // Maps our page, by the vdso's own system call instruction. False when it cannot be.
  bool mapPage(Task& task, uint64_t vdsoStart);
  // Behind the records of the program's own memory, `maps`, whose sites are noted, while the vdso is as it will be: has
  // the program map our page, the runtime and memory for stubs, all with one stop, and patches what is known to be
  // worth it. Records that. The task then stands at a system call's entry, which it skips, with `registers`.
  void setUp(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers, uint64_t vdsoStart);

 private:
  using Steps = std::vector<rr_set_up_step>;

  static void addPage(Steps& steps);
  static void addRuntime(Steps& steps, const PatchPlan& plan);
  std::optional<size_t> run(Task& task, const user_regs_struct& registers, const Steps& steps, uint64_t place);

  const RecorderOptions& options_;
  Waits& waits_;
  const ForeignFilters& filters_;
  const Vdso& vdso_;
  const Runtime& runtime_;
  SitePatcher& patcher_;
  Sites& sites_;
  RecordingLog& log_;
};

}  // namespace rr
