#include "record/recording-log.h"

#include <stdarg.h>
#include <stdio.h>

#include <utility>

#include "record/events/frame-writer.h"
#include "record/task.h"

namespace rr {

RecordingLog::RecordingLog(Readers readers, bool debugs, const FrameWriter& writer)
    : readers_(std::move(readers)), debugs_(debugs), writer_(writer) {}

void RecordingLog::warnOnce(const std::string& key, const std::string& text) {
  if (warned_.insert(key).second) readers_.warning(text);
}

void RecordingLog::debug(const Task& task, const char* format, ...) const {
  if (!debugs_) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "rr: debug record: event %llu task %d: %s\n", static_cast<unsigned long long>(writer_.event()),
          task.tid, text);
}

}  // namespace rr
