"""House rules that no linter knows: lengths, foreign keys, signals, names, and the authorization matrix."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "weatherhead"
LONGEST_FUNCTION = 70
NAMELESS = {"common", "helper", "helpers", "misc", "util", "utils"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function or method, and how many lines it has."""

    where: str
    name: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class: its methods, how many fields it declares, and the options of its ``@dataclass``, None without one."""

    where: str
    name: str
    methods: tuple[str, ...]
    fields: int
    options: dict[str, bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What the rules ask of every Python file of the product. The syntax trees themselves would fill the memory."""

    paths: list[str]
    functions: list[Function]
    classes: list[Class]
    imports: list[tuple[str, str]]  # (``path:line``, the full name)


@cache
def code() -> Code:
    """Every Python file of the product, read once."""
    read = Code(paths=[], functions=[], classes=[], imports=[])
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        read.paths.append(name)
        for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{name}:{node.lineno}"
            if isinstance(node, FUNCTIONS):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                read.functions.append(Function(where=where, name=node.name, length=length))
            elif isinstance(node, ast.ClassDef):
                read.classes.append(class_of(node, where=where))
            elif isinstance(node, ast.ImportFrom):
                read.imports.extend((where, f"{node.module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Import):
                read.imports.extend((where, alias.name) for alias in node.names)
    return read


def statements(top: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, however deep. Expressions, which are most of a tree, hold none."""
    left: list[Any] = [top]
    while left:
        holder = left.pop()
        if isinstance(holder, ast.stmt):
            yield holder
        for block in BLOCKS:
            left.extend(getattr(holder, block, ()))


def class_of(node: ast.ClassDef, *, where: str) -> Class:
    return Class(
        where=where,
        name=node.name,
        methods=tuple(item.name for item in node.body if isinstance(item, FUNCTIONS)),
        fields=sum(isinstance(item, ast.AnnAssign) for item in node.body),
        options=dataclass_options(node),
    )


@cache
def storey_of_area() -> dict[str, int]:
    """The storey of each area, counted from the top: read from the import contract, so that one list rules both."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["name"] == "areas point down")
    return {area.strip(" ()"): storey for storey, layer in enumerate(layers) for area in layer.split("|")}


def area_of(module: str) -> str | None:
    """The area that a module belongs to, or None."""
    match = re.match(r"weatherhead\.areas\.(\w+)", module)
    return match.group(1) if match else None


def may_point(*, source: str, target: str) -> bool:
    """Tell whether a key may lead from one area to another: to itself or down, never up or to a stranger."""
    storeys = storey_of_area()
    return source == target or storeys[source] < storeys[target]


def own_models() -> list[type[models.Model]]:
    return [
        model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("weatherhead.")
    ]


def test_there_is_something_to_check() -> None:
    assert len(code().paths) > 20
    assert len(code().functions) > 100
    assert len(code().classes) > 100
    assert own_models()


def test_functions_are_short() -> None:
    too_long = [
        f"{found.where} {found.name} has {found.length} lines"
        for found in code().functions
        if found.length > LONGEST_FUNCTION
    ]
    assert not too_long, f"a function has at most {LONGEST_FUNCTION} lines"


def test_models_live_in_areas() -> None:
    strays = [model.__module__ for model in own_models() if area_of(model.__module__) not in storey_of_area()]
    assert not strays, "a model belongs to an area that the import contract lists"


def own_foreign_keys() -> Iterator[models.ForeignKey[Any, Any] | models.ManyToManyField[Any, Any]]:
    for model in own_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey | models.ManyToManyField) and field.model is model:
                yield field


def path_of(field: models.ForeignKey[Any, Any] | models.ManyToManyField[Any, Any]) -> str:
    return f"{field.model._meta.label}.{field.name} → {field.related_model._meta.label}"


def test_foreign_keys_point_down() -> None:
    upward = []
    for field in own_foreign_keys():
        source, target = area_of(field.model.__module__), area_of(field.related_model.__module__)
        # Outside the house a key may lead to Django's own groups, permissions and content types, nowhere else.
        if target is None and not field.related_model.__module__.startswith("django.contrib."):
            upward.append(path_of(field))
        if source is not None and target is not None and not may_point(source=source, target=target):
            upward.append(path_of(field))
    assert not upward, "a foreign key points down the list of areas"


def test_foreign_keys_are_not_followed_back() -> None:
    followed = [
        path_of(field)
        for field in own_foreign_keys()
        if area_of(field.related_model.__module__) is not None
        and not (field.remote_field.related_name or "").endswith("+")
    ]
    assert not followed, 'a foreign key has related_name="+": lower areas do not know who points at them'


def test_migrations_depend_downward() -> None:
    loader = MigrationLoader(None)
    upward = [
        f"{label}.{name} → {needed[0]}.{needed[1]}"
        for (label, name), migration in loader.disk_migrations.items()
        for needed in migration.dependencies
        if label in storey_of_area() and needed[0] in storey_of_area()
        if not may_point(source=label, target=needed[0])
    ]
    assert not upward, "a migration depends on its own area or a lower one"


def test_migrations_are_complete() -> None:
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)
    missing = {label: [str(migration) for migration in found] for label, found in changes.items()}
    assert not {label for label in missing if label in storey_of_area()}, "models changed: run makemigrations"


def test_no_signals_and_no_admin() -> None:
    banned = re.compile(r"^django\.(dispatch|db\.models\.signals|contrib\.admin)\b")
    found = [f"{where} imports {name}" for where, name in code().imports if banned.match(name)]
    assert not found, "writes go through the door: no signals, no Django admin"


def test_no_save_overrides() -> None:
    overrides = {"save", "asave", "delete", "adelete", "save_base", "full_clean"}
    found = [
        f"{cls.where} {cls.name}.{method}"
        for cls in code().classes
        for method in cls.methods
        if method in overrides and cls.where.startswith("src/weatherhead/areas")
    ]
    assert not found, "a model has no save() of its own: operations write"


def test_no_module_for_everything() -> None:
    found = [path for path in code().paths if NAMELESS & set(Path(path).with_suffix("").parts)]
    assert not found, "a module is named after what it does"


def dataclass_options(cls: ast.ClassDef) -> dict[str, bool] | None:
    """The options of a class's ``@dataclass``, or None where it is none."""
    for decorator in cls.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(call) in {"dataclass", "dataclasses.dataclass"}:
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            return {word.arg or "": bool(getattr(word.value, "value", False)) for word in keywords}
    return None


def test_dataclasses_are_values() -> None:
    found = []
    for cls in code().classes:
        if cls.options is None:
            continue
        # The rare exception is written out: frozen=False for what gathers on its way, kw_only=False for a plain pair.
        needed = {"frozen", "slots"} | ({"kw_only"} if cls.fields > 1 else set())
        if lacking := sorted(needed - cls.options.keys() | {name for name in ("slots",) if not cls.options.get(name)}):
            found.append(f"{cls.where} {cls.name} lacks {', '.join(lacking)}")
    assert not found, "a dataclass is frozen, has slots, and takes two or more fields by keyword"


@cache
def tracked_texts() -> dict[Path, str]:
    """The text files of the project, read: what git tracks, or every source file where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [path for top in ("src", "tests", "scripts", "requirements") for path in (ROOT / top).rglob("*")]
    binary = {".gz", ".ico", ".jpg", ".mo", ".pdf", ".png", ".ttf", ".woff2", ".zip"}
    text = [path for path in paths if path.is_file() and path.suffix not in binary and "vendor" not in path.parts]
    return {path: path.read_text(encoding="utf-8", errors="replace") for path in text}


def test_files_name_no_machine_and_no_registry() -> None:
    # It begins with a sign that is always there: Python looks many times faster for such a pattern.
    machine = re.compile(r"/(?<![\w.]/)(?:home|Users|root)/\w")
    registry = re.compile(r"(index-url|find-links|https?://)")
    found = []
    for path, text in tracked_texts().items():
        if machine.search(text):
            found.append(f"{path.relative_to(ROOT)} names a person's directory")
        if path.parent.name == "requirements" and registry.search(text):
            found.append(f"{path.relative_to(ROOT)} names a registry")
    assert not found


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        str(path.relative_to(ROOT))
        for path, text in tracked_texts().items()
        if path.suffix in {".py", ".html", ".sh", ".js", ".css"} and mark.search(text)
    ]
    assert not found, "finish it, or open an issue"


def url_names(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every name that a URL can be reversed by, with its namespaces."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from url_names(pattern.url_patterns, namespace)
        elif pattern.name:
            yield f"{prefix}{pattern.name}"


def test_every_page_and_action_is_in_the_authorization_matrix() -> None:
    import_module("weatherhead.actions")
    from weatherhead.door.registry import registry

    matrix = (ROOT / "docs" / "authorization.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([\w.:-]+)`", matrix))
    actions = {action.name for action in registry}
    assert actions, "the registry is filled when weatherhead.actions is imported"
    pages = set(url_names(get_resolver().url_patterns))
    assert actions <= listed, "write the matrix anew: weatherhead actions list --matrix > docs/authorization.md"
    assert pages <= listed, "write the matrix anew: weatherhead actions list --matrix > docs/authorization.md"


def test_every_directory_of_code_is_a_package() -> None:
    """Import contracts see packages only: a directory without ``__init__.py`` would escape them."""
    bare = {path.parent for path in SOURCE.rglob("*.py") if not (path.parent / "__init__.py").exists()}
    assert not bare, "give it an __init__.py that says what it holds"
