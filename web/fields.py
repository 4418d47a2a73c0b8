"""Read numbers from form fields, which may hold anything."""


def whole(text: str, most: int) -> int | None:
    """Return the whole number from 0 to `most` that a field holds; None where it holds no such number."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    return number if 0 <= number <= most else None
