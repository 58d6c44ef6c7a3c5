"""Rule files: exact text, and every problem told by file, line and key."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict, model_validator

from weatherhead.core.values import DataFileInvalid, ProblemsAt, Refusal, gettext_noop, load_yaml


class Charge(BaseModel):
    """A charge of a small rule file."""

    model_config = ConfigDict(extra="forbid")
    code: str
    price: Decimal


class Book(BaseModel):
    """A small rule file."""

    model_config = ConfigDict(extra="forbid")
    name: str
    note: str | None = None
    charges: tuple[Charge, ...] = ()

    @model_validator(mode="after")
    def _codes_differ(self) -> Book:
        codes = [charge.code for charge in self.charges]
        repeated = [index for index, code in enumerate(codes) if code in codes[:index]]
        if repeated:
            raise ProblemsAt([(("charges", index, "code"), "stands twice") for index in repeated])
        return self


def problems(text: str) -> list[str]:
    with pytest.raises(DataFileInvalid) as refused:
        load_yaml(text, name="book.yaml", model=Book)
    assert all(str(problem) in str(refused.value) for problem in refused.value.problems)
    return [str(problem) for problem in refused.value.problems]


def test_scalars_are_read_as_the_text_that_stands_there() -> None:
    book = load_yaml("name: 01\nnote: no\ncharges:\n  - {code: 1e3, price: 0.0792}\n", name="b", model=Book)
    assert (book.name, book.note) == ("01", "no")
    assert (book.charges[0].code, book.charges[0].price) == ("1e3", Decimal("0.0792"))
    assert load_yaml("name: x\nnote:\n", name="b", model=Book).note is None


def test_every_problem_is_told_in_the_order_of_lines() -> None:
    text = """\
name: x
charges:
  - code: a
    prise: 1
  - {code: b, price: dear}
colour: red
"""
    told = problems(text)
    assert len(told) == 4
    assert told[0].startswith("book.yaml:3: charges[0].price: ")
    assert told[1].startswith("book.yaml:4: charges[0].prise: ")
    assert told[2].startswith("book.yaml:5: charges[1].price: ")
    assert told[3].startswith("book.yaml:6: colour: ")


def test_a_model_tells_where_its_own_problems_are() -> None:
    told = problems("name: x\ncharges:\n  - {code: a, price: 1}\n  - {code: b, price: 1}\n  - {code: a, price: 2}\n")
    assert told == ["book.yaml:5: charges[2].code: stands twice"]


EIGHTFOLD = "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)
EXPANDING = f"a: &a [x, x, x, x, x, x, x, x]\n{EIGHTFOLD}"
"""A few lines that stand for 8^8 values."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "book.yaml:1: is empty"),
        ("name: x\nname: y\n", "book.yaml:2: name: stands twice; the first is on line 1"),
        ("name: x\ncharges: [\n", "not valid YAML"),
        ("name: x\n\tnote: y\n", "book.yaml:2: not valid YAML"),
        ("name: \x07", "holds a character that YAML does not allow"),
        ("name: !!python/object:os.system x\n", "is not allowed; write plain YAML"),
        ("a: &a {b: *a}\n", "an alias must not contain itself"),
        ("base: &base {name: x}\n<<: *base\n", "merge keys are not supported"),
        ("? [1, 2]\n: x\n", "a key must be plain text"),
        ("name: " + "[" * 100 + "]" * 100, "nested too deeply"),
        ("name: " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("- " * 200_000, "nested too deeply"),
        (EXPANDING, "aliases expand without end"),
        ("just text", "book.yaml:1: "),
    ],
)
def test_what_yaml_lets_pass_is_refused(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text))


class DrawerClosed(Refusal):
    """For the test below."""

    template = gettext_noop("Drawer %(drawer)s is closed. Open it first.")


def test_a_refusal_keeps_its_sentence_and_parameters_across_processes() -> None:
    refusal = DrawerClosed(drawer=7)
    assert (str(refusal), refusal.code, refusal.params) == (
        "Drawer 7 is closed. Open it first.",
        "DrawerClosed",
        {"drawer": 7},
    )
    again = pickle.loads(pickle.dumps(refusal))  # noqa: S301 - made just here
    assert (type(again), str(again), again.params) == (DrawerClosed, str(refusal), refusal.params)
    with pytest.raises(KeyError):
        DrawerClosed()
