"""The ledger as a file: every call, every correction, every day of which only totals are left."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, Protocol

from modelbay.errors import ModelbayError
from modelbay.store import Database, calls, corrections, retention
from modelbay.store.digits import digits
from modelbay.store.selection import Selection

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["csv", "parquet"]
AT_ONCE: Final = 5_000
"""Rows that are held at once."""
_CALL: Final = tuple(name for name in calls.COLUMNS if name != "workspace")
COLUMNS: Final = (
    "kind",
    "workspace",
    *_CALL,
    "calls",
    "errors",
    "unpriced",
    "corrects",
    "reason",
    "actor",
    "created",
)
"""A row is a `call`, a `correction`, or a `day` of calls that are kept no longer: their sums are totals."""
_TIMES: Final = ("at", "created")
_EXACT: Final = ("price", "quantity", "units")
_TRUTHS: Final = ("stream", "estimated")
_FLOATS: Final = ("latency", "first_token")
_NUMBERS: Final = (
    "status",
    "attempts",
    "calls",
    "errors",
    "unpriced",
    *(name for name in _CALL if name.endswith("_tokens")),
)
_WIDEST: Final = 38  # digits of a decimal128
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class ExportError(ModelbayError):
    """The ledger cannot be written to this file; the message says why and what to do."""

    summary = "The ledger cannot be written to the file."


class _Writer(Protocol):
    def write(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def close(self) -> None: ...


def export(
    database: Database,
    chosen: Selection,
    target: Path,
    form: Format,
    *,
    on_rows: Callable[[int], None] = lambda count: None,
    at_once: int = AT_ONCE,
) -> int:
    """Write the chosen calls with their corrections to a file, all of one moment; return how many rows.

    The file appears when it is whole. Memory does not grow with it.

    Args:
        on_rows: Told how many rows are written by now.
        at_once: How many rows are held.

    Raises:
        ExportError: The file cannot be written, or something that the format needs is missing.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            count = _write(database, chosen, file, form, on_rows, at_once)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise ExportError(f"{target}: {error.strerror or type(error).__name__}") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return count


def how_many(database: Database, chosen: Selection) -> int:
    """Return about how many rows an export will have."""
    parts = (
        f"(SELECT count(*) FROM {table} WHERE {chosen.where()})"  # noqa: S608 - ours
        for table in ("calls", "call_totals", "corrections")
    )
    return sum(database.rows(f"SELECT {', '.join(parts)}", chosen.parameters())[0])


def _write(
    database: Database,
    chosen: Selection,
    file: IO[bytes],
    form: Format,
    on_rows: Callable[[int], None],
    at_once: int,
) -> int:
    count = 0
    with database.snapshot():
        writer = _CsvWriter(file) if form == "csv" else _parquet(database, chosen, file)
        with contextlib.closing(writer):
            for rows in _pages(database, chosen, at_once):
                writer.write(rows)
                count += len(rows)
                on_rows(count)
    return count


def _pages(database: Database, chosen: Selection, at_once: int) -> Iterator[list[dict[str, Any]]]:
    behind: tuple[float, str] | None = None
    while page := calls.page(database, chosen, behind, at_once):
        yield [_of_call(row) for row in page]
        behind = (page[-1]["at"], page[-1]["id"])
    for kind, query in (("day", retention.page), ("correction", corrections.page)):
        after = (-1.0, "")
        while page := query(database, chosen, after, at_once):
            yield [_of_entry(row, kind) for row in page]
            after = (page[-1]["at"], page[-1]["id"])


def _of_call(row: Mapping[str, Any]) -> dict[str, Any]:
    used = row["status"] < 400 or row["prompt_tokens"] + row["completion_tokens"] > 0
    unpriced = row["price"] is None and (used or row["quantity"] is not None)
    counts = {"calls": 1, "errors": int(row["status"] >= 400), "unpriced": int(unpriced)}
    return {"kind": "call", **row, **counts}


def _of_entry(row: Mapping[str, Any], kind: str) -> dict[str, Any]:
    plain = dict(row)
    plain.pop("number", None)
    call = plain.pop("call", None)
    counts = {} if kind == "day" else {"calls": 0, "errors": 0}
    return {"kind": kind, **counts, **plain} | ({"corrects": call} if call else {})


class _CsvWriter:
    """Lines of CSV: UTF-8, a heading, decimals as they are, times as ISO 8601."""

    def __init__(self, file: IO[bytes]) -> None:
        import io  # noqa: PLC0415 - start-up time

        self._text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        self._lines = csv.writer(self._text, lineterminator="\n")
        self._lines.writerow(COLUMNS)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._lines.writerows([_cell(name, row.get(name)) for name in COLUMNS] for row in rows)

    def close(self) -> None:
        self._text.detach()


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name in _TIMES:
        return _time(value).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if name in _TRUTHS:
        return "true" if value else "false"
    if isinstance(value, str) and name not in _EXACT and value.startswith(_FORMULA):
        return f"'{value}"  # a client's words must not become a formula of whoever opens the file
    return value


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _parquet(database: Database, chosen: Selection, file: IO[bytes]) -> _Writer:
    try:
        import pyarrow  # noqa: F401, PLC0415 - an extra, and 0.1 s
    except ImportError:
        raise ExportError("Parquet needs a package more: install modelbay[parquet], or write CSV") from None
    before, after = digits(database, chosen)
    scale = max(after, 18)
    if before + scale > _WIDEST:
        raise ExportError(
            f"some amounts have {before} digits before and {after} after the point, which Parquet's decimals "
            "cannot hold exactly: write CSV"
        )
    return _ParquetWriter(file, scale)


class _ParquetWriter:
    """Parquet with exact decimals and times in UTC, a row group for each page."""

    def __init__(self, file: IO[bytes], scale: int) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - an extra

        self._schema = _schema(scale)
        self._file = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - an extra

        columns = [
            pa.array([_value(each.name, row.get(each.name)) for row in rows], type=each.type)
            for each in self._schema
        ]
        self._file.write_batch(pa.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        self._file.close()


def _schema(scale: int) -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    types: dict[str, pa.DataType] = {
        **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(_EXACT, pa.decimal128(_WIDEST, scale)),
        **dict.fromkeys(_TRUTHS, pa.bool_()),
        **dict.fromkeys(_FLOATS, pa.float64()),
        **dict.fromkeys(_NUMBERS, pa.int64()),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return _time(value)
    if name in _EXACT:
        return Decimal(value)
    return bool(value) if name in _TRUTHS else value
