// Calls whose effects the table does not know. What one has written is found by comparing memory; from the second in an
// address space on, the kernel tells which pages were written, where it can.
#pragma once

#include <cstdint>
#include <vector>

#include "record/filters/foreign-filters.h"
#include "record/out-parameters.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class UnknownEffects {
 public:
  explicit UnknownEffects(const ForeignFilters& filters) : filters_(filters) {}

  // At the entry of such a call.
  void begin(Task& task);
  // At its end: adds what it has written to `ranges`.
  void end(Task& task, int64_t result, std::vector<OutRange>& ranges);

 private:
  // From now on the kernel's list of written pages is what is written from now on; what was until now is kept for the
  // next forced stop. False where memory is not watched.
  bool restartWatch(Task& task);

  const ForeignFilters& filters_;
};

}  // namespace rr
