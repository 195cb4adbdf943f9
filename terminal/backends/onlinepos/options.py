"""What an operator says about OnlinePOS. What its page tells in two ways or not is an option."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.backends.onlinepos.hash import Algorithm, HashScheme
from terminal.backends.onlinepos.options_books import BooksOptions
from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS

Charset = Literal["utf-8", "iso-8859-1"]
ReadHash = Literal["none", "empty", "query"]


class OnlinePosOptions(BooksOptions, frozen=True, kw_only=True):
    """The options of an OnlinePOS backend."""

    url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="Where the API is.",
            examples=["https://api.onlinepos.dk/api"],
            extra={"expected": EXPECTED_ADDRESS},
        ),
    ] = "https://api.onlinepos.dk/api"
    hash_algorithm: Annotated[
        Algorithm,
        Meta(description="How the values of forms are signed. It is not documented: ask OnlinePOS."),
    ] = "sha1"
    hash_credentials: Annotated[
        bool, Meta(description="Whether token and company number are signed before the values of a form.")
    ] = True
    hash_names: Annotated[
        bool,
        Meta(
            description="Whether names are signed, too, as in name=value&name=value. If not, the values one "
            "after the other."
        ),
    ] = False
    hash_empty: Annotated[
        bool, Meta(description="Whether fields that are not sent are signed as empty ones, with their names.")
    ] = False
    hash_reads: Annotated[
        ReadHash,
        Meta(
            description="Whether the calls that list cards are signed, which is shown and not described: over "
            "an `empty` body, over the `query`, or not at all."
        ),
    ] = "none"
    charset: Annotated[
        Charset, Meta(description="How letters such as ø are written in forms. It is not documented.")
    ] = "utf-8"
    voucher_method: Annotated[
        Literal["GET", "POST"],
        Meta(description="How a voucher is created. Documented is GET with a body, which proxies may drop."),
    ] = "GET"
    amount_checksum: Annotated[
        Literal["lines", "pieces"],
        Meta(
            description="What `amountChecksum` of an order counts: its lines, or the pieces on them. The page "
            "can be read either way."
        ),
    ] = "lines"
    journal_parameters: Annotated[
        Literal["query", "form"],
        Meta(description="Where the period stands when the journal of days is asked for."),
    ] = "query"

    def __post_init__(self) -> None:
        """Refuse an option that would do nothing."""
        super().__post_init__()
        if self.hash_empty and not self.hash_names:
            raise ValueError("`hash_names` with `hash_empty`: an empty value without its name leaves no trace")

    @property
    def scheme(self) -> HashScheme:
        """How the values of forms are signed."""
        separator: Literal["", "&"] = "&" if self.hash_names else ""
        return HashScheme(self.hash_algorithm, self.hash_credentials, separator, self.hash_empty)
