"""Phones and browsers that may use the service."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Phone:
    """A device that was let in. seen_at: its last visit; expires_at: when its cookie ends. Aware UTC."""

    phone_id: str
    name: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
