"""Pure rules of utility billing: no framework, no clock, no input or output."""
