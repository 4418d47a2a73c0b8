"""A package of its own: a distribution that installs a module called "tests" must not hide it."""
