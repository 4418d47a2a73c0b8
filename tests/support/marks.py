"""Parts of documents that commands write, between <!-- name --> and <!-- /name -->."""


def put_between(text: str, name: str, written: str) -> str:
    """Return `text` with `written`, on lines of its own, in the place of what is between the marks of `name`.

    Raises:
        ValueError: the text has no such marks.
    """
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, has_first, rest = text.partition(first)
    _, has_last, after = rest.partition(last)
    if not has_first or not has_last:
        raise ValueError(f"no marks for {name}")
    return f"{before}{first}\n{written.strip()}\n{last}{after}"
