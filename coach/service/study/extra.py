"""The libraries of the extra `[study]`, each loaded when it is first needed: a plain install has none of them."""

from importlib import import_module
from types import ModuleType

from coach.errors import UserError


def needed(name: str, purpose: str) -> ModuleType:
    """Import the module of that name.

    Raises:
        UserError: it is not installed; the words say what to install.
    """
    try:
        return import_module(name)
    except ImportError as error:
        missing = (error.name or name).split(".")[0]
        raise UserError(f"{purpose} needs {missing}: pip install 'running-coach[study]'") from error
