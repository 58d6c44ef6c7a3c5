"""``bill.yaml``: what one utility says on its bills beside the figures. Cited, dated, validated whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weatherhead.areas.records.utility import Utility, read_text
from weatherhead.core.values import DataModel, load_yaml

Text = Annotated[str, Field(min_length=1, max_length=600)]
Line = Annotated[str, Field(min_length=1, max_length=60)]
_REMIT_LINES_MAX = 5


class Paragraph(DataModel):
    """A title in bold and its text. `citation` and `status` say where the text comes from and how far to trust it."""

    title: Line
    text: Text
    citation: str = ""
    status: Annotated[str, Field(pattern=r"^(verified|secondary|illustrative|house)$")] = "house"


class BillTexts(DataModel):
    """Where payments go, how to reach the utility, and what stands on the second page."""

    remit_to: Annotated[tuple[Line, ...], Field(max_length=_REMIT_LINES_MAX)] = ()
    hours: str = ""
    phone_pay: str = ""
    web: str = ""
    pay_url: Annotated[str, Field(pattern=r"^(https://\S+/)?$")] = ""  # the code to pay is added to it
    language_line: str = ""
    language_line_language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "es"
    words: tuple[Paragraph, ...] = ()
    rights: tuple[Paragraph, ...] = ()


def bill_texts(utility: Utility) -> BillTexts:
    """The utility's texts; a utility without a file has none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    if not utility.bill_texts:
        return BillTexts()
    path = utility.path(utility.bill_texts)
    return load_yaml(read_text(path), name=str(path), model=BillTexts)
