#include "handlers.h"

LONGNN_HANDLERS(float32, ffi::F32)
