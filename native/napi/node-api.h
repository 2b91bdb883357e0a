#pragma once
// Where an environment ends, as a worker thread's that is terminated, no exception can be thrown into it any more: it
// is dropped then, where node-addon-api would end the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
