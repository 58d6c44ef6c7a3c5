"""Rejected rows as a set of their own: the rows as they stood, to be corrected and loaded again."""

from __future__ import annotations

from pathlib import Path

from weatherhead.areas.migration.check_set import Checked
from weatherhead.areas.migration.files import FileReader
from weatherhead.areas.migration.layout import AGES, BY_NAME, CONTROL_FILE
from weatherhead.areas.migration.staging import Staging
from weatherhead.areas.migration.totals import ENERGY, say_total
from weatherhead.core.values import Refusal, gettext_noop


class RejectsInTheWay(Refusal):
    """Files are there that may have been corrected already."""

    template = gettext_noop("%(directory)s is not empty. Move it away, or name another directory with --rejects.")


def require_empty(directory: Path) -> None:
    """Refuse to write over rejects that somebody may be correcting.

    Raises:
        RejectsInTheWay: there is something in the directory.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise RejectsInTheWay(directory=directory)


def write_rejects(staging: Staging, *, checked: Checked, directory: Path) -> tuple[Path, ...]:
    """Write a file of rejected rows for every file that has some, and a control file that says what they must come to.

    The totals are what the first set leaves open: rows that are corrected make the two sets come to what the old
    system says.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for count in checked.rows:
        if not count.rejected:
            continue
        layout = BY_NAME[count.file]
        reader = FileReader(checked.files.directory / f"{count.file}.csv", layout=layout)
        path = directory / f"{count.file}.csv"
        try:
            with path.open("wb") as file:
                file.write((",".join(reader.order) + "\n").encode())
                file.writelines(reader.copy(staging.rejected_lines(count.file)))
        finally:
            reader.close()
        written.append(path)
    control = directory / CONTROL_FILE
    control.write_text(_control(checked), encoding="utf-8")
    return (*written, control)


def _control(checked: Checked) -> str:
    control = checked.files.control
    open_of = {total.name: say_total(total.name, total.difference).replace(",", "") for total in checked.totals}
    rows = "\n".join(f"  {count.file}: {count.rejected}" for count in checked.rows if count.rejected)
    ages = "\n".join(f"    {age}: {open_of[f'receivable.{age}']}" for age in (*AGES, "credit"))
    return (
        f"source: {control.source}\nset: {control.set}-rejects\ncut_over_on: {control.cut_over_on}\n"
        f"account_numbers: {control.account_numbers}\nrows:\n{rows}\ntotals:\n  receivable:\n{ages}\n"
        f"  deposit: {open_of['deposit']}\n  {ENERGY}: {open_of[ENERGY]}\n"
        f"  history_amount: {open_of['history_amount']}\n"
    )
