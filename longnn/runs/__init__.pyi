from .arrays import Recorded as Recorded
from .arrays import read as read
from .directory import RunDirectoryError as RunDirectoryError
from .opening import load as load
from .result import Result as Result
from .result import TrainedModel as TrainedModel
from .result import read_result as read_result
from .saved import Run as Run
