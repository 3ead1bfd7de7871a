"""The operator backends that this machine has; all of them on a CPU where a C++ compiler is."""

import jax

from longnn.operators.native import status

PURE = ["csr", "bucketed", "segment_sum"]
NATIVE = ["native"] if jax.default_backend() == "cpu" and status().active else []
BACKENDS = [*PURE, *NATIVE]
