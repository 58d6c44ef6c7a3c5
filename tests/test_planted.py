"""Violations planted in a copy of the source tree: a command of `make check` catches each, with the right words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.apps import apps
from scripts.check import LAYERS, LINT, ROOT, TIDY, Check, run

pytestmark = pytest.mark.slow

COPIED = ("pyproject.toml", "docs/authorization.md", "src", "scripts", "examples", "jobs", "regulations", "tariffs")
COPIED_TESTS = ("__init__.py", "conftest.py", "guards.py", "settings.py", "test_tidy.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the checks read, to plant in: the work tree itself is never touched."""
    ignore = shutil.ignore_patterns("__pycache__", "static", "*.egg-info")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=ignore)
        elif source.is_file():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, tmp_path / name)
    (tmp_path / "tests").mkdir()
    for name in COPIED_TESTS:
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    return tmp_path


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
    """Run a check on the copy; return what it printed, on one line with single spaces. It must have failed."""
    outcome = run(check, root=tree)
    assert outcome.code != 0, outcome.output
    return " ".join(outcome.output.split())


OPERATION = "def post() -> None:\n    return None"


@pytest.mark.parametrize(
    ("contract", "planted", "said"),
    [
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
    ],
)
def test_layers(tree: Path, contract: str, planted: dict[str, str], said: str) -> None:
    for module, text in planted.items():
        plant(tree=tree, module=module, text=text)
    output = caught(check=LAYERS, tree=tree)
    assert f"{contract} BROKEN" in output
    assert said in output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from datetime import date\n\nTODAY = date.today()", "`datetime.date.today` is banned"),
        ("import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)", "`datetime.datetime.now` is banned"),
        ("from django.utils import timezone\n\nNOW = timezone.now()", "`django.utils.timezone.now` is banned"),
        ("import time\n\nNOW = time.time()", "`time.time` is banned"),
    ],
    ids=["date.today", "datetime.now", "timezone.now", "time.time"],
)
def test_an_area_reads_the_clock(tree: Path, text: str, said: str) -> None:
    plant(tree=tree, module="areas/premises/planted.py", text=text)
    output = caught(check=LINT, tree=tree)
    assert "TID251" in output
    assert said in output
    assert "src/weatherhead/areas/premises/planted.py" in output


def test_a_face_may_read_the_clock(tree: Path) -> None:
    text = '"""A face."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)'
    path = plant(tree=tree, module="interfaces/workbench/planted.py", text=text)
    path.write_text(text + "\n")
    outcome = run(Check(name="lint", command=(*LINT.command[:-1], str(path))), root=tree)
    assert outcome.code == 0, outcome.output


def model(name: str, *fields: str) -> str:
    body = "\n".join(f"    {field}" for field in fields)
    return f"class {name}(models.Model):\n{body}\n\n    class Meta:\n        app_label = 'premises'"


def test_a_foreign_key_points_up(tree: Path) -> None:
    above = next(iter(apps.get_app_config("billing").get_models()))._meta.label
    field = f"above = models.ForeignKey('{above}', on_delete=models.PROTECT, related_name='+')"
    plant(tree=tree, module="areas/premises/models.py", text=model("Planted", field))
    output = caught(check=TIDY, tree=tree)
    assert "a foreign key points down the list of areas" in output
    assert f"premises.Planted.above → {above}" in output


def test_a_foreign_key_is_followed_back(tree: Path) -> None:
    field = "parent = models.ForeignKey('self', on_delete=models.PROTECT, related_name='children')"
    plant(tree=tree, module="areas/premises/models.py", text=model("Planted", field))
    output = caught(check=TIDY, tree=tree)
    assert 'a foreign key has related_name="+"' in output
    assert "premises.Planted.parent → premises.Planted" in output


def test_what_else_the_house_forbids(tree: Path) -> None:
    long_function = "def planted() -> int:\n" + "    assert True\n" * 69 + "    return 1"
    plant(tree=tree, module="areas/premises/planted.py", text=long_function)
    plant(
        tree=tree,
        module="areas/premises/planted.py",
        text="from dataclasses import dataclass\n\n\n@dataclass\nclass Thing:\n    name: str",
    )
    plant(tree=tree, module="areas/premises/utils.py", text="A = 1")
    plant(tree=tree, module="areas/premises/planted.py", text="from django.dispatch import receiver")
    plant(
        tree=tree,
        module="areas/premises/planted.py",
        text="class Base:\n    def save(self) -> None:\n        return None",
    )
    output = caught(check=TIDY, tree=tree)
    assert "a function has at most 70 lines" in output
    assert "planted has 71 lines" in output
    assert "Thing lacks frozen, slots" in output
    assert "src/weatherhead/areas/premises/utils.py" in output
    assert "imports django.dispatch.receiver" in output
    assert "Base.save" in output
