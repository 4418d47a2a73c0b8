"""Phones and browsers that may use the service."""

from datetime import datetime

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Phone:
    """A device that was let in. seen_at: its last visit; expires_at: when its cookie ends. Aware UTC."""

    phone_id: str
    name: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
