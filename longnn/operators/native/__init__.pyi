from .library import Status as Status
from .library import status as status
from .operator import NativeOperator as NativeOperator
from .operator import native_operator as native_operator
from .rows import NativeRows as NativeRows
from .rows import native_rows as native_rows
