"""Scripts for those who build Weatherhead; nothing here is part of the installed package."""
