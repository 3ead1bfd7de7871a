"""Tables of the user's: csv with a header, or parquet."""

from collections.abc import Sequence
from pathlib import Path

from longnn.data.columns import Table
from longnn.data.csvfile import read_csv
from longnn.data.errors import DataFileError
from longnn.data.limits import named_file
from longnn.data.parquet import read_parquet


def read_table(
    path: Path | str, text: int, ignore: Sequence[str] = (), only_text: bool = False
) -> Table:
    """Reads a table whose first `text` columns are names and whose others are numbers.

    Args:
        path: a .csv file with a header line, or a .parquet file (needs pyarrow).
        text: number T of columns that are names.
        ignore: names of columns that are left out.
        only_text: whether further columns are an error.

    Raises:
        DataFileError: if the file is missing, empty, damaged, of another kind or encoding, has too
            few columns, or takes more memory than `longnn.data.archive.LIMIT`.
        ValueError: if a cell that should be a number is none; it names row and column. Or if there
            are further columns.
    """
    path = named_file(path, "give a csv file with a header, or parquet")
    readers = {".csv": read_csv, ".parquet": read_parquet}
    if path.suffix.lower() not in readers:
        raise DataFileError(f"{path} ends in {path.suffix!r}, expected .csv or .parquet")
    try:
        table = readers[path.suffix.lower()](path, text, ignore, only_text)
    except PermissionError as error:
        raise DataFileError(f"{path} may not be read: {error}") from error
    rows = len(table.text[0]) if table.text else 0
    if len(table.header) < text or not rows:
        raise DataFileError(
            f"{path} has {len(table.header)} columns and {rows} rows, expected at least "
            f"{text} columns, separated by commas, and one row below the header"
        )
    return table
