"""Good and damaged payment files, made small: what each must come to is written beside it by hand."""
