// What a recording tells whoever started it.
#pragma once

#include <functional>
#include <set>
#include <string>

namespace rr {

class FrameWriter;
struct Task;

class RecordingLog {
 public:
  using Reader = std::function<void(const std::string&)>;

  struct Readers {
    Reader note;     // what the machine does not allow, and what is done without it
    Reader warning;  // what the replay may suffer from
    Reader fatal;    // the recording cannot go on; the tracees are killed
  };

  RecordingLog(Readers readers, bool debugs, const FrameWriter& writer);

  void note(const std::string& text) const { readers_.note(text); }
  void warn(const std::string& text) const { readers_.warning(text); }
  void fatal(const std::string& text) const { readers_.fatal(text); }
  // Only the first time that something is told under this key.
  void warnOnce(const std::string& key, const std::string& text);
  // A decision of the tracer's, with the event at which it is made: to standard error, where such are asked for.
  void debug(const Task& task, const char* format, ...) const __attribute__((format(printf, 3, 4)));

 private:
  Readers readers_;
  bool debugs_;
  const FrameWriter& writer_;
  std::set<std::string> warned_;
};

}  // namespace rr
