from .directory import RunDirectoryError as RunDirectoryError
from .saved import Run as Run
from .saved import load as load
