from .lanczos import lanczos_coefficients as lanczos_coefficients
from .lanczos import lanczos_filter as lanczos_filter
from .polynomial import filter as filter
