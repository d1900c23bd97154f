"""A package, so that it comes before the `tests` that argos-translate-lt installs."""
