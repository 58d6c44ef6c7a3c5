"""Who lives and works in Prairie City. Every name is invented; phones are of the 555-01xx that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.interfaces.cli.demo_town.chance import Chance

PASSWORD = "prairie-city-demo"  # noqa: S105 - shown on the demo's own sign-in page


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Someone who signs in, and their job."""

    username: str
    name: str
    job: str
    works_as: str


ADMINISTRATOR = Staff(username="larsen", name="K. Larsen", job="administrator", works_as="Administrator")
STAFF = (
    Staff(username="reyes", name="J. Reyes", job="representative", works_as="Representative"),
    Staff(username="dvorak", name="M. Dvorak", job="representative", works_as="Representative"),
    Staff(username="alvarez", name="T. Alvarez", job="supervisor", works_as="Supervisor"),
    Staff(username="okafor", name="C. Okafor", job="billing_analyst", works_as="Billing analyst"),
    Staff(username="nguyen", name="P. Nguyen", job="cashier", works_as="Cashier"),
    ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer to be. `name` is how we call them in the script's keys, too, so it is given to nobody else."""

    name: str
    kind: str = "person"
    phone: str = ""
    email: str = ""
    language: str = "en"
    identifier_kind: str = ""
    identifier: str = ""


GIVEN_NAMES = (
    "Amara", "Anneliese", "Arturo", "Beatriz", "Benjamin", "Bernadette", "Caleb", "Carmen", "Chidi", "Clara", "Cyrus",
    "Daniel", "Delphine", "Deshawn", "Dolores", "Edith", "Eleanor", "Emeka", "Esperanza", "Farida", "Florian",
    "Gloria", "Gustavo", "Harriet", "Hector", "Hyun-woo", "Ines", "Isaac", "Jamal", "Jolene", "Josefa", "Kateryna",
    "Keiko", "Lakshmi", "Latoya", "Leopold", "Linnea", "Luis", "Malik", "Marguerite", "Mei-Ling", "Miriam", "Nadia",
    "Nathaniel", "Olga", "Oscar", "Patience", "Pavel", "Priya", "Quentin", "Rafael", "Rosalind", "Samir", "Saoirse",
    "Soledad", "Sunita", "Terrence", "Thandiwe", "Ursula", "Vernon", "Wilhelm", "Xiomara", "Yolanda", "Zachariah",
)  # fmt: skip
FAMILY_NAMES = (
    "Abernathy", "Achterberg", "Adeyemi", "Aguilar", "Andersen", "Banerjee", "Barrientos", "Beaulieu", "Begaye",
    "Bohaty", "Brockmeyer", "Caldwell", "Castellanos", "Chavez", "Cho", "Coffey", "D'Souza", "De la Cruz", "Dvořáček",
    "Ekwueme", "Eichelberger", "Fairbanks", "Farrokhzad", "Fuentes", "Gebremariam", "Gonzalez", "Grothe", "Haddad",
    "Hallgrimsson", "Hernandez", "Hruska", "Ibarra", "Jankowski", "Johannsen", "Kapoor", "Kucera", "Lefebvre",
    "Lightfoot", "Littlewolf", "Lozano", "MacAllister", "Marchetti", "Mbeki", "McGillicuddy", "Mendoza", "Mukherjee",
    "Nakagawa", "Novotny", "O'Connell", "O'Malley-Quist", "Obradović", "Ochoa", "Pacheco", "Park", "Pfeiffer",
    "Quintana", "Rademacher", "Red Cloud", "Rosenthal", "Saltzman", "Santiago", "Schlichtemeier", "Shrestha", "Sokolov",
    "St. Clair", "Svoboda", "Tanaka", "Teixeira", "Thorvaldsen", "Tran", "Uhlenhopp", "Valenzuela", "Van Zandt",
    "Villarreal", "Wachowiak", "Washington", "Xiong", "Yamamoto", "Yellowhawk", "Zamora", "Zimmerschied",
)  # fmt: skip
_INITIALS = "ABCDEFGHJKLMNPRSTVW"
_SPANISH = {"Arturo", "Beatriz", "Carmen", "Dolores", "Esperanza", "Gustavo", "Hector", "Josefa", "Luis", "Rafael",
            "Soledad", "Xiomara", "Yolanda"}  # fmt: skip
_AREA_CODES = (
    402, 531, 308, 712, 605, 785, 970, 307, 816, 913, 515, 319, 316, 620, 719, 303, 918, 405, 612, 763, 952, 651, 773,
)  # fmt: skip


def phone(number: int) -> str:
    """The number-th phone of the town: people bring theirs along. Each area code has a hundred kept for fiction."""
    area = _AREA_CODES[number // 100 % len(_AREA_CODES)]
    return f"({area}) 555-01{number % 100:02}"


def neighbours(count: int, *, chance: Chance, taken: frozenset[str]) -> tuple[Person, ...]:
    """Some people of different names, with what they gave us: most a phone, many an e-mail, few an identifier."""
    found: dict[str, Person] = {}
    number = 0
    while len(found) < count:
        number += 1
        given = chance.pick(GIVEN_NAMES, "given", number)
        family = chance.pick(FAMILY_NAMES, "family", number)
        initial = f" {chance.pick(_INITIALS, 'initial', number)}." if chance.happens(0.35, "initial", number) else ""
        name = f"{given}{initial} {family}"
        if name in taken or name in found:
            continue
        has_identifier = chance.happens(0.15, "identifier", number)
        found[name] = Person(
            name=name,
            phone=phone(20 + len(found)) if chance.happens(0.92, "phone", number) else "",
            email=_email(given, family, number=number) if chance.happens(0.6, "email", number) else "",
            language="es" if given in _SPANISH and chance.happens(0.4, "language", number) else "en",
            # Social Security numbers from 900-00-0000 on are never given to anybody.
            identifier_kind="ssn" if has_identifier else "",
            identifier=f"9{chance.whole(10, 49, 'area', number)}-{10 + number % 89}-{1000 + number:04}"
            if has_identifier
            else "",
        )
    return tuple(found.values())


def _email(given: str, family: str, *, number: int) -> str:
    plain = "".join(letter for letter in f"{given[0]}{family}".lower() if letter.isascii() and letter.isalnum())
    return f"{plain}{number}@example.com"
