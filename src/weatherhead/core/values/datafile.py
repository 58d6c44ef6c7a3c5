"""Rules as data: YAML text into a pydantic model, with every problem named by file, line and key.

Every scalar is read as the text that stands in the file, so that a price written 0.0792 becomes that Decimal exactly
and a code written 01 stays "01"; the model decides what the text means. Pure: the caller reads the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from weatherhead.core.values.refusals import Refusal, gettext_noop

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_NODES_MAX = 200_000
"""More nodes than any rule file has: stops a small file whose aliases expand without end."""

_VALUE_SHOWN_MAX = 60
"""Longer values are not repeated in a message."""

_DEPTH_MAX = 60
"""Deeper than any rule file, shallower than the interpreter's stack."""

_PLAIN_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "value", "map", "seq")
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in _PLAIN_KINDS)
_NULL_TAG = "tag:yaml.org,2002:null"
_MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProblem:
    """One problem of a data file.

    `line` counts from 1; `key` is the path as people write it ("charges[2].price"), "" for the whole file.
    """

    name: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        """The form that compilers print and editors jump to: file:line: key: text."""
        where = f"{self.name}:{self.line}: "
        return f"{where}{self.key}: {self.text}" if self.key else f"{where}{self.text}"


class DataFileInvalid(Refusal):
    """A data file cannot be used; `problems` lists every reason, in the order of the lines."""

    template = gettext_noop("%(name)s cannot be used until this is corrected:\n%(listing)s")

    def __init__(self, *, name: str, problems: tuple[DataProblem, ...], listing: str = "") -> None:
        """Form the listing from the problems."""
        self.problems = problems
        super().__init__(name=name, problems=problems, listing=listing or "\n".join(map(str, problems)))


class ProblemsAt(ValueError):
    """Raised by a model's validator to report problems at keys below that model, several at once.

    `problems` holds (path relative to the model, text).
    """

    def __init__(self, problems: Iterable[tuple[Path, str]]) -> None:
        """Keep the problems; the loader turns each into a `DataProblem`."""
        self.problems = tuple(problems)
        super().__init__("; ".join(text for _, text in self.problems))


class DataModel(BaseModel):
    """A part of a data file: a key that it does not know is a problem, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load_yaml(text: str, *, name: str, model: type[Model]) -> Model:
    """Read YAML text as `model`.

    Args:
        text: the file's content.
        name: the file's name as messages should show it ("tariffs/lrec/residential.yaml").
        model: a pydantic model; one derived from `DataModel` has misspelled keys reported.

    Raises:
        DataFileInvalid: with every problem found: YAML syntax, duplicate keys, unknown or missing keys, wrong values.
    """
    root = _compose(text, name=name)
    reader = _Reader(name=name)
    data = reader.read(root, path=())
    if reader.problems:
        raise DataFileInvalid(name=name, problems=_in_order(reader.problems))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [dict(item) for item in error.errors()]
        problems = [
            problem for item in found if not _follows(item, found) for problem in _explain(item, root=root, name=name)
        ]
        raise DataFileInvalid(name=name, problems=_in_order(problems)) from error


def _in_order(problems: Iterable[DataProblem]) -> tuple[DataProblem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


_FAST = getattr(yaml, "CSafeLoader", None)
"""libyaml, where PyYAML was built with it: ten times as fast, and every process that starts reads rule files."""

_OPENERS = ("[", "{", "- ", "? ")
_OPENERS_MAX = 5_000
"""libyaml calls itself for each level, and takes the process down with its stack. No text is deeper than this."""


def _compose(text: str, *, name: str) -> Node:
    if _FAST is not None and sum(text.count(opener) for opener in _OPENERS) <= _OPENERS_MAX:
        try:
            if (found := yaml.compose(text, Loader=_FAST)) is not None:
                return found
        except yaml.YAMLError:
            pass  # said below, always in the same words
    return _compose_slowly(text, name=name)


def _compose_slowly(text: str, *, name: str) -> Node:
    try:
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "not understood"
        problem = DataProblem(name=name, line=mark.line + 1 if mark else 1, key="", text=f"not valid YAML: {said}")
        raise DataFileInvalid(name=name, problems=(problem,)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position if isinstance(error.position, int) else 0) + 1
        problem = DataProblem(name=name, line=line, key="", text="holds a character that YAML does not allow")
        raise DataFileInvalid(name=name, problems=(problem,)) from error
    except RecursionError as error:
        problem = DataProblem(name=name, line=1, key="", text="is nested too deeply")
        raise DataFileInvalid(name=name, problems=(problem,)) from error
    if root is None:
        raise DataFileInvalid(name=name, problems=(DataProblem(name=name, line=1, key="", text="is empty"),))
    return root


class _Reader:
    """Turns a node tree into dicts, lists and texts, collecting what YAML itself would let pass."""

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.problems: list[DataProblem] = []
        self._open: set[int] = set()
        self._count = 0

    def read(self, node: Node, *, path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
        self._count += 1
        if self._count > _NODES_MAX:
            if self._count == _NODES_MAX + 1:
                self._report(node, path=path, text="the file is too large, or its aliases expand without end")
            return None
        if len(self._open) > _DEPTH_MAX:
            self._report(node, path=path, text="is nested too deeply")
            return None
        if id(node) in self._open:
            self._report(node, path=path, text="an alias must not contain itself")
            return None
        self._open.add(id(node))
        try:
            return self._read_kind(node, path=path)
        finally:
            self._open.discard(id(node))

    def _read_kind(self, node: Node, *, path: Path) -> Any:  # noqa: ANN401
        if node.tag not in _PLAIN_TAGS:
            self._report(node, path=path, text=f"the tag {node.tag} is not allowed; write plain YAML")
            return None
        if isinstance(node, MappingNode):
            return self._read_mapping(node, path=path)
        if isinstance(node, SequenceNode):
            return [self.read(item, path=(*path, index)) for index, item in enumerate(node.value)]
        return None if node.tag == _NULL_TAG else node.value

    def _read_mapping(self, node: MappingNode, *, path: Path) -> dict[str, Any]:
        lines: dict[str, int] = {}
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or key_node.tag == _MERGE_TAG:
                self._report(key_node, path=path, text="a key must be plain text (merge keys are not supported)")
                continue
            key = str(key_node.value)
            if key in lines:
                text = f"stands twice; the first is on line {lines[key]}"
                self._report(key_node, path=(*path, key), text=text)
                continue
            lines[key] = key_node.start_mark.line + 1
            data[key] = self.read(value_node, path=(*path, key))
        return data

    def _report(self, node: Node, *, path: Path, text: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(DataProblem(name=self.name, line=line, key=format_path(path), text=text))


def format_path(path: Path) -> str:
    """Write a path as people do: ("charges", 2, "price") → "charges[2].price". Positions count from 0."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            written += f".{part}" if written else part
    return written


def _follows(error: Mapping[str, Any], errors: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list is called too short only because its items, reported themselves, were left out of it."""
    path = tuple(error["loc"])
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(path) and tuple(other["loc"][: len(path)]) == path for other in errors
    )


def _explain(error: Mapping[str, Any], *, root: Node, name: str) -> list[DataProblem]:
    """Turn one pydantic error into problems with lines."""
    raised = (error.get("ctx") or {}).get("error")
    if isinstance(raised, ProblemsAt):
        return [
            _problem_at(root, path=(*error["loc"], *below), text=text, name=name) for below, text in raised.problems
        ]
    return [_problem_at(root, path=tuple(error["loc"]), text=_say(error), name=name)]


def _problem_at(root: Node, *, path: Path, text: str, name: str) -> DataProblem:
    """Follow `path` as far as the tree goes.

    Parts that the tree does not hold are names that pydantic puts into the path of a union, and are left out; the last
    part is kept, because it is then the key that is missing.
    """
    node: Node = root
    line = root.start_mark.line + 1
    shown: list[str | int] = []
    for position, part in enumerate(path):
        found = _child(node, part)
        if found is not None:
            node, line = found
            shown.append(part)
        elif position == len(path) - 1 and isinstance(node, MappingNode) and not _is_union_label(part):
            shown.append(part)
    return DataProblem(name=name, line=line, key=format_path(tuple(shown)), text=text)


def _is_union_label(part: str | int) -> bool:
    return isinstance(part, str) and not part.replace("_", "").isalnum()


def _child(node: Node, part: str | int) -> tuple[Node, int] | None:
    if isinstance(node, MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(part):
                return value_node, key_node.start_mark.line + 1
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None


_SENTENCES = {
    "missing": gettext_noop("is missing"),
    "extra_forbidden": gettext_noop("is not a known key here; check its spelling"),
    "decimal_parsing": gettext_noop("must be a number like '0.0792'"),
    "decimal_type": gettext_noop("must be a number like '0.0792'"),
    "int_parsing": gettext_noop("must be a whole number"),
    "int_type": gettext_noop("must be a whole number"),
    "bool_parsing": gettext_noop("must be true or false"),
    "bool_type": gettext_noop("must be true or false"),
    "date_from_datetime_parsing": gettext_noop("must be a date like 2026-01-31"),
    "date_parsing": gettext_noop("must be a date like 2026-01-31"),
    "date_type": gettext_noop("must be a date like 2026-01-31"),
    "string_type": gettext_noop("must be text"),
    "list_type": gettext_noop("must be a list"),
    "tuple_type": gettext_noop("must be a list"),
    "dict_type": gettext_noop("must hold keys and values"),
    "model_type": gettext_noop("must hold keys and values"),
    "model_attributes_type": gettext_noop("must hold keys and values"),
}


def _say(error: Mapping[str, Any]) -> str:
    """Say in our words what pydantic found, with the value when it is short."""
    kind, value = str(error["type"]), error.get("input")
    said = _SENTENCES.get(kind)
    if said is None:
        said = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
        said = said[:1].lower() + said[1:]
    if kind not in ("missing", "extra_forbidden") and isinstance(value, str) and len(value) <= _VALUE_SHOWN_MAX:
        return f"{said}, but is '{value}'"
    return said
