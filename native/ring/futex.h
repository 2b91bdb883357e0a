// Futexes over words of the ring: waiting and waking, across threads of this process.
#pragma once

#include <cstdint>

namespace rr {

// Sleeps while `*word` is `expected`, at most `milliseconds`; may return early for no reason (a signal, a wake meant
// for another condition): the caller looks at its condition again. futex(2), FUTEX_WAIT.
void futexWait(uint32_t* word, uint32_t expected, uint32_t milliseconds);

// Wakes all who sleep on the word. futex(2), FUTEX_WAKE.
void futexWakeAll(uint32_t* word);

}  // namespace rr
