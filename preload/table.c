// What the table in engine/syscalls/ says of the calls that are buffered.
#define RR_DEFINE_TABLE
#include "generated/calls.h"
