#include "handlers.h"

LONGNN_HANDLERS(float64, ffi::F64)
