"""Loading a utility from its old system, and signing off that what was loaded is what the old system says."""
