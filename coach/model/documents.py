"""Types of documents whose fields no class of ours describes."""

from typing import Any

JsonObject = dict[str, Any]
"""An object of JSON or TOML as its library reads it: whoever uses a value checks it first."""
FieldValues = dict[str, Any]
"""Values by the names of the fields of one of our nouns, to be filled in together: the noun says their types."""
