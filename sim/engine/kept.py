"""What is kept on disk and read again: JSON under a digest of its own, and Parquet that is looked at before it is read.

>>> text = sealed({"seeds": [1, 2]})
>>> unsealed(text)
{'seeds': [1, 2]}
>>> unsealed(text.replace("2", "3", 1))
Traceback (most recent call last):
ValueError: its text does not match the digest in it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow.parquet as pq

SEAL = "manifest_digest"
"""The key of the digest in a JSON file; it is of all that stands beside it."""
MOST_VALUES = 100_000_000
"""Values that a part of a Parquet file may have: ten runs of twenty years have a tenth of it, and it fits in memory."""


def sealed(facts: Mapping[str, Any]) -> str:
    """Facts as JSON, with a digest."""
    rest = {name: value for name, value in facts.items() if name != SEAL}
    return json.dumps({**rest, SEAL: _digest(rest)}, indent=1, ensure_ascii=False, default=str) + "\n"


def unsealed(text: str | bytes) -> dict[str, Any]:
    """The facts in a JSON text. One without a digest, as earlier versions wrote it, is taken as it is.

    Raises
    ------
    ValueError
        If it is not a JSON object, or its digest is of another text.
    """
    try:
        facts = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(facts, dict):
        raise ValueError("it is no JSON object")
    if facts.pop(SEAL, None) not in (None, _digest(facts)):
        raise ValueError("its text does not match the digest in it")
    return facts


def _digest(facts: Mapping[str, Any]) -> str:
    return digest_of(json.dumps(facts, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass"))


def digest_of(data: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parquet(source: Any) -> pq.ParquetFile:
    """An open Parquet file whose pages are checked as they are read.

    Raises
    ------
    ValueError
        If it says that a part of it has more values than memory should hold.
    """
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source, page_checksum_verification=True)
    facts = file.metadata
    most = max((facts.row_group(k).num_rows for k in range(facts.num_row_groups)), default=0)
    if most * max(1, facts.num_columns) > MOST_VALUES:
        raise ValueError(f"it has {most:,} rows of {facts.num_columns} columns; no run has so many")
    return file
