// Calls of a process with the in-tracee runtime where somebody else's seccomp filter is in force, as in a container.
//
// Such a filter outranks ours: a call that it refuses never stops. Stopping all calls at their entry (PTRACE_SYSCALL)
// would stop the runtime's, too, which are to be had without. So the kernel dispatches these tasks' calls
// (Documentation/admin-guide/syscall-user-dispatch.rst): every call from an instruction outside of our page becomes a
// SIGSYS before any filter is asked. At that signal stop the call has been rolled back; the tracer makes it by the
// instruction in our page, between entry and exit stop, and everybody sees the program's own address.
//
// The kernel forces that signal: where the program blocks it, it is unblocked, and where it is blocked or ignored, its
// handler is reset (force_sig_info_to_task in kernel/signal.c). Both are put back before anything else happens. A
// SIGSYS of the program's that waits takes the forced one's place; that of a timer which has been set anew meanwhile is
// then dropped by the kernel (posixtimer_deliver_signal since Linux 6.13), and with it the call: programs with such
// timers are not dispatched.
#pragma once

#include <signal.h>
#include <sys/user.h>

#include <cstdint>

#include "record/filters/foreign-filters.h"
#include "record/recording-log.h"
#include "record/runtime/locals.h"
#include "record/tree/task-tree.h"
#include "record/tree/waits.h"

namespace rr {

// Whether this kernel dispatches calls, and whoever confines us lets it.
bool dispatchPossible();

// Tracer thread only.
class Dispatch {
 public:
  // What a dispatched call is: the task may be gone (TaskTree::lost), the call another architecture's.
  enum class Entry : uint8_t { lost, ours, foreign };

  Dispatch(TaskTree& tree, Waits& waits, const ForeignFilters& filters, RuntimeLocals& locals, const RecordingLog& log)
      : tree_(tree), waits_(waits), filters_(filters), locals_(locals), log_(log) {}

  // Turns dispatch of a stopped task's calls on or off. False, with errno set, when the kernel refuses.
  bool set(Task& task, bool on);
  // At the exit stop of a call: from now on the task's calls are dispatched, if that is what it takes to buffer some.
  void begin(Task& task, const user_regs_struct& registers);
  // The kernel's view of the program's action for SIGSYS; `known` when it could be asked.
  void learnAction(Task& task);
  // What a call of the task may have changed: the mask, or the action for SIGSYS, or a timer that sends it.
  void noteChange(Task& task);
  // At the stop by the signal that the kernel has forced, or by another one that was there before. `own`: of the
  // tracer's. Gives the registers as at the entry of a call.
  Entry takeCall(Task& task, const siginfo_t& signal, bool own, user_regs_struct& registers);
  // Takes the kernel into a dispatched call, past the entry stop. While the tracer still dispatches, by the instruction
  // of our page; else by the one that was dispatched. False when the task is gone, with another stop pending.
  bool enterKernel(Task& task);
  // From a call's entry, where it is skipped, to where others can be made in its place: its exit stop. A dispatched
  // call has not been entered. False when the task stands elsewhere, with a status that waits, or is gone.
  bool leaveEntry(Task& task);
  // At the end of a call: the address that the program made it from. rt_sigreturn goes where it goes.
  bool leaveKernel(Task& task, user_regs_struct& registers);

 private:
  // Gives the program its mask and its action for SIGSYS back.
  bool undoForcedSignal(Task& task);

  TaskTree& tree_;
  Waits& waits_;
  const ForeignFilters& filters_;
  RuntimeLocals& locals_;
  const RecordingLog& log_;
};

}  // namespace rr
