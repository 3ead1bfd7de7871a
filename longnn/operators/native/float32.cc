#include "handlers.h"

LONGNN_HANDLERS(float32, ffi::F32)

// Of the headers that this was compiled with; library.py compares it with that of the jaxlib it runs
// in.
extern "C" int ffi_version() { return 1000 * XLA_FFI_API_MAJOR + XLA_FFI_API_MINOR; }
