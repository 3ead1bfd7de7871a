// Signals stored as bfloat16, of which neighbours read half the bytes; sums of float32.
#include "handlers.h"

LONGNN_HANDLER(matvec_mixed, MatvecImpl<ffi::F32, longnn::Bfloat16>)
LONGNN_HANDLER(filter_sum_mixed, FilterSumImpl<ffi::F32, longnn::Bfloat16>)
LONGNN_HANDLER(filter_adjoint_mixed, FilterAdjointImpl<ffi::F32, longnn::Bfloat16>)
