"""Every composed read: one frozen dataclass a screen or document."""
