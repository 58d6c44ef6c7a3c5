"""Violations planted in a copy of the source tree: a command of `make check` catches each, with the right words."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from django.apps import apps
from scripts.check import LAYERS, LINT, ROOT, TIDY, Check, run

pytestmark = pytest.mark.slow

COPIED = ("pyproject.toml", "docs/authorization.md", "src", "scripts", "examples", "jobs", "regulations", "tariffs")
COPIED_TESTS = ("__init__.py", "conftest.py", "guards.py", "settings.py", "test_tidy.py")


def copy_tree(to: Path) -> Path:
    """A copy of what the checks read, to plant in: the work tree itself is never touched."""
    ignore = shutil.ignore_patterns("__pycache__", "static", "*.egg-info")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=ignore)
        elif source.is_file():
            (to / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, to / name)
    (to / "tests").mkdir()
    for name in COPIED_TESTS:
        shutil.copy(ROOT / "tests" / name, to / "tests" / name)
    return to


def plant(*, tree: Path, module: str, text: str) -> Path:
    """Append to a module of the copy (``areas/billing/queries.py``), made with its packages where it is missing."""
    path = tree / "src" / "weatherhead" / module
    path.parent.mkdir(parents=True, exist_ok=True)
    package = path.parent
    while package.name != "src":
        (package / "__init__.py").touch()
        package = package.parent
    with path.open("a", encoding="utf-8") as file:
        file.write("\n\n" + text + "\n")
    return path


def caught(*, check: Check, tree: Path) -> str:
    """Run a check on the copy; return what it printed. It must have failed."""
    outcome = run(check, root=tree)
    assert outcome.code != 0, outcome.output
    return outcome.output


def one_line(text: str) -> str:
    """With single spaces, however the check broke its lines."""
    return " ".join(text.split())


OPERATION = "def post() -> None:\n    return None"


LAYERS_BROKEN = [
    pytest.param(
        "only actions and operations write",
        {
            "areas/billing/operations/planted.py": OPERATION,
            "interfaces/workbench/planted.py": "from weatherhead.areas.billing.operations.planted import post",
        },
        "weatherhead.interfaces.workbench.planted -> weatherhead.areas.billing.operations.planted",
        id="a face calls an operation",
    ),
    pytest.param(
        "models stay in their areas",
        {"overviews/planted.py": "from weatherhead.areas.records import models"},
        "weatherhead.overviews.planted -> weatherhead.areas.records.models",
        id="an overview reads a model",
    ),
    pytest.param(
        "core is pure",
        {"core/values/planted.py": "from django.utils import timezone"},
        "weatherhead.core.values.planted -> django",
        id="the core imports Django",
    ),
    pytest.param(
        "core is pure",
        {"core/values/planted.py": "import random"},
        "weatherhead.core.values.planted -> random",
        id="the core draws lots",
    ),
    pytest.param(
        "core points down",
        {"core/values/planted.py": "import weatherhead.core.rating"},
        "weatherhead.core.values.planted -> weatherhead.core.rating",
        id="values know of rating",
    ),
    pytest.param(
        "areas point down",
        {"areas/premises/planted.py": "import weatherhead.areas.billing"},
        "weatherhead.areas.premises.planted -> weatherhead.areas.billing",
        id="premises know of billing",
    ),
    pytest.param(
        "areas point down",
        {"areas/billing/planted.py": "import weatherhead.areas.payments"},
        "weatherhead.areas.billing.planted -> weatherhead.areas.payments",
        id="billing knows of payments, a stranger",
    ),
    pytest.param(
        "areas point down",
        {"areas/planted/__init__.py": '"""An area that nobody listed."""'},
        "weatherhead.areas.planted",
        id="an unlisted area",
    ),
    pytest.param(
        "storeys",
        {"planted/__init__.py": '"""A storey that nobody listed."""'},
        "weatherhead.planted",
        id="an unlisted storey",
    ),
    pytest.param(
        "storeys",
        {"door/planted.py": "import weatherhead.interfaces.workbench"},
        "weatherhead.door.planted -> weatherhead.interfaces.workbench",
        id="the door knows of a face",
    ),
    pytest.param(
        "faces are strangers",
        {"interfaces/cli/planted.py": "import weatherhead.interfaces.workbench"},
        "weatherhead.interfaces.cli.planted -> weatherhead.interfaces.workbench",
        id="a face knows of another",
    ),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which everything that the house forbids has been done."""
    tree = copy_tree(tmp_path_factory.mktemp("planted"))
    for parameters in LAYERS_BROKEN:
        for module, text in parameters.values[1].items():  # type: ignore[union-attr]
            plant(tree=tree, module=module, text=text)
    for module, (text, _) in CLOCKS.items():
        plant(tree=tree, module=f"areas/premises/{module}.py", text=text)
    for module, text in UNTIDY:
        plant(tree=tree, module=module, text=text)
    return tree


@pytest.fixture(scope="module")
def layers_said(tree: Path) -> dict[str, str]:
    """What the check of the layers says of each broken contract, when all of them are broken at once."""
    summary, _, details = caught(check=LAYERS, tree=tree).partition("Broken contracts")
    # A contract's name stands underlined above what broke it.
    parts = re.split(r"^(\S.*)\n-{3,}\n", details, flags=re.MULTILINE)
    said = {name.strip(): one_line(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    assert all(f"{name} BROKEN" in one_line(summary) for name in said)
    return said


@pytest.mark.parametrize(("contract", "planted", "said"), LAYERS_BROKEN)
def test_layers(layers_said: dict[str, str], contract: str, planted: dict[str, str], said: str) -> None:
    assert all((ROOT / "src/weatherhead" / module).exists() is False for module in planted)
    assert said in layers_said[contract]


CLOCKS = {
    "date_today": ("from datetime import date\n\nTODAY = date.today()", "`datetime.date.today` is banned"),
    "datetime_now": (
        "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)",
        "`datetime.datetime.now` is banned",
    ),
    "timezone_now": (
        "from django.utils import timezone\n\nNOW = timezone.now()",
        "`django.utils.timezone.now` is banned",
    ),
    "time_time": ("import time\n\nNOW = time.time()", "`time.time` is banned"),
}


@pytest.fixture(scope="module")
def lint_said(tree: Path) -> str:
    return one_line(caught(check=LINT, tree=tree))


@pytest.mark.parametrize("module", CLOCKS)
def test_an_area_reads_the_clock(lint_said: str, module: str) -> None:
    said = re.escape(CLOCKS[module][1])
    assert re.search(rf"TID251 {said}[^>]*--> src/weatherhead/areas/premises/{module}\.py:", lint_said), lint_said


def test_a_face_may_read_the_clock(tree: Path) -> None:
    text = '"""A face."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)'
    path = plant(tree=tree, module="interfaces/workbench/clock_planted.py", text=text)
    path.write_text(text + "\n")
    outcome = run(Check(name="lint", command=(*LINT.command[:-1], str(path))), root=tree)
    assert outcome.code == 0, outcome.output


def model(name: str, *fields: str) -> str:
    body = "\n".join(f"    {field}" for field in fields)
    return f"class {name}(models.Model):\n{body}\n\n    class Meta:\n        app_label = 'premises'"


def above() -> str:
    """A model of a higher area."""
    label: str = next(iter(apps.get_app_config("billing").get_models()))._meta.label
    return label


UP = "above = models.ForeignKey('{above}', on_delete=models.PROTECT, related_name='+')"
BACK = "parent = models.ForeignKey('self', on_delete=models.PROTECT, related_name='children')"
UNTIDY = [
    ("areas/premises/models.py", model("PlantedUp", UP.format(above=above()))),
    ("areas/premises/models.py", model("PlantedBack", BACK)),
    ("areas/premises/planted.py", "def planted() -> int:\n" + "    assert True\n" * 69 + "    return 1"),
    ("areas/premises/planted.py", "from dataclasses import dataclass\n\n\n@dataclass\nclass Thing:\n    name: str"),
    ("areas/premises/planted.py", "from django.dispatch import receiver"),
    ("areas/premises/planted.py", "class Base:\n    def save(self) -> None:\n        return None"),
    ("areas/premises/utils.py", "A = 1"),
]
PAGES = "tests/test_tidy.py::test_every_page_and_action_is_in_the_authorization_matrix"


@pytest.fixture(scope="module")
def tidy_said(tree: Path) -> str:
    """What the check of tidiness says, but for its rule of pages: nothing is planted against that."""
    return one_line(caught(check=Check(name="tidy", command=(*TIDY.command, f"--deselect={PAGES}")), tree=tree))


def test_a_foreign_key_points_up(tidy_said: str) -> None:
    assert "a foreign key points down the list of areas" in tidy_said
    assert f"premises.PlantedUp.above → {above()}" in tidy_said


def test_a_foreign_key_is_followed_back(tidy_said: str) -> None:
    assert 'a foreign key has related_name="+"' in tidy_said
    assert "premises.PlantedBack.parent → premises.PlantedBack" in tidy_said


def test_what_else_the_house_forbids(tidy_said: str) -> None:
    assert "a function has at most 70 lines" in tidy_said
    assert "planted has 71 lines" in tidy_said
    assert "Thing lacks frozen, slots" in tidy_said
    assert "src/weatherhead/areas/premises/utils.py" in tidy_said
    assert "imports django.dispatch.receiver" in tidy_said
    assert "Base.save" in tidy_said
