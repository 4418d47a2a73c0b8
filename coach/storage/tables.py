"""Every table of the house, whoever opens the database: importing this registers them all."""

from coach.storage import coaching_tables, import_tables, run_tables, runner_tables, strength_tables

ALL = (coaching_tables, import_tables, run_tables, runner_tables, strength_tables)
