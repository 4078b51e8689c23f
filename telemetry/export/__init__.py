"""The record for other programs: every table of a store as files, with the dictionary that explains each column."""

from telemetry.export.tables import FORMATS, Exported, export_tables

__all__ = ["FORMATS", "Exported", "export_tables"]
