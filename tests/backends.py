"""The operator backends that this machine has; all of them where a C++ compiler is."""

from longnn.operators.native import status

PURE = ["csr", "bucketed", "segment_sum"]
BACKENDS = [*PURE, *(["native"] if status().active else [])]
