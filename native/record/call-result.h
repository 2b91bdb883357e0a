// Results of system calls as the kernel leaves them in rax.
#pragma once

#include <cstdint>

namespace rr {

// MAX_ERRNO (include/linux/err.h).
inline bool isFailure(int64_t result) { return result < 0 && result >= -4095; }

// Kernel-internal results of interrupted calls (include/linux/errno.h): ERESTARTSYS to ERESTART_RESTARTBLOCK.
inline constexpr int64_t kRestartBlock = -516;
inline bool isRestart(int64_t result) { return result >= kRestartBlock && result <= -512; }
// Those that the kernel acts on; ENOIOCTLCMD, between them, is none (arch_do_signal_or_restart in arch/x86).
inline bool isMadeAgain(int64_t result) { return isRestart(result) && result != -515; }

}  // namespace rr
