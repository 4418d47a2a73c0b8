"""The one table of formats: every `FORMATS` of the modules of this package, by the name that profiles use."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import coach.packets
from coach.errors import UserError
from coach.packets.formats import Format


@cache
def formats() -> Mapping[str, Format]:
    """Every format by name."""
    found: dict[str, Format] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(coach.packets.__path__)):
        module = importlib.import_module(f"coach.packets.{name}")
        for one in getattr(module, "FORMATS", ()):
            assert one.name not in found, f"two formats are called {one.name}"
            found[one.name] = one
    return MappingProxyType(found)


def format_named(name: str) -> Format:
    """The format that a profile names; raises UserError that names those there are."""
    if name not in formats():
        raise UserError(f"no format of bytes is called {name}: choose one of {', '.join(sorted(formats()))}")
    return formats()[name]
