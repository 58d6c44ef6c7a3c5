"""Weatherhead: customer information and billing for electric utilities.

The package is a house of storeys; imports point down only:
``config > interfaces > actions > overviews > door > areas > core``.
"""

__version__ = "0.1.0"
