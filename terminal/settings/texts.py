"""Kinds of text that several sections have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Name = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\Z",
        extra={"expected": "1 to 32 lower-case letters, digits and inner hyphens"},
    ),
]
PathText = Annotated[str, Meta(min_length=1, max_length=4096, extra={"expected": "the path of a file"})]
MaybePath = Annotated[str, Meta(max_length=4096, extra={"expected": "the path of a file, or an empty text"})]
