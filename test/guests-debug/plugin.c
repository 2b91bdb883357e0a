// A shared library that opens.c loads and lets go again.
// build: -shared -fPIC
int calls;

int pluginStep(int number) {
  calls++;
  return number * 5;  // in the library
}
