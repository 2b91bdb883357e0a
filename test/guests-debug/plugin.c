// A shared library that opens.c loads and lets go again.
// build: -shared -fPIC
int calls;
__thread int ownCalls = 10;

int pluginStep(int number) {
  calls++;
  ownCalls++;         // in its thread
  return number * 5;  // in the library
}
